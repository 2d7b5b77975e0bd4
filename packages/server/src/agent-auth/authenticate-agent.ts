import {
  ProtocolError,
  readAgentJwt,
  type UnverifiedAgentJwt,
  type VerifiedAgentJwt,
  verifyAgentJwtSync,
} from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { actingFor } from './autonomous.ts'
import { claim } from './claim-jwt.ts'
import type { AgentAuthContext } from './context.ts'
import { requireJwt } from './credential.ts'
import { type AgentState, agentState, refusal } from './domain/lifecycle.ts'
import type { Agent } from './domain/model.ts'
import { agentMove } from './domain/transitions.ts'
import { type ProofRequest, requireProof, takesProofOf } from './dpop/require-proof.ts'
import { verifyWithPublishedKey } from './keys/agent-key.ts'
import { isNamedBy } from './keys/host-key.ts'
import { type LoadedAgent, moveAgent } from './store/agents.ts'

/** An agent that proved its key, with what it may do. */
export interface AuthenticatedAgent extends LoadedAgent {
  readonly principal: AgentPrincipal
  /** Whether it proved the DPoP key its JWT is bound to. */
  readonly isBound: boolean
  /** Where its JWT counts. */
  readonly audience: string
}

/**
 * Turns an agent JWT for one audience, or one that fits, into the agent, or throws (specification, 4.5).
 *
 * Until the signature is proven nothing is written and nothing is revealed; the JWT counts as used
 * only when everything else about it is in order.
 */
export async function requireAgent(
  request: ProofRequest,
  audience: Audience,
): Promise<AuthenticatedAgent> {
  const { context, now } = request
  const jwt = requireJwt(request)
  const token = readToken(context, jwt, audience)
  const expected = { audience: token.audience, now }
  const verified =
    verifyRemembered(context, token, expected) ?? (await verifyStored(context, token, expected))
  const { agent, host, grants } = verified
  const { boundTo } = token
  countRequest(context, verified)
  if (takesProofOf(request, boundTo)) {
    const who = { agentId: agent.id, hostId: host.id, userId: agent.userId }
    await requireProof(request, { jwt, boundTo, ...who })
  }
  await claim(context, {
    key: `agent:${agent.id}:${token.jwtId}`,
    token: verified.token,
    now,
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
  })
  context.lastUsed.set(agent.id, now)
  const actor = agent.mode === 'delegated' ? agent.userId : await actingFor(context, verified)
  const principal = principalOf(verified, actor)
  const isBound = boundTo !== undefined
  return { agent, host, grants, principal, isBound, audience: token.audience }
}

/** The principal of a verified agent that acts for somebody, with what its JWT restricts itself to. */
export function principalOf(
  {
    agent,
    host,
    token,
  }: LoadedAgent & { readonly token: Pick<UnverifiedAgentJwt, 'capabilities'> },
  userId: string | null,
): AgentPrincipal {
  const { mode, name } = agent
  return {
    kind: 'agent',
    method: 'agent',
    agentId: agent.id,
    hostId: host.id,
    userId,
    mode,
    name,
    ...(token.capabilities && { capabilities: token.capabilities }),
  }
}

/** Counts a proven request against its agent, the host and the person; the address plays no part. */
export function countRequest({ limits }: AgentAuthContext, { agent, host }: LoadedAgent): void {
  limits.count('agent', agent.id)
  limits.count('host', host.thumbprint)
  limits.count('user', agent.userId)
}

/** Whom a JWT has to be for: one audience, or one that fits. */
type Audience = string | ((claimed: string) => boolean)

