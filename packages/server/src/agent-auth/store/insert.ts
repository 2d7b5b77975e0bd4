import type { StoredEvent } from '../domain/event.ts'
import type { Agent, Approval, Grant, Host } from '../domain/model.ts'
import { Batch } from '../../batching/batch.ts'
import { toColumns } from './columns.ts'
import type { Database, Rows, SqlClient } from './database.ts'
import { holdHost } from './hosts.ts'

/** A row that does not exist yet, complete with its id. */
export type NewRow =
  | { readonly model: 'agentHost'; readonly row: Host }
  | { readonly model: 'agent'; readonly row: Agent }
  | { readonly model: 'agentApproval'; readonly row: Approval }
  | { readonly model: 'agentGrant'; readonly row: Grant }
  | { readonly model: 'agentEvent'; readonly row: StoredEvent }

/** Inserts rows one after the other: a transaction is one connection. */
export async function insertAll(rows: Rows, inserts: readonly NewRow[]): Promise<void> {
  for (const { model, row } of inserts) {
    await rows.create({ model, data: { ...row }, forceAllowId: true })
  }
}

/** Stores what belongs together. With `sql`, registrations that arrive together share a statement. */
export class Inserter {
  readonly #db: Database
  readonly #free: Batch<readonly NewRow[], void> | undefined
  readonly #held: Batch<Held, boolean> | undefined

  constructor(db: Database) {
    this.#db = db
    const { sql } = db
    if (!sql) return
    this.#free = new Batch((inserts) => insertFree(sql, inserts))
    this.#held = new Batch((inserts) => insertHeld(sql, inserts))
  }

  /** Inserts rows all or nothing. Throws when one of them exists already. */
  async together(inserts: readonly NewRow[]): Promise<void> {
    if (this.#free) return this.#free.add(inserts)
    await this.#db.adapter.transaction((rows) => insertAll(rows, inserts))
  }

  /**
   * Inserts an agent, its grants and its events all or nothing, only while its host is active and linked to whom
   * it was when it was read; else the answer is `false`. Throws when one of them exists already.
   */
  async under(host: Host, inserts: readonly NewRow[]): Promise<boolean> {
    if (this.#held) return this.#held.add({ host, inserts })
    return this.#db.adapter.transaction(async (rows) => {
      if (!(await holdHost(rows, host))) return false
      await insertAll(rows, inserts)
      return true
    })
  }
}

const TABLES: Readonly<Record<NewRow['model'], string>> = {
  agentHost: 'agent_host',
  agent: 'agent',
  agentApproval: 'agent_approval',
  agentGrant: 'agent_grant',
  agentEvent: 'agent_event',
}

const MODELS = Object.keys(TABLES) as NewRow['model'][]

/** One statement; foreign keys between the rows are checked at its end. */
async function insertFree(sql: SqlClient, batch: readonly (readonly NewRow[])[]): Promise<void[]> {
  const inserts = batch.flat()
  const present = new Set(inserts.map(({ model }) => model))
  const models = MODELS.filter((model) => present.has(model))
  const parts = models.map((model, index) => {
    const table = TABLES[model]
    const source = `json_populate_recordset(null::${table}, $${index + 1}::json)`
    return `i${index} as (insert into ${table} select * from ${source} returning 1)`
  })
  const values = models.map((model) => rowsOf(inserts, model))
  // PostgreSQL cuts longer names.
  const name = `agent_insert_${models.map((model) => MODELS.indexOf(model)).join('')}`
  await sql.query(`with ${parts.join(', ')} select 1`, values, { name })
  return batch.map(() => undefined)
}

interface Held {
  readonly host: Host
  readonly inserts: readonly NewRow[]
}

const INSERT_HELD = `
  with wanted as (
    select * from json_to_recordset($1::json) as w (agent_id text, host_id text, user_id text)
  ), held as (
    select id, user_id from agent_host
    where id in (select host_id from wanted) and status = 'active' for share
  ), new_agent as (
    insert into agent select a.* from json_populate_recordset(null::agent, $2::json) a
    join wanted w on w.agent_id = a.id
    join held h on h.id = w.host_id and h.user_id is not distinct from w.user_id
    returning id
  ), new_grant as (
    insert into agent_grant select g.* from json_populate_recordset(null::agent_grant, $3::json) g
    where g.agent_id in (select id from new_agent)
  ), new_event as (
    insert into agent_event select e.* from json_populate_recordset(null::agent_event, $4::json) e
    where e.agent_id in (select id from new_agent)
  )
  select id from new_agent`

async function insertHeld(sql: SqlClient, batch: readonly Held[]): Promise<boolean[]> {
  const inserts = batch.flatMap((one) => one.inserts)
  const wanted = batch.map(({ host, inserts: [first] }) => ({
    agent_id: first?.row.id,
    host_id: host.id,
    user_id: host.userId,
  }))
  const parts = (['agent', 'agentGrant', 'agentEvent'] as const).map((model) =>
    rowsOf(inserts, model),
  )
  const values = [JSON.stringify(wanted), ...parts]
  const { rows } = await sql.query(INSERT_HELD, values, { name: 'agent_insert_held' })
  const stored = new Set((rows as readonly { id: string }[]).map(({ id }) => id))
  return wanted.map(({ agent_id: id }) => id !== undefined && stored.has(id))
}

function rowsOf(inserts: readonly NewRow[], model: NewRow['model']): string {
  const rows = inserts.filter((insert) => insert.model === model)
  return JSON.stringify(rows.map(({ row }) => toColumns({ ...row })))
}
