import type { DBAdapterInstance, Where } from '@better-auth/core/db/adapter'
import { type Around, type Call, type Verb, wrapVerbs } from '../sessions/wrap-adapter.ts'
import type { ApiKeys } from './api-keys.ts'

const ending: ReadonlySet<Verb> = new Set(['delete', 'deleteMany', 'consumeOne'])
const changing: ReadonlySet<Verb> = new Set([...ending, 'update', 'updateMany', 'incrementOne'])

/** Models whose changes matter, and the group of keys that the id of a row stands for. */
const groups: Readonly<Record<string, string | undefined>> = {
  apikey: 'key',
  user: 'user',
  organization: 'organization',
  serviceAccount: 'service',
}

/** Fields of a key that change with every use: changed alone, they say nothing about whether it holds. */
const silent: ReadonlySet<string> = new Set([
  'lastRequest',
  'requestCount',
  'windowStart',
  'remaining',
])

/**
 * An adapter that forgets remembered keys when they or their owners change, before the change is
 * answered; what changes in a transaction, after its commit.
 */
export function forgetApiKeys(create: DBAdapterInstance, keys: ApiKeys): DBAdapterInstance {
  return (options) => {
    const adapter = create(options)
    return {
      ...wrapVerbs(
        adapter,
        telling((call) => forget(keys, call)),
      ),
      async transaction(work) {
        const changes: Call[] = []
        const noting = telling((call) => changes.push(call))
        try {
          return await adapter.transaction((inner) => work(wrapVerbs(inner, noting)))
        } finally {
          for (const call of changes) forget(keys, call)
        }
      },
    }
  }
}

function telling(tell: (call: Call) => void): Around {
  return async (verb, call, run) => {
    try {
      return await run(call)
    } finally {
      // Also after a failure: the answer of a change may be lost, and the change not.
      if (matters(verb, call)) tell(call)
    }
  }
}

function matters(verb: Verb, { model, update }: Call): boolean {
  // Of an organization and a service only the end matters: their names are not remembered.
  if (model === 'organization' || model === 'serviceAccount') return ending.has(verb)
  if (groups[model] === undefined || !changing.has(verb)) return false
  return !update || Object.keys(update).some((field) => !silent.has(field))
}

function forget(keys: ApiKeys, { model, where = [] }: Call): void {
  const isEvery = where.every(({ connector }) => connector !== 'OR')
  const id = isEvery ? where.find(isId) : undefined
  if (typeof id?.value === 'string') keys.forgetGroup(`${groups[model]} ${id.value}`)
  else keys.forgetAll()
}

function isId({ field, operator = 'eq' }: Where): boolean {
  return field === 'id' && operator === 'eq'
}
