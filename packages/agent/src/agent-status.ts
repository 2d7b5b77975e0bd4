import { findConnection, saveStatus } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
import { readAgentStatus } from './wire.ts'
import type { AgentStatus } from './wire.ts'

/** Asks the server how an agent is doing (§6.9) and keeps the answer with the connection. */
export async function agentStatus(
  context: AgentContext,
  options: AgentReference & OperationOptions,
): Promise<AgentStatus> {
  const connection = await findConnection(context, options)
  const { issuer, agent_id: agentId } = connection
  const provider = await discoverProvider(context, issuer, { signal: options.signal })
  const url = endpoint(provider, 'status')
  url.searchParams.set('agent_id', agentId)
  const token = await hostToken(context, provider.issuer)
  const { body } = await callServer(context, { url, token, signal: options.signal })
  const status = readAgentStatus(body, agentId)
  await saveStatus(context, connection, status)
  return status
}
