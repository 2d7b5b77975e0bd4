import { findConnection, saveStatus } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { askAsHost } from './host-request.ts'
import type { StoredConnection } from './storage/storage.ts'
import { readAgentStatus } from './wire.ts'
import type { AgentStatus } from './wire.ts'

/** Asks the server how an agent is doing (§6.9) and keeps the answer with the connection. */
export async function agentStatus(
  context: AgentContext,
  options: AgentReference & OperationOptions,
): Promise<AgentStatus> {
  const connection = await findConnection(context, options)
  const { signal } = options
  const body = await askAsHost(context, connection, { endpoint: 'status', signal })
  const status = readAgentStatus(body, connection.agent_id)
  await saveStatus(context, connection, status)
  return status
}

/** Like {@link agentStatus}, for a connection that may have changed since it was read. */
export function currentStatus(
  context: AgentContext,
  { issuer, agent_id: agentId }: StoredConnection,
  signal?: AbortSignal,
): Promise<AgentStatus> {
  return agentStatus(context, { agentId, issuer, signal })
}
