import { ProtocolError } from '@countersign/protocol'
import { type VerifiedAgent, verifyAgent } from '../authenticate-agent.ts'
import type { AgentAuthContext } from '../context.ts'

/**
 * Verifies an agent JWT that a resource server was sent, without using it up (specification, 5.12).
 *
 * The proof of a bound JWT is for the resource server to check: the request came to it. One that is
 * bound where nobody checks, or not bound where it has to be, counts for nothing here either.
 */
export async function verifyForResource(
  context: AgentAuthContext,
  jwt: string,
  now: number,
): Promise<VerifiedAgent> {
  const verified = await verifyAgent(context, jwt, {
    audience: (claimed) => isOurAudience(context, claimed),
    now,
  })
  const { mode } = context.options.dpop
  const isBound = verified.token.boundTo !== undefined
  if (isBound ? mode === 'off' : mode === 'required') throw new ProtocolError('invalid_jwt')
  return verified
}

/** The issuer, the execute endpoint, and every service a capability is executed at. */
function isOurAudience(context: AgentAuthContext, claimed: string): boolean {
  if (claimed === context.issuer || claimed === context.defaultLocation) return true
  return [...context.options.capabilities.values()].some(({ location }) => location === claimed)
}
