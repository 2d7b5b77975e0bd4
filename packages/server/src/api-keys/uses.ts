import type { AuthContext } from '@better-auth/core'
import { ProtocolError } from '@countersign/protocol'
import type { Sql } from '../database/connection.ts'
import type { KeyLimit } from './options.ts'
import type { StoredKey } from './stored-key.ts'

/** Uses that one process took from the window of a key. */
export interface Lease {
  /** How many; 0 when all of them are taken. */
  readonly granted: number
  /** Milliseconds until the window ends. */
  readonly wait: number
}

/** A lease that somebody asks for. */
export interface LeaseRequest extends KeyLimit {
  /** Id of the key. */
  readonly id: string
  readonly wanted: number
}

/** Takes uses of keys from the database, so that all processes together never take too many. */
export interface Uses {
  /** Takes up to `wanted` uses of the current window; null when the key is gone. */
  lease(request: LeaseRequest): Promise<Lease | null>
  /** Takes one of the uses that are left, and says whether there was one. */
  countDown(id: string): Promise<boolean>
}

/**
 * By the clock of the database: those of several processes differ. The row is locked first, so that
 * what is read of it is what is changed.
 */
const LEASE = `WITH clock AS (
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
  ), seen AS (
    SELECT id, now,
      CASE WHEN window_start + $2::bigint > now THEN window_start ELSE now END AS begun,
      CASE WHEN window_start + $2::bigint > now THEN request_count ELSE 0 END AS used
    FROM apikey, clock WHERE id = $1 FOR UPDATE OF apikey
  )
  UPDATE apikey SET window_start = begun,
    request_count = least(used + $4::bigint, greatest(used, $3::bigint))
  FROM seen WHERE apikey.id = seen.id
  RETURNING request_count - used AS granted, begun + $2::bigint - now AS wait`

const COUNT_DOWN =
  'UPDATE apikey SET remaining = remaining - 1 WHERE id = $1 AND remaining > 0 RETURNING id'

/** Takes uses in our own database, with one statement each. */
export function usesWithSql(sql: Sql): Uses {
  return {
    async lease({ id, window, max, wanted }) {
      const { rows } = await sql.query<{ granted: unknown; wait: unknown }>(
        LEASE,
        [id, window * 1000, max, wanted],
        { name: 'countersign_api_key_lease' },
      )
      const [row] = rows
      return row ? { granted: Number(row.granted), wait: Number(row.wait) } : null
    },
    async countDown(id) {
      const { rows } = await sql.query(COUNT_DOWN, [id], { name: 'countersign_api_key_use' })
      return rows.length === 1
    },
  }
}

type Adapter = Pick<AuthContext['adapter'], 'findOne' | 'updateMany'>

/** How often a change is tried again when another process came first. */
const ATTEMPTS = 50

/** Takes uses one by one through somebody else's adapter: a change of what was read, or none. */
export function usesWithAdapter(adapter: Adapter): Uses {
  const read = (id: string) =>
    adapter.findOne<StoredKey>({ model: 'apikey', where: [{ field: 'id', value: id }] })
  return {
    async lease({ id, max, window }) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const row = await read(id)
        if (!row) return null
        const now = Date.now()
        const { requestCount, windowStart = null } = row
        const goesOn = windowStart !== null && windowStart + window * 1000 > now
        const [start, used] = goesOn ? [windowStart, requestCount ?? 0] : [now, 0]
        const wait = start + window * 1000 - now
        if (used >= max) return { granted: 0, wait }
        const changed = await adapter.updateMany({
          model: 'apikey',
          where: guard(id, { requestCount, windowStart }),
          update: { requestCount: used + 1, windowStart: start },
        })
        if (changed === 1) return { granted: 1, wait }
      }
      throw busy()
    },
    async countDown(id) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const remaining = (await read(id))?.remaining ?? 0
        if (remaining <= 0) return false
        const changed = await adapter.updateMany({
          model: 'apikey',
          where: guard(id, { remaining }),
          update: { remaining: remaining - 1 },
        })
        if (changed === 1) return true
      }
      throw busy()
    },
  }
}

function guard(id: string, seen: Readonly<Record<string, number | null>>) {
  const fields = Object.entries(seen).map(([field, value]) => ({ field, value }))
  return [{ field: 'id', value: id }, ...fields]
}

function busy(): ProtocolError {
  return new ProtocolError('rate_limited', { headers: { 'retry-after': '1' } })
}
