import type { Subscription } from '../database/notifications.ts'
import type { Connection } from '../database/connection.ts'
import type { LookupCache } from './cache.ts'

/** The channel on which triggers tell what changed, as `agent <id>` or `host <id>`. */
const CHANNEL = 'countersign_lookup'

/**
 * Keeps a cache of agents as good as the database: what another process changes is forgotten here
 * as soon as the database tells, and nothing is remembered while it cannot tell.
 */
export function keepCurrent(
  cache: Pick<LookupCache<unknown>, 'forget' | 'forgetGroup' | 'open' | 'close'>,
  connection: Pick<Connection, 'listen'>,
): Subscription {
  return connection.listen(CHANNEL, {
    onMessage(payload) {
      if (payload.startsWith('agent ')) cache.forget(payload.slice('agent '.length))
      else cache.forgetGroup(payload)
    },
    onState(isComplete) {
      if (isComplete) cache.open()
      else cache.close()
    },
  })
}
