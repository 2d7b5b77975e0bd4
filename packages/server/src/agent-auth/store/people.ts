import type { Agent, Host } from '../domain/model.ts'
import { LIVE_AGENT, LIVE_HOST } from '../domain/transitions.ts'
import type { Rows } from './database.ts'
import { revokeHost } from './hosts.ts'

/** How many rows one round handles. */
const ROUND = 500

/**
 * Revokes every host of a person with every agent under it, and takes back their invitations. Says
 * how many hosts and agents that ended.
 */
export async function endEverythingOf(
  rows: Rows,
  userId: string,
  now: Date,
): Promise<{ hosts: number; agents: number }> {
  const theirs = { field: 'userId', value: userId }
  const ended = { hosts: 0, agents: 0 }
  for (;;) {
    const hosts = await rows.findMany<Host>({
      model: 'agentHost',
      where: [theirs, { field: 'status', operator: 'in', value: [...LIVE_HOST] }],
      limit: ROUND,
    })
    if (hosts.length === 0) break
    for (const { id } of hosts) ended.agents += await revokeHost(rows, id, now)
    ended.hosts += hosts.length
  }
  ended.agents += await rows.updateMany({
    model: 'agent',
    where: [theirs, { field: 'status', operator: 'in', value: [...LIVE_AGENT] }],
    update: { status: 'revoked', updatedAt: now },
  })
  await rows.deleteMany({ model: 'agentEnrollment', where: [theirs] })
  return ended
}

/**
 * Removes every row that belongs to a person, hosts first: without its host no agent is anybody.
 *
 * Events stay; they name the person and point to nothing.
 */
export async function removeEverythingOf(rows: Rows, userId: string): Promise<void> {
  const theirs = { field: 'userId', value: userId }
  for (;;) {
    const hosts = await rows.findMany<Host>({ model: 'agentHost', where: [theirs], limit: ROUND })
    if (hosts.length === 0) break
    const ids = hosts.map(({ id }) => id)
    await rows.deleteMany({ model: 'agentHost', where: [among('id', ids)] })
    await removeAgents(rows, [among('hostId', ids)])
  }
  await removeAgents(rows, [theirs])
  await rows.deleteMany({ model: 'agentApproval', where: [{ field: 'openedBy', value: userId }] })
  await rows.deleteMany({ model: 'agentEnrollment', where: [theirs] })
}

type Where = NonNullable<Parameters<Rows['findMany']>[0]['where']>

async function removeAgents(rows: Rows, where: Where): Promise<void> {
  for (;;) {
    const agents = await rows.findMany<Agent>({ model: 'agent', where, limit: ROUND })
    if (agents.length === 0) return
    const ids = agents.map(({ id }) => id)
    await rows.deleteMany({ model: 'agent', where: [among('id', ids)] })
    await removeDependents(rows, ids)
  }
}

/** Removes what agents that are gone leave behind where no foreign key does. */
export async function removeDependents(rows: Rows, agentIds: readonly string[]): Promise<void> {
  for (const model of ['agentGrant', 'agentApproval', 'agentJob']) {
    await rows.deleteMany({ model, where: [among('agentId', agentIds)] })
  }
}

function among(field: string, value: readonly string[]) {
  return { field, operator: 'in' as const, value: [...value] }
}