interface Expected {
  readonly audience: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Checks an agent JWT, and that its agent may act now, without using the JWT up. */
export async function verifyAgent(
  context: AgentAuthContext,
  jwt: string,
  { audience, now }: { readonly audience: Audience; readonly now: number },
): Promise<VerifiedAgent> {
  const token = readToken(context, jwt, audience)
  const expected = { audience: token.audience, now }
  return verifyRemembered(context, token, expected) ?? verifyStored(context, token, expected)
}

/** An agent whose JWT is verified and which may act now. */
export interface VerifiedAgent extends LoadedAgent {
  readonly token: VerifiedAgentJwt
  readonly state: AgentState
}

function readToken(
  { options }: AgentAuthContext,
  jwt: string,
  audience: Audience,
): UnverifiedAgentJwt {
  const { agentJwtWithoutIss } = options.compatibility
  const token = readAgentJwt(jwt, { allowMissingIssuer: agentJwtWithoutIss })
  const fits = typeof audience === 'string' ? audience === token.audience : audience(token.audience)
  if (!fits) throw new ProtocolError('invalid_jwt', { message: 'The JWT is for another audience.' })
  return token
}

/**
 * A yes from what is remembered of the agent, at once; `null` where that does not say yes.
 *
 * A no is always decided on what is stored.
 */
function verifyRemembered(
  context: AgentAuthContext,
  token: UnverifiedAgentJwt,
  expected: Expected,
): VerifiedAgent | null {
  const loaded = context.agents.remembered(token.agentId, expected.now)
  if (!loaded || loaded.agent.jwksUrl !== null || token.issuer !== loaded.host.thumbprint)
    return null
  const state = agentState(loaded.agent, context.options, expected.now)
  if (refusal(loaded.host, loaded.agent, state)) return null
  const verified = proveNow(context, { token, loaded, expected })
  return verified && { ...loaded, token: verified, state }
}

async function verifyStored(
  context: AgentAuthContext,
  token: UnverifiedAgentJwt,
  expected: Expected,
): Promise<VerifiedAgent> {
  const loaded = await context.agents.load(token.agentId)
  if (!loaded) throw new ProtocolError('invalid_jwt')
  const verified = await prove(context, { token, loaded, expected })
  const state = agentState(loaded.agent, context.options, expected.now)
  const refused = refusal(loaded.host, loaded.agent, state)
  if (!refused) return { ...loaded, token: verified, state }
  if (state.status === 'expired') await rememberExpiry(context, loaded.agent, expected.now)
  throw new ProtocolError(refused)
}

interface Claimed {
  readonly token: UnverifiedAgentJwt
  readonly loaded: LoadedAgent
  readonly expected: Expected
}

/** Proves that a token is its agent's, with the stored key. `null`: it is not proven. */
function proveNow(
  context: AgentAuthContext,
  { token, loaded, expected }: Claimed,
): VerifiedAgentJwt | null {
  try {
    const options = { ...verifyOptions(context, expected), key: loaded.agent.publicKey }
    return verifyAgentJwtSync(token, options)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

/** Proves that a token is its agent's, and that it names the agent's host, or throws. */
async function prove(
  context: AgentAuthContext,
  { token, loaded, expected }: Claimed,
): Promise<VerifiedAgentJwt> {
  const { agent, host } = loaded
  const { jwksUrl, keyId, publicKey } = agent
  const options = verifyOptions(context, expected)
  const verified =
    jwksUrl === null
      ? verifyAgentJwtSync(token, { ...options, key: publicKey })
      : await verifyWithPublishedKey(context, { jwksUrl, keyId, token }, options)
  const { issuer } = verified
  if (issuer === null || issuer === host.thumbprint) return verified
  if (await isNamedBy(context, host, { issuer, now: expected.now })) return verified
  throw new ProtocolError('invalid_jwt')
}

function verifyOptions(
  { options, verifySignature }: AgentAuthContext,
  { audience, now }: Expected,
) {
  return { audience, now: now / 1000, maxAge: options.jwtMaxAge, verifySignature }
}

/** Makes an expiry stick: what has expired once stays so until its host reactivates it. */
async function rememberExpiry(
  { db, events }: AgentAuthContext,
  { id, hostId, userId }: Agent,
  now: number,
): Promise<void> {
  const at = new Date(now)
  if (!(await moveAgent(db.adapter, id, { ...agentMove('expire'), now: at }))) return
  await events.emit({ type: 'agent.expired', outcome: 'success', agentId: id, hostId, userId })
}
