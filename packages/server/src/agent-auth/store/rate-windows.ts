import type { SqlClient } from './database.ts'

/** What is to be added to one window. */
export interface RateCount {
  readonly id: string
  readonly points: number
  /** Seconds the window lasts, should it begin with this. */
  readonly window: number
}

/** One window as all replicas see it. */
export interface RateWindow {
  readonly points: number
  /** Milliseconds until it ends, by the clock of the database. */
  readonly endsIn: number
}

const ADD = `
  insert into agent_rate as r (id, points, expires_at)
  select id, points, now() + seconds * interval '1 second'
  from json_to_recordset($1::json) as s (id text, points integer, seconds integer)
  order by id
  on conflict (id) do update set
    points = case when r.expires_at > now()
      then least(r.points::bigint + excluded.points, 1000000000)::integer else excluded.points end,
    expires_at = case when r.expires_at > now() then r.expires_at else excluded.expires_at end
  returning id, points, (extract(epoch from expires_at - now()) * 1000)::float8 as ends_in`

/**
 * Adds to windows, each named once, and returns their totals: one atomic statement for all.
 *
 * A window begins with its first count, ends by the clock of the database, and then begins anew.
 */
export async function addToWindows(
  sql: SqlClient,
  counts: readonly RateCount[],
): Promise<ReadonlyMap<string, RateWindow>> {
  const rows = counts.map(({ id, points, window }) => ({ id, points, seconds: window }))
  const answer = await sql.query(ADD, [JSON.stringify(rows)], { name: 'agent_rate_add' })
  const windows = answer.rows as readonly { id: string; points: number; ends_in: number }[]
  return new Map(windows.map(({ id, points, ends_in }) => [id, { points, endsIn: ends_in }]))
}

/** Takes one point out of a window that still lasts. */
export async function takeFromWindow(sql: SqlClient, id: string): Promise<void> {
  const text =
    'update agent_rate set points = points - 1 where id = $1 and points > 0 and expires_at > now()'
  await sql.query(text, [id], { name: 'agent_rate_take' })
}

/** Removes windows that are over. */
export async function removeOldWindows(sql: SqlClient): Promise<void> {
  await sql.query('delete from agent_rate where expires_at <= now()', [])
}
