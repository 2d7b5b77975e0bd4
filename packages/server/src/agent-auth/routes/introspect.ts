import { createHash, timingSafeEqual } from 'node:crypto'
import { introspectRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { bearerToken, verifyAgent } from '../authenticate.ts'
import type { AgentAuthContext } from '../context.ts'
import { isMetered, isUsable } from '../domain/authorize.ts'
import type { Grant } from '../domain/model.ts'
import { challengeOf, type ProtocolRoute, type RouteRequest } from '../http.ts'

/**
 * `POST /agent/introspect`: tells a resource server what an agent JWT is worth now (specification, 5.12).
 *
 * It takes one of the `introspectionSecrets`, and never uses the JWT up.
 */
export const introspect: ProtocolRoute = {
  method: 'POST',
  path: '/agent/introspect',
  async handle(request) {
    requireSecret(request)
    const { token } = parseWith(introspectRequestSchema, request.body)
    return { body: (await describeToken(request.context, token, request.now)) ?? { active: false } }
  },
}

async function describeToken(context: AgentAuthContext, jwt: string, now: number) {
  const verified = await verifyAgent(context, jwt, {
    audience: (claimed) => isOurAudience(context, claimed),
    now,
  }).catch((error: unknown) => {
    if (error instanceof ProtocolError) return null
    throw error
  })
  if (!verified) return null
  const { agent, host, grants, token, state } = verified
  const allowed = grants
    .filter((grant) => isUsable(grant, now) && canBeEnforced(context, grant))
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

/** The issuer, the execute endpoint, and every service a capability is executed at. */
function isOurAudience(context: AgentAuthContext, claimed: string): boolean {
  if (claimed === context.issuer || claimed === context.defaultLocation) return true
  return [...context.options.capabilities.values()].some(({ location }) => location === claimed)
}

function requireSecret({ context, headers }: RouteRequest): void {
  const presented = bearerToken(headers)
  const known = context.options.introspectionSecrets
  if (presented && known.some((secret) => isSame(secret, presented))) return
  const message = 'Introspection takes `Authorization: Bearer <introspection secret>`.'
  throw new ProtocolError('authentication_required', {
    message,
    headers: { 'www-authenticate': `Bearer, ${challengeOf(context)}` },
  })
}

function isSame(secret: string, presented: string): boolean {
  const [a, b] = [secret, presented].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
