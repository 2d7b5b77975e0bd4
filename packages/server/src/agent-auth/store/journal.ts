import type { StoredEvent } from '../domain/event.ts'
import { Batch } from '../../batching/batch.ts'
import { toColumns } from './columns.ts'
import type { SqlClient } from './database.ts'

/** The id of a JWT, used up until it would not be accepted any more. */
export interface UsedJwt {
  readonly id: string
  readonly expires_at: Date
}

type Entry = { readonly jwt: UsedJwt } | { readonly event: StoredEvent }

/**
 * Writes what every request leaves behind, ids of JWTs and audit rows, in SQL.
 *
 * Whatever arrives together is one statement, so that a busy server waits for the disk once for all.
 */
export class Journal {
  readonly #batch: Batch<Entry, boolean>

  constructor(sql: SqlClient) {
    this.#batch = new Batch((entries) => write(sql, entries))
  }

  /** Records a JWT id, once only: `false` when it is known. Ids that wait together must differ. */
  useJwt(jwt: UsedJwt): Promise<boolean> {
    return this.#batch.add({ jwt })
  }

  /** Resolves when the row is durable. */
  record(event: StoredEvent): Promise<boolean> {
    return this.#batch.add({ event })
  }
}

const USE_JWTS = `
  insert into agent_jwt_id (id, expires_at)
  select id, expires_at from json_populate_recordset(null::agent_jwt_id, $1::json)
  on conflict (id) do nothing returning id`

const RECORD = `
  insert into agent_event
  select * from json_populate_recordset(null::agent_event, $1::json)`

const BOTH = `with recorded as (${RECORD.replace('$1', '$2')}), used as (${USE_JWTS}) select id from used`

/** Says of each id whether it was new, and `true` of each row. */
async function write(sql: SqlClient, entries: readonly Entry[]): Promise<readonly boolean[]> {
  const jwts: UsedJwt[] = []
  const rows: object[] = []
  for (const entry of entries) {
    if ('jwt' in entry) jwts.push(entry.jwt)
    else rows.push(toColumns({ ...entry.event }))
  }
  if (jwts.length === 0) {
    await sql.query(RECORD, [JSON.stringify(rows)], { name: 'agent_event' })
    return entries.map(() => true)
  }
  const isNew =
    rows.length === 0
      ? await sql.query(USE_JWTS, [JSON.stringify(jwts)], { name: 'agent_jwt_id' })
      : await sql.query(BOTH, [JSON.stringify(jwts), JSON.stringify(rows)], { name: 'agent_both' })
  const used = new Set((isNew.rows as readonly { id: string }[]).map(({ id }) => id))
  return entries.map((entry) => !('jwt' in entry) || used.has(entry.jwt.id))
}
