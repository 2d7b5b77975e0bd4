import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'
import type { Agent, Host } from './domain/model.ts'
import { agentMove } from './domain/transitions.ts'
import { moveAgent } from './store/agents.ts'
import { revokeHost, unlinkHost, withdrawQuestionsUnder } from './store/hosts.ts'

/** Who ends something: a person, or `null` for the host itself. */
interface Ending {
  readonly by: string | null
  readonly now: Date
}

/** Revokes an agent for good. Ending what is over already changes nothing and says the same. */
export async function endAgent(
  { db, events }: AgentAuthContext,
  agent: Agent,
  { by, now }: Ending,
) {
  const ended = await moveAgent(db.adapter, agent.id, { ...agentMove('revoke'), now })
  if (ended) {
    await events.emit({
      type: 'agent.revoked',
      outcome: 'success',
      agentId: agent.id,
      hostId: agent.hostId,
      userId: agent.userId,
      details: { by: by ?? 'host' },
    })
  }
  return { agent_id: agent.id, status: 'revoked' as const }
}

/** Revokes an agent whose absolute lifetime has passed (specification, 2.4). */
export async function endOverdue(
  { db, events }: AgentAuthContext,
  agent: Agent,
  now: Date,
): Promise<void> {
  if (!(await moveAgent(db.adapter, agent.id, { ...agentMove('outlive'), now }))) return
  const who = { agentId: agent.id, hostId: agent.hostId, userId: agent.userId }
  await events.emit({ type: 'agent.revoked', outcome: 'success', ...who, details: { by: 'clock' } })
}

/** Revokes a host and every agent under it (specification, 5.10 and 8.5). */
export async function endHost({ db, events }: AgentAuthContext, host: Host, { by, now }: Ending) {
  const agentsRevoked = await db.adapter.transaction((rows) => revokeHost(rows, host.id, now))
  await withdrawQuestionsUnder(db.adapter, host.id, now)
  await events.emit({
    type: 'host.revoked',
    outcome: 'success',
    hostId: host.id,
    userId: host.userId,
    details: { by: by ?? 'host', agents_revoked: agentsRevoked },
  })
  return { host_id: host.id, status: 'revoked' as const, agents_revoked: agentsRevoked }
}

/**
 * Takes a host away from its person and ends every agent under it (specification, 2.9).
 *
 * The host keeps its id and key and stays active; whoever approves next gets it. Throws
 * `host_not_found` when it is not this person's, or over.
 */
export async function releaseHost(
  { db, events }: AgentAuthContext,
  hostId: string,
  { userId, now, toSwitch }: { userId: string; now: Date; toSwitch: boolean },
) {
  const agentsRevoked = await db.adapter.transaction((rows) =>
    unlinkHost(rows, hostId, { userId, now }),
  )
  if (agentsRevoked === null) throw new ProtocolError('host_not_found')
  await withdrawQuestionsUnder(db.adapter, hostId, now)
  await events.emit({
    type: 'host.unlinked',
    outcome: 'success',
    hostId,
    userId,
    details: { agents_revoked: agentsRevoked, to_switch_account: toSwitch },
  })
  return { host_id: hostId, status: 'active' as const, agents_revoked: agentsRevoked }
}
