import type { AgentAuthContext } from '../context.ts'
import { isUsable } from '../domain/authorize.ts'
import { locationGrant } from './describe.ts'
import type { VerifiedAgent } from '../authenticate-agent.ts'

/** Seconds for which a guard may believe what it was told: how late a revocation can reach it. */
const CACHE_FOR = 5

/**
 * What a guard needs to verify an agent's next JWTs itself: the grants at its location, and the key.
 *
 * No key for an agent that publishes its own, nor for one whose JWT names no host: both are verified
 * here, each time. Nothing is believed past the end of the agent or of one of these grants.
 */
export function agentKey(context: AgentAuthContext, verified: VerifiedAgent, now: number) {
  const { agent, host, token, state } = verified
  const { options } = context
  const here = verified.grants.flatMap((grant) => {
    const capability = options.capabilities.get(grant.capability)
    const isHere = capability?.location === token.audience
    const isBlocked = options.blockedCapabilities.includes(grant.capability)
    return capability && isHere && !isBlocked && isUsable(grant, now) ? [{ capability, grant }] : []
  })
  const grants = here.map(({ capability, grant }) => locationGrant(context, capability, grant))
  if (agent.jwksUrl !== null || token.issuer === null) return { grants }
  const ends = [state.expiresAt, ...here.map(({ grant }) => grant.expiresAt?.getTime())]
  const secondsLeft = ends.map((end) => Math.floor(((end ?? Infinity) - now) / 1000))
  const key = {
    jwk: agent.publicKey,
    issuers: [...new Set([host.thumbprint, token.issuer])],
    dpop: options.dpop.mode,
    cache_for: Math.max(0, Math.min(CACHE_FOR, ...secondsLeft)),
  }
  return { grants, key }
}
