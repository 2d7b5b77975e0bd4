import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import { isMetered, isUsable } from '../domain/authorize.ts'
import type { Grant } from '../domain/model.ts'
import { takesProof } from '../dpop/policy.ts'
import type { VerifiedAgent } from '../authenticate-agent.ts'

/** The answer of section 5.12: who the agent is, and the names of what it may do with this JWT. */
export function describeToken(context: AgentAuthContext, verified: VerifiedAgent, now: number) {
  const { agent, host, grants, token, state } = verified
  const { boundTo } = token
  const allowed = grants
    .filter((grant) => isUsable(grant, now) && canBeEnforced(context, grant))
    .filter((grant) => boundTo !== undefined || !takesProofFor(context, grant))
    .map(({ capability }) => capability)
    .filter((capability) => token.capabilities?.includes(capability) ?? true)
  return {
    active: true,
    agent_id: agent.id,
    host_id: host.id,
    user_id: agent.userId,
    agent_capability_grants: [...new Set(allowed)].map((capability) => ({
      capability,
      status: 'active',
    })),
    mode: agent.mode,
    expires_at: state.expiresAt ? new Date(state.expiresAt).toISOString() : null,
    // Whoever asked has to check the proof: the request it belongs to came to them (RFC 9449, 6.2).
    ...(boundTo !== undefined && { cnf: { jkt: boundTo } }),
  }
}

/** One grant for a resource server that keeps to its limits, or asks for a decision. */
export function locationGrant({ options }: AgentAuthContext, capability: Capability, grant: Grant) {
  return {
    capability: capability.name,
    constraints: grant.constraints,
    expires_at: grant.expiresAt?.toISOString() ?? null,
    metered: isMetered(grant),
    dpop: takesProof(options.dpop, capability),
  }
}

/**
 * Whether a resource server that learns only the name of a grant can keep to it.
 *
 * The answer of section 5.12 has no room for limits, so a limited grant of a capability that is
 * executed elsewhere is not confirmed at all.
 */
function canBeEnforced({ options }: AgentAuthContext, grant: Grant): boolean {
  const capability = options.capabilities.get(grant.capability)
  if (!capability) return false
  return !capability.location || (grant.constraints === null && !isMetered(grant))
}

function takesProofFor({ options }: AgentAuthContext, { capability: name }: Grant): boolean {
  const capability = options.capabilities.get(name)
  return capability !== undefined && takesProof(options.dpop, capability)
}
