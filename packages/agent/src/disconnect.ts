import { findConnection, removeConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { askAsHost } from './host-request.ts'
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
  const connection = await findConnection(context, options)
  try {
    const request = { endpoint: 'revoke', method: 'POST', signal: options.signal } as const
    await askAsHost(context, connection, request)
  } catch (error) {
    // Already gone over there is as good as revoked.
    if (!saysCode(error, ...gone)) throw error
  }
  await removeConnection(context, connection)
  return { agent_id: connection.agent_id, status: 'revoked' }
}

const gone = [
  'agent_not_found',
  'agent_revoked',
  'agent_rejected',
  'host_revoked',
  'host_not_found',
]
