import { namedBy, type OnChange } from '../adapter/tell-changes.ts'
import type { LookupCache } from '../lookup/cache.ts'
import type { SessionRecord } from './sessions.ts'

/**
 * Forgets remembered sessions when they or their people change.
 *
 * It is told inside `hashSecrets`, so tokens come in their stored form.
 */
export function forgetSessions(cache: LookupCache<SessionRecord>): OnChange {
  const forgetGroup = (kind: string, id: string | undefined) => {
    if (id === undefined) cache.forgetAll()
    else cache.forgetGroup(`${kind} ${id}`)
  }
  return (change) => {
    if (change.model === 'user') return forgetGroup('user', namedBy(change, 'id'))
    if (change.model !== 'session') return
    const token = namedBy(change, 'token')
    if (token !== undefined) return cache.forget(token)
    const userId = namedBy(change, 'userId')
    if (userId !== undefined) return forgetGroup('user', userId)
    forgetGroup('session-id', namedBy(change, 'id'))
  }
}
