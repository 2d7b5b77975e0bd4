import type { AgentEvent } from '../domain/event.ts'
import { Batch } from './batch.ts'
import { toColumns } from './columns.ts'
import { type Database, newEventId, type SqlClient } from './database.ts'

const model = 'agentEvent'

/** An event as it is stored. */
export interface StoredEvent extends Required<AgentEvent> {
  readonly id: string
  readonly createdAt: Date
}

/** Writes audit rows; a promise resolves when its row is durable. */
export class EventLog {
  readonly #db: Database
  readonly #batch: Batch<StoredEvent, void> | undefined

  constructor(db: Database) {
    this.#db = db
    const { sql } = db
    if (sql) this.#batch = new Batch((events) => insertEvents(sql, events))
  }

  async record(event: AgentEvent, now: Date): Promise<void> {
    const row = toRow(event, now)
    if (this.#batch) return this.#batch.add(row)
    await this.#db.adapter.create({ model, data: { ...row }, forceAllowId: true })
  }
}

function toRow(event: AgentEvent, now: Date): StoredEvent {
  const { type, outcome, agentId, hostId, userId, capability, code, details } = event
  return {
    id: newEventId(now),
    type,
    outcome,
    agentId: agentId ?? null,
    hostId: hostId ?? null,
    userId: userId ?? null,
    capability: capability ?? null,
    code: code ?? null,
    details: details ?? null,
    createdAt: now,
  }
}

const INSERT = `
  insert into agent_event
  select * from json_populate_recordset(null::agent_event, $1::json)`

async function insertEvents(sql: SqlClient, events: readonly StoredEvent[]): Promise<void[]> {
  const rows = events.map((event) => toColumns({ ...event }))
  await sql.query(INSERT, [JSON.stringify(rows)], { name: 'agent_event' })
  return events.map(() => undefined)
}

/** The audit rows of one agent, newest first, from before the event with the id `before`. */
export async function findEventsOf(
  db: Database,
  agentId: string,
  page: { before: string | undefined; limit: number },
): Promise<StoredEvent[]> {
  const before =
    page.before === undefined ? [] : [{ field: 'id', operator: 'lt' as const, value: page.before }]
  return db.adapter.findMany<StoredEvent>({
    model,
    where: [{ field: 'agentId', value: agentId }, ...before],
    sortBy: { field: 'id', direction: 'desc' },
    limit: page.limit,
  })
}
