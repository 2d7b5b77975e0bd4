import { LookupCache } from '../lookup/cache.ts'
import type { Lookups } from '../lookup/lookups.ts'
import type { SessionRecord } from './sessions.ts'

/** What is remembered of sessions, as long as the database tells what changes. */
export function rememberSessions(lookups: Lookups): LookupCache<SessionRecord> {
  const cache = new LookupCache<SessionRecord>(({ session, user }) => [
    `session-id ${session.id}`,
    `user ${user.id}`,
  ])
  lookups.add(cache, { kind: 'session', groups: ['user'] })
  return cache
}
