import type { AgentAuthContext } from './context.ts'
import type { Agent, Host } from './domain/model.ts'
import { moveAgent } from './store/agents.ts'
import { revokeHost } from './store/hosts.ts'

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
  const ended = await moveAgent(db.adapter, agent.id, {
    from: ['pending', 'active', 'expired'],
    to: 'revoked',
    now,
  })
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

/** Revokes a host and every agent under it (specification, 5.10 and 8.5). */
export async function endHost({ db, events }: AgentAuthContext, host: Host, { by, now }: Ending) {
  const agentsRevoked = await db.adapter.transaction((rows) => revokeHost(rows, host.id, now))
  await events.emit({
    type: 'host.revoked',
    outcome: 'success',
    hostId: host.id,
    userId: host.userId,
    details: { by: by ?? 'host', agents_revoked: agentsRevoked },
  })
  return { host_id: host.id, status: 'revoked' as const, agents_revoked: agentsRevoked }
}
