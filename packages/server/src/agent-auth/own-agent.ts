import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'
import type { Agent, Host } from './domain/model.ts'
import { findAgent, type LoadedAgent } from './store/agents.ts'
import { findGrantsOf } from './store/grants.ts'
import { findHost } from './store/hosts.ts'

/** An agent of this host. `agent_not_found` when there is none, `unauthorized` when it is another's. */
export async function findAgentUnder(
  { db }: AgentAuthContext,
  host: Host,
  agentId: string,
): Promise<Agent> {
  const agent = await findAgent(db.adapter, agentId)
  if (!agent) throw new ProtocolError('agent_not_found')
  if (agent.hostId === host.id) return agent
  const message = 'The agent is registered under another host.'
  throw new ProtocolError('unauthorized', { message })
}

/** An agent of this person with its host and all its grants. Any other is `agent_not_found`. */
export async function findAgentOf(
  { db }: AgentAuthContext,
  userId: string,
  agentId: string,
): Promise<LoadedAgent> {
  const agent = await findAgent(db.adapter, agentId)
  if (agent?.userId !== userId) throw new ProtocolError('agent_not_found')
  const [host, grants] = await Promise.all([
    findHost(db.adapter, agent.hostId),
    findGrantsOf(db.adapter, agent.id),
  ])
  if (!host) throw new ProtocolError('agent_not_found')
  return { agent, host, grants }
}
