import type { Where } from '@better-auth/core/db/adapter'
import type { AgentEvent, StoredEvent } from '../domain/event.ts'
import { type Database, newEventId } from './database.ts'
import type { Journal } from './journal.ts'

const model = 'agentEvent'

/** Writes audit rows; a promise resolves when its row is durable. */
export class EventLog {
  readonly #db: Database
  readonly #journal: Journal | null

  constructor(db: Database, journal: Journal | null) {
    this.#db = db
    this.#journal = journal
  }

  record(event: AgentEvent, now: Date): Promise<unknown> {
    const row = newEvent(event, now)
    if (this.#journal) return this.#journal.record(row)
    return this.#db.adapter.create({ model, data: { ...row }, forceAllowId: true })
  }
}

/** An event that happens now, complete with its id. */
export function newEvent(event: AgentEvent, now: Date): StoredEvent {
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

/** Which events are wanted, newest first. Those of one agent, or all that concern one person. */
export interface EventQuery {
  readonly of: { readonly agentId: string } | { readonly userId: string }
  readonly hostId?: string | undefined
  readonly capability?: string | undefined
  readonly outcome?: AgentEvent['outcome'] | undefined
  readonly since?: Date | undefined
  /** The event the page before ended with. */
  readonly before?: string | undefined
  readonly limit: number
}

/** Finds audit rows, newest first. */
export async function findEvents(db: Database, query: EventQuery): Promise<StoredEvent[]> {
  const { of, hostId, capability, outcome, since, before, limit } = query
  const [owner, id] = 'agentId' in of ? ['agentId', of.agentId] : ['userId', of.userId]
  const where: Where[] = [{ field: owner, value: id }]
  if (hostId !== undefined) where.push({ field: 'hostId', value: hostId })
  if (capability !== undefined) where.push({ field: 'capability', value: capability })
  if (outcome !== undefined) where.push({ field: 'outcome', value: outcome })
  if (before !== undefined) where.push({ field: 'id', operator: 'lt', value: before })
  if (since !== undefined) where.push({ field: 'createdAt', operator: 'gte', value: since })
  return db.adapter.findMany<StoredEvent>({
    model,
    where,
    sortBy: { field: 'id', direction: 'desc' },
    limit,
  })
}
