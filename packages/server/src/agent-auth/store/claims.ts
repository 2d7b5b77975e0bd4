import type { Agent } from '../domain/model.ts'
import { agentMove } from '../domain/transitions.ts'
import type { Rows } from './database.ts'
import { findGrantsOfAll } from './grants.ts'

/** How many agents one round claims. */
const ROUND = 500

/** An autonomous agent that ends because its host belongs to somebody now. */
export interface ClaimedAgent {
  readonly agent: Agent
  /** What it was granted until then. */
  readonly capabilities: readonly string[]
}

/** The autonomous agents under a host that are not over, newest first. */
export async function findAutonomousAgents(rows: Rows, hostId: string): Promise<Agent[]> {
  return rows.findMany<Agent>({
    model: 'agent',
    where: claimable(hostId),
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: ROUND,
  })
}

/**
 * Claims every autonomous agent under a host for the person it is linked to (specification, 2.10).
 *
 * They are over, their grants are revoked, and what they did is the person's. Belongs into the
 * transaction that links the host: that holds the host's row, so no agent slips in between.
 */
export async function claimAgents(
  rows: Rows,
  hostId: string,
  to: { userId: string; now: Date },
): Promise<readonly ClaimedAgent[]> {
  const claimed: ClaimedAgent[] = []
  for (;;) {
    const agents = await findAutonomousAgents(rows, hostId)
    if (agents.length === 0) return claimed
    claimed.push(...(await claimSome(rows, agents, to)))
  }
}

async function claimSome(
  rows: Rows,
  agents: readonly Agent[],
  { userId, now }: { userId: string; now: Date },
): Promise<readonly ClaimedAgent[]> {
  const ids = agents.map(({ id }) => id)
  const theirs = { field: 'agentId', operator: 'in' as const, value: ids }
  const { from, to } = agentMove('claim')
  const grants = await findGrantsOfAll(rows, ids)
  await rows.updateMany({
    model: 'agent',
    where: [
      { field: 'id', operator: 'in', value: ids },
      { field: 'status', operator: 'in', value: [...from] },
    ],
    update: { status: to, userId, updatedAt: now },
  })
  await rows.updateMany({
    model: 'agentGrant',
    where: [theirs, { field: 'status', operator: 'in', value: ['active', 'pending'] }],
    update: { status: 'revoked', updatedAt: now },
  })
  await rows.updateMany({
    model: 'agentEvent',
    where: [theirs, { field: 'userId', value: null }],
    update: { userId },
  })
  return agents.map((agent) => {
    const held = grants.filter(({ agentId, status }) => agentId === agent.id && status === 'active')
    return { agent, capabilities: [...new Set(held.map(({ capability }) => capability))] }
  })
}

function claimable(hostId: string) {
  return [
    { field: 'hostId', value: hostId },
    { field: 'mode', value: 'autonomous' },
    { field: 'status', operator: 'in' as const, value: [...agentMove('claim').from] },
  ]
}
