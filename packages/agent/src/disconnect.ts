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
    const { signal } = options
    await askAsHost(context, connection, { endpoint: 'revoke', signal })
  } catch (error) {
    // Already gone over there is as good as revoked.
    const isGone = saysCode(
      error,
      'agent_not_found',
      'agent_revoked',
      'agent_rejected',
      'host_revoked',
      'host_not_found',
    )
    if (!isGone) throw error
  }
  await removeConnection(context, connection)
  return { agent_id: connection.agent_id, status: 'revoked' }
}
