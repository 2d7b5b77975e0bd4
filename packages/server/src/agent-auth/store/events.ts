import type { AgentEvent } from '../domain/event.ts'
import { type Database, newId } from './database.ts'

const model = 'agentEvent'

/** An event as it is stored. */
export interface StoredEvent extends Required<AgentEvent> {
  readonly id: string
  readonly createdAt: Date
}

/** Writes one audit row. */
export async function recordEvent(db: Database, event: AgentEvent, now: Date): Promise<void> {
  const { type, outcome, agentId, hostId, userId, capability, code, details } = event
  const row = {
    id: newId('evt'),
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
  if (!db.sql) {
    await db.adapter.create({ model, data: row, forceAllowId: true })
    return
  }
  const text = `insert into agent_event
    (id, type, outcome, agent_id, host_id, user_id, capability, code, details, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
  const json = row.details === null ? null : JSON.stringify(row.details)
  await db.sql.query(
    text,
    [
      row.id,
      row.type,
      row.outcome,
      row.agentId,
      row.hostId,
      row.userId,
      row.capability,
      row.code,
      json,
      now,
    ],
    { name: 'agent_event' },
  )
}

/** The audit rows of one agent, newest first. */
export async function findEventsOf(
  db: Database,
  agentId: string,
  page: { before: Date | null; limit: number },
): Promise<StoredEvent[]> {
  const before = page.before
    ? [{ field: 'createdAt', operator: 'lt' as const, value: page.before }]
    : []
  return db.adapter.findMany<StoredEvent>({
    model,
    where: [{ field: 'agentId', value: agentId }, ...before],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: page.limit,
  })
}
