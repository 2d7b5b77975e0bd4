import {
  parsePublicJwk,
  ProtocolError,
  readAgentJwt,
  readHostJwt,
  type UnverifiedAgentJwt,
  verifyAgentJwt,
  verifyHostJwt,
  type VerifiedHostJwt,
} from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { agentState, refusal } from './domain/lifecycle.ts'
import type { Grant, Host } from './domain/model.ts'
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
  const verified = await verifyAgent(context, requireBearer(request), { audience, now })
  const { agent, host, grants, token } = verified
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

interface Expected {
  readonly audience: string | ((claimed: string) => boolean)
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Checks an agent JWT, and that its agent may act now, without using the JWT up.
 *
 * A yes may come from what is remembered of the agent; a no is always decided on what is stored.
 */
export async function verifyAgent(context: AgentAuthContext, jwt: string, expected: Expected) {
  const { compatibility } = context.options
  const token = readAgentJwt(jwt, { allowMissingIssuer: compatibility.agentJwtWithoutIss })
  const { audience, now } = expected
  if (typeof audience !== 'string' && !audience(token.audience)) {
    throw new ProtocolError('invalid_jwt')
  }
  const remembered = context.agents.remembered(token.agentId, now)
  if (remembered) {
    const verdict = await judge(context, { token, loaded: remembered, expected }).catch(notProven)
    if (verdict && !verdict.refused) return verdict
  }
  const loaded = await context.agents.load(token.agentId)
  if (!loaded) throw new ProtocolError('invalid_jwt')
  const verdict = await judge(context, { token, loaded, expected })
  if (!verdict.refused) return verdict
  if (verdict.state.status === 'expired') await rememberExpiry(context, loaded.agent.id, now)
  throw new ProtocolError(verdict.refused)
}

function notProven(error: unknown): null {
  if (error instanceof ProtocolError) return null
  throw error
}

interface Claimed {
  readonly token: UnverifiedAgentJwt
  readonly loaded: LoadedAgent
  readonly expected: Expected
}

/** Proves that the token is the agent's, and says whether the agent may act. */
async function judge(context: AgentAuthContext, { token, loaded, expected }: Claimed) {
  const { compatibility, jwtMaxAge } = context.options
  const { agent, host } = loaded
  const { audience, now } = expected
  const verified = await verifyAgentJwt(token, {
    key: agent.publicKey,
    audience: typeof audience === 'string' ? audience : token.audience,
    now: now / 1000,
    maxAge: jwtMaxAge,
    verifySignature: context.verifySignature,
  })
  const nameless = verified.issuer === null && compatibility.agentJwtWithoutIss
  if (!nameless && verified.issuer !== host.thumbprint) throw new ProtocolError('invalid_jwt')
  const state = agentState(agent, context.options, now)
  return { ...loaded, token: verified, state, refused: refusal(host, agent, state) }
}

/** Decides on the grants of a caller: a yes on those at hand, a no only on those stored now. */
export async function decideOnGrants<Decision extends { readonly allowed: boolean }>(
  context: AgentAuthContext,
  { agent, grants }: LoadedAgent,
  decide: (grants: readonly Grant[]) => Decision,
): Promise<Decision> {
  const decision = decide(grants)
  if (decision.allowed) return decision
  const loaded = await context.agents.load(agent.id)
  return loaded ? decide(loaded.grants) : decision
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
