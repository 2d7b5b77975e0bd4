import type { DBAdapterInstance, Where } from '@better-auth/core/db/adapter'
import { isStoredToken, storedToken } from '../sessions/stored-token.ts'
import { type Around, type Call, wrapVerbs } from './wrap-verbs.ts'

/** The columns whose values open something, by model. */
const secretColumns: Readonly<Record<string, string | undefined>> = {
  session: 'token',
  verification: 'identifier',
}

/**
 * An adapter that stores session tokens and verification identifiers as hashes.
 *
 * Who presents a value gets it back; everybody else sees its stored form. That form names a session,
 * for listing and ending it, and never opens one.
 */
export function hashSecrets(create: DBAdapterInstance): DBAdapterInstance {
  return (options) => {
    const adapter = create(options)
    return {
      ...wrapVerbs(adapter, hashing),
      transaction: (work) => adapter.transaction((inner) => work(wrapVerbs(inner, hashing))),
    }
  }
}

const hashing: Around = async (_verb, call, run) => {
  const column = secretColumns[call.model]
  if (column === undefined) return run(call)
  const presented = new Map<string, string>()
  const store = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(store)
    if (typeof value !== 'string' || namesRow(call, value)) return value
    const stored = storedToken(value)
    presented.set(stored, value)
    return stored
  }
  const answer = await run({
    ...call,
    ...(call.where && { where: call.where.map((part) => storedWhere(part, column, store)) }),
    ...(call.data && { data: storedData(call.data, column, store) }),
    ...(call.update && { update: storedData(call.update, column, store) }),
  })
  return restore(answer, column, presented)
}

/** With its person a session is only asked for to let somebody in: there a stored form is no token. */
function namesRow({ model, join }: Call, value: string): boolean {
  return model === 'session' && join === undefined && isStoredToken(value)
}

function storedWhere(part: Where, column: string, store: (value: unknown) => unknown): Where {
  return part.field === column ? { ...part, value: store(part.value) as Where['value'] } : part
}

function storedData(data: Call['data'], column: string, store: (value: unknown) => unknown) {
  return data && Object.hasOwn(data, column) ? { ...data, [column]: store(data[column]) } : data
}

function restore(answer: unknown, column: string, presented: ReadonlyMap<string, string>): unknown {
  if (presented.size === 0) return answer
  if (Array.isArray(answer)) return answer.map((row: unknown) => restore(row, column, presented))
  if (typeof answer !== 'object' || answer === null || !(column in answer)) return answer
  const stored = (answer as Record<string, unknown>)[column]
  const raw = typeof stored === 'string' ? presented.get(stored) : undefined
  return raw === undefined ? answer : { ...answer, [column]: raw }
}
