import { findConnection, saveStatus } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { askAsHost } from './host-request.ts'
import { readAgentStatus } from './wire.ts'
import type { AgentStatus } from './wire.ts'

/** Asks the server how an agent is doing (§6.9) and keeps the answer with the connection. */
export async function agentStatus(
  context: AgentContext,
  options: AgentReference & OperationOptions,
): Promise<AgentStatus> {
  const connection = await findConnection(context, options)
  const request = { endpoint: 'status', method: 'GET', signal: options.signal } as const
  const body = await askAsHost(context, connection, request)
  const status = readAgentStatus(body, connection.agent_id)
  await saveStatus(context, connection, status)
  return status
}
