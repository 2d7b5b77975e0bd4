import { awaitDecision, denied, readPendingApproval } from './approval.ts'
import type { ApprovalOptions } from './approval.ts'
import { findConnection, saveStatus, toConnection, updateConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { AgentContext, AgentReference } from './context.ts'
import { askAsHost } from './host-request.ts'
import { readAgentStatus } from './wire.ts'

/**
 * Brings an expired agent back (§6.8), waiting for a person where the server wants one.
 *
 * It keeps its id and key, but only the host's default capabilities; everything else has to be asked
 * for again.
 */
export async function reactivateAgent(
  context: AgentContext,
  options: AgentReference & ApprovalOptions,
): Promise<Connection> {
  const connection = await findConnection(context, options)
  const { issuer, agent_id: agentId } = connection
  const { signal } = options
  const body = await askAsHost(context, connection, { endpoint: 'reactivate', signal })
  const status = readAgentStatus(body, agentId)
  const approval = readPendingApproval(body, issuer)
  const wasActive = connection.status === 'active' && status.status === 'active'
  const forgotten = await updateConnection(context, connection, (current) => ({
    ...current,
    // The new grants come from the host's defaults, not from what this agent once asked for.
    requested: wasActive ? current.requested : [],
  }))
  const saved = await saveStatus(context, forgotten, status)
  if (!approval) return toConnection(saved)

  const decided = await awaitDecision(context, saved, { ...options, approval })
  const final = await saveStatus(context, saved, decided ?? status)
  if (decided && decided.status !== 'active') throw denied()
  return toConnection(final)
}
