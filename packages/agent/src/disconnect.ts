import { findConnection, removeConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
import { saysCode } from './server-error.ts'

/** The agent that was disconnected. */
export interface Disconnected {
  readonly agent_id: string
  readonly status: 'revoked'
}

/** Revokes an agent at its server and removes its key here (§6.7). There is no way back. */
export async function disconnectAgent(
  context: AgentContext,
  options: AgentReference & OperationOptions,
): Promise<Disconnected> {
  const { signal } = options
  const connection = await findConnection(context, options)
  const { issuer, agent_id: agentId } = connection
  const provider = await discoverProvider(context, issuer, { signal })
  try {
    await callServer(context, {
      url: endpoint(provider, 'revoke'),
      token: await hostToken(context, provider.issuer),
      body: { agent_id: agentId },
      signal,
    })
  } catch (error) {
    // Already gone over there is as good as revoked.
    if (!saysCode(error, ...gone)) throw error
  }
  await removeConnection(context, connection)
  return { agent_id: agentId, status: 'revoked' }
}

const gone = [
  'agent_not_found',
  'agent_revoked',
  'agent_rejected',
  'host_revoked',
  'host_not_found',
]
