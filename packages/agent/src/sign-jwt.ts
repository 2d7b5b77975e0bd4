import { currentStatus } from './agent-status.ts'
import { agentJwtLifetime, agentToken, findConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { ProtocolError } from './errors.ts'
import type { StoredConnection } from './storage/storage.ts'
import type { CapabilityGrant } from './wire.ts'

/** Options of {@link signJwt}. */
export interface SignJwtOptions extends AgentReference, OperationOptions {
  /** Who will receive the token. @default the server's issuer */
  readonly audience?: string | undefined
  /** Narrows what the token may be used for. @default everything the agent was granted */
  readonly capabilities?: readonly string[] | undefined
}

/** A token and the seconds it lives. */
export interface SignedJwt {
  readonly token: string
  readonly expires_in: number
}

/** Signs an agent JWT for use outside this client (§6.5). It is good for one request. */
export async function signJwt(context: AgentContext, options: SignJwtOptions): Promise<SignedJwt> {
  const connection = await findConnection(context, options)
  const { capabilities } = options
  if (capabilities) await assertGranted(context, connection, capabilities)
  const audience = options.audience ?? connection.issuer
  const token = await agentToken(context, connection, { audience, capabilities })
  return { token, expires_in: agentJwtLifetime }
}

async function assertGranted(
  context: AgentContext,
  connection: StoredConnection,
  capabilities: readonly string[],
): Promise<void> {
  if (missing(connection.agent_capability_grants, capabilities).length === 0) return
  // What is stored may be older than the latest approval.
  const { agent_capability_grants: current } = await currentStatus(context, connection)
  const ungranted = missing(current, capabilities)
  if (ungranted.length === 0) return
  const message = `This agent was not granted ${ungranted.join(', ')}.`
  throw new ProtocolError('capability_not_granted', {
    message,
    details: { capabilities: ungranted },
  })
}

function missing(grants: readonly CapabilityGrant[], names: readonly string[]): string[] {
  const active = grants.filter(({ status }) => status === 'active')
  return names.filter((name) => !active.some(({ capability }) => capability === name))
}
