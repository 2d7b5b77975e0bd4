import { requireAgent } from '../agent-auth/authenticate-agent.ts'
import { badCredential } from './credential.ts'
import type { AgentPrincipal } from './principal.ts'
import type { AuthRequest, AuthServer } from './server.ts'

/**
 * The agent behind an agent JWT whose audience is this server.
 *
 * It says who the agent is; what it may do are its grants, which only executing a capability checks.
 */
export async function authenticateAgent(
  { agentAuth }: AuthServer,
  { headers, method, url }: AuthRequest,
): Promise<AgentPrincipal> {
  if (!agentAuth) throw badCredential('The bearer token is not valid.')
  const { issuer } = agentAuth
  const { principal } = await requireAgent(
    {
      context: agentAuth,
      headers,
      method,
      url: () => issuer + new URL(url).pathname,
      now: Date.now(),
    },
    issuer,
  )
  return principal
}
