import { type Change, namedBy, type OnChange } from '../adapter/tell-changes.ts'
import type { Memberships } from './memberships.ts'

/** Forgets remembered memberships when they change, or end with their person or organization. */
export function forgetMembers(
  cache: Pick<Memberships['cache'], 'forgetGroup' | 'forgetAll'>,
): OnChange {
  return (change) => {
    if (!concerns(change)) return
    for (const [field, group] of groups[change.model] ?? []) {
      const value = namedBy(change, field)
      if (value !== undefined) return cache.forgetGroup(`${group} ${value}`)
    }
    cache.forgetAll()
  }
}

/** Other changes of a person or an organization do not matter. */
function concerns({ model, isEnd }: Change): boolean {
  return model === 'member' || ((model === 'user' || model === 'organization') && isEnd)
}

/** The groups of a remembered membership, by the model and the field that a change names it with. */
const groups: Readonly<Record<string, readonly (readonly [field: string, group: string])[]>> = {
  member: [
    ['id', 'member-id'],
    ['userId', 'user'],
    ['organizationId', 'organization'],
  ],
  user: [['id', 'user']],
  organization: [['id', 'organization']],
}
