import { announceApproval, denied, readApproval, waitForDecision } from './approval.ts'
import type { ApprovalOptions } from './approval.ts'
import { findConnection, saveStatus, toConnection, updateConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { AgentContext, AgentReference } from './context.ts'
import { discoverProvider } from './discover.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
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
  const { signal, onApproval } = options
  const connection = await findConnection(context, options)
  const { issuer, agent_id: agentId } = connection
  const provider = await discoverProvider(context, issuer, { signal })
  const { body } = await callServer(context, {
    url: endpoint(provider, 'reactivate'),
    token: await hostToken(context, provider.issuer),
    body: { agent_id: agentId },
    signal,
  })
  const status = readAgentStatus(body, agentId)
  const approval = status.status === 'pending' ? readApproval(body['approval'], issuer) : undefined
  const wasActive = connection.status === 'active' && status.status === 'active'
  const forgotten = await updateConnection(context, connection, (current) => ({
    ...current,
    // The new grants come from the host's defaults, not from what this agent once asked for.
    requested: wasActive ? current.requested : [],
  }))
  const saved = await saveStatus(context, forgotten, status)
  if (!approval) return toConnection(saved)

  const announced = await announceApproval(context, saved, { approval, onApproval })
  if (options.wait === false) return toConnection(announced)
  const isDecided = (now: { status: string }): boolean => now.status !== 'pending'
  const decided = await waitForDecision(context, announced, { approval, isDecided, signal })
  const final = await saveStatus(context, announced, decided)
  if (decided.status !== 'active') throw denied()
  return toConnection(final)
}
