import type { AuthContext } from '@better-auth/core'
import { type AgentMode, type Constraints, ProtocolError } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { type AuthenticatedAgent, requireAgent } from './authenticate-agent.ts'
import type { AgentAuthContext } from './context.ts'
import { isUsable } from './domain/authorize.ts'
import { permitElsewhere } from './introspection/permit-elsewhere.ts'

/** The agent behind a request to a route of your own, with its host and its person. */
export interface AgentSession {
  readonly type: AgentMode
  readonly agent: {
    readonly id: string
    readonly name: string
    readonly mode: AgentMode
    readonly hostId: string
    readonly createdAt: Date
    readonly activatedAt: Date | null
    /** What is active now, as far as the JWT allows. Limits are for `capability` to check. */
    readonly capabilityGrants: readonly SessionGrant[]
  }
  readonly host: {
    readonly id: string
    readonly name: string | null
    readonly userId: string | null
    readonly status: string
  }
  /** The person it acts for; `null` for an autonomous agent that acts for nobody. */
  readonly user: SessionUser | null
  readonly principal: AgentPrincipal
  /** The execution that was allowed and counted; `null` where none was asked for. */
  readonly execution: {
    readonly capability: string
    readonly arguments: Readonly<Record<string, unknown>>
    readonly constraints: Constraints | null
  } | null
}

/** One active grant of an agent. */
export interface SessionGrant {
  readonly capability: string
  readonly status: 'active'
  readonly constraints: Constraints | null
  readonly grantedBy: string | null
  readonly expiresAt: Date | null
  readonly usesLeft: number | null
}

/** The person an agent acts for, as Better Auth stores them. */
export interface SessionUser {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly image?: string | null | undefined
}

/** What a route of your own wants to know of an agent's request. */
export interface AgentSessionQuery {
  /** URL of the route as the capability names it. @default the issuer, or `url` on its origin */
  location?: string
  /** URL of the request. Its path counts, never its host. */
  url?: string
  /** Method of the request, for a proof of possession. @default 'GET' */
  method?: string
  /** The capability this request executes: checked with the arguments, and counted. */
  capability?: string
  /** Its arguments. @default {} */
  arguments?: Record<string, unknown>
}

/** A request to a route of your own. */
export interface SessionRequest {
  readonly headers: Headers
  readonly query: AgentSessionQuery
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The session of an agent, or `null` when no agent that may act sent the request: no JWT, one that does
 * not count, or an agent that was paused, expired or ended.
 *
 * Throws what the agent may not do (403), `rate_limited`, and `unavailable`. The JWT is used up.
 */
export async function agentSession(
  context: AgentAuthContext,
  auth: AuthContext,
  request: SessionRequest,
): Promise<AgentSession | null> {
  const caller = await findCaller(context, request)
  if (!caller) return null
  const { capability: name, arguments: args = {} } = request.query
  const permitted =
    name === undefined
      ? null
      : await permitElsewhere(context, { caller, name, args, now: request.now })
  const execution = name !== undefined &&
    permitted && { capability: name, arguments: args, constraints: permitted.grant.constraints }
  const { userId } = caller.principal
  const user = userId === null ? null : await auth.internalAdapter.findUserById(userId)
  return { ...factsOf(context, caller, request.now), user, execution: execution || null }
}

async function findCaller(
  context: AgentAuthContext,
  { headers, query, now }: SessionRequest,
): Promise<AuthenticatedAgent | null> {
  if (!headers.has('authorization')) return null
  const { issuer } = context
  const { location, url = issuer, method = 'GET' } = query
  const here = new URL(location ?? issuer).origin + new URL(url).pathname
  const audience = location ?? ((claimed: string) => claimed === issuer || claimed === here)
  const request = { context, headers, method, url: () => here, now }
  return requireAgent(request, audience).catch((error: unknown) => {
    const isNobody = error instanceof ProtocolError && [401, 403].includes(error.status)
    if (isNobody) return null
    throw error
  })
}

function factsOf(
  { options }: AgentAuthContext,
  { agent, host, grants, principal }: AuthenticatedAgent,
  now: number,
) {
  const allowed = grants
    .filter((grant) => isUsable(grant, now) && options.capabilities.has(grant.capability))
    .filter(({ capability }) => principal.capabilities?.includes(capability) ?? true)
    .filter(({ capability }) => !options.blockedCapabilities.includes(capability))
  const { id, name, mode, hostId, createdAt, activatedAt } = agent
  return {
    type: mode,
    agent: {
      id,
      name,
      mode,
      hostId,
      createdAt,
      activatedAt,
      capabilityGrants: allowed.map(
        ({ capability, constraints, grantedBy, expiresAt, usesLeft }) => ({
          capability,
          status: 'active' as const,
          constraints,
          grantedBy,
          expiresAt,
          usesLeft,
        }),
      ),
    },
    host: { id: host.id, name: host.name, userId: host.userId, status: host.status },
    principal,
  }
}
