import type { DBAdapterInstance, Where } from '@better-auth/core/db/adapter'
import type { LookupCache } from '../lookup/cache.ts'
import type { SessionRecord } from './sessions.ts'
import { type Around, type Call, type Verb, wrapVerbs } from './wrap-adapter.ts'

const reading: ReadonlySet<Verb> = new Set(['create', 'findOne', 'findMany', 'count'])

/**
 * An adapter that forgets remembered sessions when they or their people change, before the change is
 * answered; what changes in a transaction, after its commit.
 *
 * It stands inside `hashSecrets`, so tokens come in their stored form.
 */
export function forgetSessions(
  create: DBAdapterInstance,
  cache: LookupCache<SessionRecord>,
): DBAdapterInstance {
  return (options) => {
    const adapter = create(options)
    return {
      ...wrapVerbs(
        adapter,
        telling((call) => forget(cache, call)),
      ),
      async transaction(work) {
        const changes: Call[] = []
        const noting = telling((call) => changes.push(call))
        try {
          return await adapter.transaction((inner) => work(wrapVerbs(inner, noting)))
        } finally {
          for (const call of changes) forget(cache, call)
        }
      },
    }
  }
}

function telling(tell: (call: Call) => void): Around {
  return async (verb, call, run) => {
    const isTold = !reading.has(verb) && (call.model === 'session' || call.model === 'user')
    if (!isTold) return run(call)
    try {
      return await run(call)
    } finally {
      // Also after a failure: the answer of a change may be lost, and the change not.
      tell(call)
    }
  }
}

function forget(cache: LookupCache<SessionRecord>, { model, where = [] }: Call): void {
  const isEvery = where.every(({ connector }) => connector !== 'OR')
  const value = (field: string) => (isEvery ? valueOf(where, field) : undefined)
  if (model === 'user') return forgetGroup(cache, 'user', value('id'))
  const token = value('token')
  if (token !== undefined) return cache.forget(token)
  const userId = value('userId')
  return userId === undefined
    ? forgetGroup(cache, 'session-id', value('id'))
    : forgetGroup(cache, 'user', userId)
}

function forgetGroup(
  cache: LookupCache<SessionRecord>,
  kind: string,
  id: string | undefined,
): void {
  if (id === undefined) cache.forgetAll()
  else cache.forgetGroup(`${kind} ${id}`)
}

function valueOf(where: readonly Where[], field: string): string | undefined {
  const part = where.find((candidate) => candidate.field === field)
  const isOne = part && (part.operator === undefined || part.operator === 'eq')
  return isOne && typeof part.value === 'string' ? part.value : undefined
}
