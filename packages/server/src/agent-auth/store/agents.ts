import { LookupCache } from '../../lookup/cache.ts'
import { isMetered } from '../domain/authorize.ts'
import type { Agent, Grant, Host } from '../domain/model.ts'
import { agentMove, LIVE_AGENT } from '../domain/transitions.ts'
import { Batch } from '../../batching/batch.ts'
import { fromColumns } from './columns.ts'
import { byId, type Database, newId, type Rows, type SqlClient } from './database.ts'
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

/** Several agents at once, in any order. */
export async function findAgents(rows: Rows, ids: readonly string[]): Promise<Agent[]> {
  const where = [{ field: 'id', operator: 'in' as const, value: [...ids] }]
  return rows.findMany<Agent>({ model, where, limit: ids.length })
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
      { field: 'status', operator: 'in', value: [...LIVE_AGENT] },
    ],
  })
}

/** An agent with all that decides about its requests. */
export interface LoadedAgent {
  readonly agent: Agent
  readonly host: Host
  readonly grants: readonly Grant[]
}

/** Reads agents with their hosts and active grants. With `sql`, one joined statement for many. */
export class AgentLoader {
  /** What was read and has not changed since; closed until somebody keeps it current. */
  readonly cache = new LookupCache<LoadedAgent>(({ agent, host, grants }) => {
    // What is left of a metered grant changes with every use, on every process.
    if (grants.some(isMetered)) return null
    return [`host ${host.id}`, ...(agent.userId === null ? [] : [`user ${agent.userId}`])]
  })
  readonly #db: Database
  readonly #batch: Batch<string, LoadedAgent | null> | undefined

  constructor(db: Database) {
    this.#db = db
    const { sql } = db
    if (sql) this.#batch = new Batch((ids) => loadJoined(sql, ids), READS_AT_ONCE)
  }

  /**
   * What is remembered of an agent: good enough to say yes, as every change that narrows is told.
   *
   * Before a no, `load` it: what widens is told to nobody.
   */
  remembered(id: string, now: number): LoadedAgent | null {
    return this.cache.get(id, now)
  }

  /** Reads an agent as it is stored now. */
  async load(id: string): Promise<LoadedAgent | null> {
    return this.cache.read(id, async () => this.#read(id))
  }

  async #read(id: string): Promise<LoadedAgent | null> {
    if (this.#batch) return this.#batch.add(id)
    const { adapter } = this.#db
    const [agent, grants] = await Promise.all([
      findAgent(adapter, id),
      findActiveGrants(adapter, id),
    ])
    const host = agent && (await findHost(adapter, agent.hostId))
    return agent && host ? { agent, host, grants } : null
  }
}

/** A second read need not wait for the first one's answer; a third gains nothing. */
const READS_AT_ONCE = 2

const JOINED = `
  select to_json(a) as agent, to_json(h) as host, coalesce(
    (select json_agg(g) from agent_grant g where g.agent_id = a.id and g.status = 'active'), '[]'
  ) as grants
  from agent a join agent_host h on h.id = a.host_id
  where a.id in (select json_array_elements_text($1::json))`

type Row = Record<string, unknown>

async function loadJoined(
  sql: SqlClient,
  ids: readonly string[],
): Promise<readonly (LoadedAgent | null)[]> {
  const { rows } = await sql.query(JOINED, [JSON.stringify(ids)], { name: 'agent_load' })
  const loaded = new Map<string, LoadedAgent>()
  for (const row of rows as readonly { agent: Row; host: Row; grants: readonly Row[] }[]) {
    const agent = fromColumns(row.agent) as unknown as Agent
    const host = fromColumns(row.host) as unknown as Host
    const grants = row.grants.map((grant) => fromColumns(grant) as unknown as Grant)
    loaded.set(agent.id, { agent, host, grants })
  }
  return ids.map((id) => loaded.get(id) ?? null)
}

/** An agent that is registered now. */
export function newAgent(
  agent: Pick<
    Agent,
    'name' | 'hostId' | 'userId' | 'mode' | 'publicKey' | 'jwksUrl' | 'keyId' | 'registrationKey'
  > & {
    readonly status: 'pending' | 'active'
    readonly now: Date
  },
): Agent {
  const { now, ...given } = agent
  return {
    id: newId('agt'),
    ...given,
    pausedAt: null,
    activatedAt: given.status === 'active' ? now : null,
    lastUsedAt: null,
    createdAt: now,
    updatedAt: now,
  }
}

/** Activates an agent that waits, for the person who approved it. `false`: it does not wait. */
export async function activateAgent(
  rows: Rows,
  id: string,
  activation: { userId: string | null; now: Date },
): Promise<boolean> {
  const { userId, now } = activation
  const { from, to } = agentMove('approve')
  const activated = await rows.updateMany({
    model,
    where: [...byId(id), { field: 'status', operator: 'in', value: [...from] }],
    update: { status: to, userId, activatedAt: now, updatedAt: now },
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

/** Makes who else asks for an agent wait until the transaction ends. */
export async function holdAgent(rows: Rows, id: string, now: Date): Promise<void> {
  await rows.updateMany({ model, where: byId(id), update: { updatedAt: now } })
}

/**
 * Gives an agent that is not over a new key; the old one is dead from here on. `false`: it is over.
 *
 * Throws when another agent of the host has this key.
 */
export async function replaceAgentKey(
  rows: Rows,
  id: string,
  key: { publicKey: Agent['publicKey']; registrationKey: string; now: Date },
): Promise<boolean> {
  const { now, ...update } = key
  const where = [...byId(id), { field: 'status', operator: 'in' as const, value: [...LIVE_AGENT] }]
  return (await rows.updateMany({ model, where, update: { ...update, updatedAt: now } })) === 1
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
