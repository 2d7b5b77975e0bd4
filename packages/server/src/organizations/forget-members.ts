import type { DBAdapterInstance, Where } from '@better-auth/core/db/adapter'
import { type Around, type Call, type Verb, wrapVerbs } from '../sessions/wrap-adapter.ts'
import type { Memberships } from './memberships.ts'

type Cache = Pick<Memberships['cache'], 'forgetGroup' | 'forgetAll'>

const ending: ReadonlySet<Verb> = new Set(['delete', 'deleteMany', 'consumeOne'])
const changing: ReadonlySet<Verb> = new Set([...ending, 'update', 'updateMany', 'incrementOne'])

/**
 * An adapter that forgets remembered memberships when they change, before the change is answered;
 * what changes in a transaction, after its commit.
 */
export function forgetMembers(create: DBAdapterInstance, cache: Cache): DBAdapterInstance {
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
    try {
      return await run(call)
    } finally {
      // Also after a failure: the answer of a change may be lost, and the change not.
      if (endsMemberships(verb, call)) tell(call)
    }
  }
}

/** With a person or an organization their memberships end; other changes of both do not matter. */
function endsMemberships(verb: Verb, { model }: Call): boolean {
  if (model === 'member') return changing.has(verb)
  return (model === 'user' || model === 'organization') && ending.has(verb)
}

/** The groups of a remembered membership, by the model and the field that a change names it with. */
const groups: Readonly<Record<string, string | undefined>> = {
  'member.id': 'member-id',
  'member.userId': 'user',
  'member.organizationId': 'organization',
  'user.id': 'user',
  'organization.id': 'organization',
}

function forget(cache: Cache, { model, where = [] }: Call): void {
  const isEvery = where.every(({ connector }) => connector !== 'OR')
  for (const { field, value, operator = 'eq' } of isEvery ? where : ([] as Where[])) {
    const group = groups[`${model}.${field}`]
    if (group === undefined || operator !== 'eq' || typeof value !== 'string') continue
    return cache.forgetGroup(`${group} ${value}`)
  }
  cache.forgetAll()
}
