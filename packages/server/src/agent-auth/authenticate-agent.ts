import { ProtocolError, readAgentJwt, type UnverifiedAgentJwt } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { actingFor } from './autonomous.ts'
import { claim } from './claim-jwt.ts'
import type { AgentAuthContext } from './context.ts'
import { requireJwt } from './credential.ts'
import { agentState, refusal } from './domain/lifecycle.ts'
import type { Agent, Grant } from './domain/model.ts'
import { agentMove } from './domain/transitions.ts'
import { type ProofRequest, requireProof, takesProofOf } from './dpop/require-proof.ts'
import { verifyWithAgentKey } from './keys/agent-key.ts'
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
  audience: Expected['audience'],
): Promise<AuthenticatedAgent> {
  const { context, now } = request
  const jwt = requireJwt(request)
  const verified = await verifyAgent(context, jwt, { audience, now })
  const { agent, host, grants, token } = verified
  const { boundTo } = token
  countRequest(context, verified)
  if (takesProofOf(request, boundTo)) {
    const who = { agentId: agent.id, hostId: host.id, userId: agent.userId }
    await requireProof(request, { jwt, boundTo, ...who })
  }
  await claim(context, {
    key: `agent:${agent.id}:${token.jwtId}`,
    token,
    now,
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
  })
  context.lastUsed.touch(agent.id, now)
  const principal = await principalOf(context, verified)
  const isBound = boundTo !== undefined
  return { agent, host, grants, principal, isBound, audience: token.audience }
}

/** Says for whom a verified agent acts, and to what its JWT restricts itself. */
export async function principalOf(
  context: AgentAuthContext,
  {
    agent,
    host,
    token,
  }: LoadedAgent & { readonly token: Pick<UnverifiedAgentJwt, 'capabilities'> },
): Promise<AgentPrincipal> {
  const { mode, name } = agent
  return {
    kind: 'agent',
    method: 'agent',
    agentId: agent.id,
    hostId: host.id,
    userId: await actingFor(context, { agent, host }),
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
  if (verdict.state.status === 'expired') await rememberExpiry(context, loaded.agent, now)
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
  const verified = await verifyWithAgentKey(
    context,
    { agent, token },
    {
      audience: typeof audience === 'string' ? audience : token.audience,
      now: now / 1000,
      maxAge: jwtMaxAge,
      verifySignature: context.verifySignature,
    },
  )
  const nameless = verified.issuer === null && compatibility.agentJwtWithoutIss
  if (!nameless && verified.issuer !== host.thumbprint) {
    const isNamed = await isNamedBy(context, host, { issuer: verified.issuer ?? '', now })
    if (!isNamed) throw new ProtocolError('invalid_jwt')
  }
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
