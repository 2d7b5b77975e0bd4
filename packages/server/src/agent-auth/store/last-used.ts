import { WriteLater } from '../../batching/write-later.ts'
import { byId, type Database } from './database.ts'

const DELAY = 500

const WRITE = `update agent set last_used_at = greatest(agent.last_used_at, used.at)
  from unnest($1::text[], $2::timestamptz[]) as used (id, at) where agent.id = used.id`

/** When agents were last used, by their ids, in milliseconds since the epoch. */
export type LastUsed = WriteLater<number>

/**
 * Remembers when agents were last used and writes it down a moment later.
 *
 * A crash forgets at most the last half second, which can only make an idle agent expire earlier.
 */
export function rememberLastUse(db: Database, onError: (error: unknown) => void): LastUsed {
  return new WriteLater({ write: (used) => write(db, used), onError, delay: DELAY })
}

async function write({ sql, adapter }: Database, used: ReadonlyMap<string, number>): Promise<void> {
  if (sql) {
    const times = Array.from(used.values(), (time) => new Date(time).toISOString())
    await sql.query(WRITE, [[...used.keys()], times])
    return
  }
  for (const [id, time] of used) {
    await adapter.updateMany({
      model: 'agent',
      where: byId(id),
      update: { lastUsedAt: new Date(time) },
    })
  }
}
