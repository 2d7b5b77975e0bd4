import {
  parsePublicJwk,
  ProtocolError,
  readAgentJwt,
  readHostJwt,
  verifyAgentJwt,
  verifyHostJwt,
  type VerifiedHostJwt,
} from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { agentState, refusal } from './domain/lifecycle.ts'
import type { Host } from './domain/model.ts'
import { challengeOf, type RouteRequest } from './http.ts'
import { type LoadedAgent, moveAgent } from './store/agents.ts'
import type { AgentAuthContext } from './context.ts'

/** An agent that proved its key, with what it may do. */
export interface AuthenticatedAgent extends LoadedAgent {
  readonly principal: AgentPrincipal
}

/** A host that proved its key. `host` is `null` when nobody has seen it before. */
export interface AuthenticatedHost {
  readonly token: VerifiedHostJwt
  readonly host: Host | null
}

/** The credential after `Bearer`, or `null` when the request carries no such credential. */
export function bearerToken(headers: Headers): string | null {
  const header = headers.get('authorization')
  const match = header?.match(/^Bearer +([^\s]+)$/i)
  return match?.[1] ?? null
}

/**
 * Turns an agent JWT for one audience into the agent, or throws (specification, 4.5).
 *
 * Until the signature is proven nothing is written and nothing is revealed; the JWT counts as used
 * only when everything else about it is in order.
 */
export async function requireAgent(
  request: Pick<RouteRequest, 'context' | 'headers' | 'now'>,
  audience: string,
): Promise<AuthenticatedAgent> {
  const { context, now } = request
  const { agent, host, grants, token } = await verifyAgent(context, requireBearer(request), {
    audience,
    now,
  })
  const state = agentState(agent, context.options, now)
  const refused = refusal(host, agent, state)
  if (refused) {
    if (state.status === 'expired') await rememberExpiry(context, agent.id, now)
    throw new ProtocolError(refused)
  }
  await context.limits.count('agent', agent.id)
  await claim(context, { key: `agent:${agent.id}:${token.jwtId}`, token, now, agentId: agent.id })
  context.lastUsed.touch(agent.id, now)
  const { userId, mode, name } = agent
  const principal: AgentPrincipal = {
    kind: 'agent',
    method: 'agent',
    agentId: agent.id,
    hostId: host.id,
    userId,
    mode,
    name,
    ...(token.capabilities && { capabilities: token.capabilities }),
  }
  return { agent, host, grants, principal }
}

/** Checks an agent JWT without using it up and without looking at the agent's state. */
export async function verifyAgent(
  context: AgentAuthContext,
  jwt: string,
  expected: { audience: string | ((claimed: string) => boolean); now: number },
) {
  const { compatibility, jwtMaxAge } = context.options
  const unverified = readAgentJwt(jwt, { allowMissingIssuer: compatibility.agentJwtWithoutIss })
  const { audience, now } = expected
  if (typeof audience !== 'string' && !audience(unverified.audience)) {
    throw new ProtocolError('invalid_jwt')
  }
  const loaded = await context.agents.load(unverified.agentId)
  if (!loaded) throw new ProtocolError('invalid_jwt')
  const token = await verifyAgentJwt(unverified, {
    key: loaded.agent.publicKey,
    audience: typeof audience === 'string' ? audience : unverified.audience,
    now: now / 1000,
    maxAge: jwtMaxAge,
    verifySignature: context.verifySignature,
  })
  const nameless = token.issuer === null && compatibility.agentJwtWithoutIss
  if (!nameless && token.issuer !== loaded.host.thumbprint) throw new ProtocolError('invalid_jwt')
  return { ...loaded, token }
}

/** Turns a host JWT into a host that may manage its agents, or throws (specification, 4.5.1). */
export async function requireHost(
  request: Pick<RouteRequest, 'context' | 'headers' | 'now'>,
): Promise<Host> {
  const { host } = await authenticateHost(request)
  if (!host) throw new ProtocolError('invalid_jwt')
  return host
}

/** Verifies a host JWT, of a known host or of one nobody has seen, and uses it up. */
export async function authenticateHost(
  request: Pick<RouteRequest, 'context' | 'headers' | 'now'>,
): Promise<AuthenticatedHost> {
  const { context, now } = request
  const verified = await verifyHost(context, requireBearer(request), now)
  const { host, token } = verified
  if (host?.status === 'revoked') throw new ProtocolError('host_revoked')
  if (host?.status === 'rejected') throw new ProtocolError('host_rejected')
  await context.limits.count('host', token.issuer)
  await claim(context, {
    key: `host:${token.issuer}:${token.jwtId}`,
    token,
    now,
    hostId: host?.id ?? null,
  })
  return verified
}

async function verifyHost(
  context: AgentAuthContext,
  jwt: string,
  now: number,
): Promise<AuthenticatedHost> {
  const unverified = readHostJwt(jwt)
  const host = await context.hosts.byThumbprint(unverified.issuer)
  // The way a host delivers its key is fixed at registration (specification, 8.7).
  if (unverified.hostJwksUrl !== undefined) throw new ProtocolError('invalid_jwt')
  const key = host?.publicKey ?? parsePublicJwk(unverified.hostPublicKey)
  const token = await verifyHostJwt(unverified, {
    key,
    audience: context.issuer,
    now: now / 1000,
    maxAge: context.options.jwtMaxAge,
    verifySignature: context.verifySignature,
  })
  return { host, token }
}

function requireBearer({ context, headers }: Pick<RouteRequest, 'context' | 'headers'>): string {
  if (!headers.has('authorization')) {
    throw new ProtocolError('authentication_required', {
      headers: { 'www-authenticate': challengeOf(context) },
    })
  }
  const jwt = bearerToken(headers)
  if (!jwt) {
    const message = 'Send the JWT as `Authorization: Bearer <jwt>`.'
    throw new ProtocolError('invalid_jwt', { message })
  }
  return jwt
}

interface Claim {
  readonly key: string
  readonly token: { readonly goodUntil: number }
  readonly now: number
  readonly agentId?: string
  readonly hostId?: string | null
}

async function claim(context: AgentAuthContext, { key, token, now, ...who }: Claim): Promise<void> {
  if (await context.replay.isFirstUse(key, token.goodUntil, now / 1000)) return
  await context.events.emit({
    type: 'jwt.replayed',
    outcome: 'refused',
    code: 'invalid_jwt',
    ...who,
  })
  throw new ProtocolError('invalid_jwt', { message: 'This JWT has already been used.' })
}

/** Makes an expiry stick: what has expired once stays so until its host reactivates it. */
async function rememberExpiry(context: AgentAuthContext, id: string, now: number): Promise<void> {
  await moveAgent(context.db.adapter, id, {
    from: ['active'],
    to: 'expired',
    now: new Date(now),
  })
}
