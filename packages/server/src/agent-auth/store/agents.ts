import type { PublicJwk } from '@countersign/protocol'
import type { Agent, AgentMode, Grant, Host } from '../domain/model.ts'
import { byId, type Database, newId, type Rows } from './database.ts'
import { findActiveGrants } from './grants.ts'
import { findHost } from './hosts.ts'

const model = 'agent'

export async function findAgent(rows: Rows, id: string): Promise<Agent | null> {
  return rows.findOne<Agent>({ model, where: byId(id) })
}

/** The agent registered with one key under one host. */
export async function findAgentByKey(rows: Rows, registrationKey: string): Promise<Agent | null> {
  return rows.findOne<Agent>({
    model,
    where: [{ field: 'registrationKey', value: registrationKey }],
  })
}

/** The agents that act for one person, newest first. */
export async function findAgentsOf(rows: Rows, userId: string): Promise<Agent[]> {
  const where = [{ field: 'userId', value: userId }]
  const sortBy = { field: 'createdAt', direction: 'desc' as const }
  return rows.findMany<Agent>({ model, where, sortBy, limit: 1000 })
}

/** How many agents that are not over a person has. */
export async function countLiveAgents(rows: Rows, userId: string): Promise<number> {
  return rows.count({
    model,
    where: [
      { field: 'userId', value: userId },
      { field: 'status', operator: 'in', value: ['pending', 'active', 'expired'] },
    ],
  })
}

/** An agent with all that decides about its requests. */
export interface LoadedAgent {
  readonly agent: Agent
  readonly host: Host
  readonly grants: readonly Grant[]
}

/** Reads an agent, its host and its active grants: one joined statement where the database allows. */
export async function loadAgent(db: Database, id: string): Promise<LoadedAgent | null> {
  if (db.sql) return loadJoined(db.sql, id)
  const [agent, grants] = await Promise.all([
    findAgent(db.adapter, id),
    findActiveGrants(db.adapter, id),
  ])
  const host = agent && (await findHost(db.adapter, agent.hostId))
  return agent && host ? { agent, host, grants } : null
}

const JOINED = `
  select to_json(a) as agent, to_json(h) as host, coalesce(
    (select json_agg(g) from agent_grant g where g.agent_id = a.id and g.status = 'active'), '[]'
  ) as grants
  from agent a join agent_host h on h.id = a.host_id where a.id = $1`

type Row = Record<string, unknown>

async function loadJoined(
  sql: NonNullable<Database['sql']>,
  id: string,
): Promise<LoadedAgent | null> {
  const { rows } = await sql.query(JOINED, [id], { name: 'agent_load' })
  const row = rows[0] as { agent: Row; host: Row; grants: readonly Row[] } | undefined
  if (!row) return null
  const { agent, host, grants } = row
  return {
    agent: fromRow(agent) as unknown as Agent,
    host: fromRow(host) as unknown as Host,
    grants: grants.map((grant) => fromRow(grant) as unknown as Grant),
  }
}

/** `to_json` spells columns in snake case and dates as text. */
function fromRow(row: Row): Row {
  const entries = Object.entries(row).map(([column, value]) => {
    const field = column.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())
    return [field, column.endsWith('_at') && typeof value === 'string' ? new Date(value) : value]
  })
  return Object.fromEntries(entries)
}

export interface NewAgent {
  readonly name: string
  readonly hostId: string
  readonly userId: string | null
  readonly mode: AgentMode
  readonly status: 'pending' | 'active'
  readonly publicKey: PublicJwk
  readonly registrationKey: string
  readonly now: Date
}

/** Creates an agent. Throws when another request registered the same key first. */
export async function createAgent(rows: Rows, { now, ...agent }: NewAgent): Promise<Agent> {
  const activatedAt = agent.status === 'active' ? now : null
  const unused = { pausedAt: null, lastUsedAt: null }
  const data = {
    ...agent,
    ...unused,
    id: newId('agt'),
    activatedAt,
    createdAt: now,
    updatedAt: now,
  }
  return rows.create<typeof data, Agent>({ model, data, forceAllowId: true })
}

/** Activates an agent that waits, for the person who approved it. `false`: it does not wait. */
export async function activateAgent(
  rows: Rows,
  id: string,
  activation: { userId: string; now: Date },
): Promise<boolean> {
  const { userId, now } = activation
  const activated = await rows.updateMany({
    model,
    where: [...byId(id), { field: 'status', value: 'pending' }],
    update: { status: 'active', userId, activatedAt: now, updatedAt: now },
  })
  return activated === 1
}

/**
 * Moves an agent from one of the states `from` to `to`, and reports whether this call did.
 *
 * Every end of an agent goes through here, so that no transition can undo a revocation.
 */
export async function moveAgent(
  rows: Rows,
  id: string,
  move: {
    from: readonly Agent['status'][]
    to: Agent['status']
    activatedAt?: Date | undefined
    now: Date
  },
): Promise<boolean> {
  const { from, to, activatedAt, now } = move
  const moved = await rows.updateMany({
    model,
    where: [...byId(id), { field: 'status', operator: 'in', value: [...from] }],
    update: {
      status: to,
      updatedAt: now,
      ...(activatedAt && { activatedAt, lastUsedAt: activatedAt }),
    },
  })
  return moved === 1
}

export async function renameAgent(rows: Rows, id: string, name: string, now: Date): Promise<void> {
  await rows.updateMany({ model, where: byId(id), update: { name, updatedAt: now } })
}

export async function pauseAgent(
  rows: Rows,
  id: string,
  pausedAt: Date | null,
  now: Date,
): Promise<void> {
  await rows.updateMany({ model, where: byId(id), update: { pausedAt, updatedAt: now } })
}
