import { requireAgent } from '../agent-auth/authenticate.ts'
import { badCredential } from './credential.ts'
import type { AgentPrincipal } from './principal.ts'
import type { AuthServer } from './server.ts'

/**
 * The agent behind an agent JWT whose audience is this server.
 *
 * It says who the agent is; what it may do are its grants, which only executing a capability checks.
 */
export async function authenticateAgent(
  { agentAuth }: AuthServer,
  headers: Headers,
): Promise<AgentPrincipal> {
  if (!agentAuth) throw badCredential('The bearer token is not valid.')
  const request = { context: agentAuth, headers, now: Date.now() }
  const { principal } = await requireAgent(request, agentAuth.issuer)
  return principal
}
