import { ProtocolError } from '@countersign/protocol'
import type { AllowedExecution, VerifiedAgent } from './agent.ts'
import { type PresentedJwt, presentedJwt } from './agent-jwt.ts'
import { withChallenge } from './challenge.ts'
import { type ExecutionOptions, type WantedExecution, wantedExecution } from './execution.ts'
import { coveringGrant } from './grants.ts'
import { type AskAuthority, askAuthority } from './introspection.ts'
import { type ActiveAnswer, type AgentFacts, factsOf, KnownAgents } from './known-agents.ts'
import { type AgentGuardOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { requireProof } from './proof.ts'
import { refusalOf } from './refusal.ts'
import { memoryReplayStore, type ReplayStore } from '../replay.ts'

/** Lets agents into one service, with exactly what they were granted there. */
export interface AgentGuard {
  /**
   * Says which agent a request comes from, and with `capability`, that it may execute just that.
   *
   * Throws a `ProtocolError`: 401 with the challenge of section 5.14, 403 with what is missing, 429, or
   * 503 when the authority is away. A JWT is good once.
   */
  verifyAgentRequest(request: Request, options?: ExecutionOptions): Promise<VerifiedAgent>
}

/** Makes the guard of one service. Throws a `TypeError` for options that cannot work. */
export function createAgentGuard(options: AgentGuardOptions): AgentGuard {
  const resolved = resolveOptions(options)
  const parts = {
    options: resolved,
    replay: options.replayStore ?? memoryReplayStore(),
    ask: askAuthority(resolved),
    known: new KnownAgents(resolved.location),
  }
  return {
    async verifyAgentRequest(request, execution = {}) {
      try {
        return await verify(parts, request, execution)
      } catch (error) {
        throw error instanceof ProtocolError ? withChallenge(error, resolved.issuer) : error
      }
    },
  }
}

interface Parts {
  readonly options: ResolvedOptions
  readonly replay: ReplayStore
  readonly ask: AskAuthority
  readonly known: KnownAgents
}

async function verify(
  parts: Parts,
  request: Request,
  execution: ExecutionOptions,
): Promise<VerifiedAgent> {
  const { location, capabilities } = parts.options
  const presented = presentedJwt(request, location)
  const wanted = await wantedExecution(request, execution)
  if (wanted && capabilities?.has(wanted.capability) === false) {
    throw new ProtocolError('capability_not_found')
  }
  await requireProof(request, presented, location)
  const verdict =
    (await decideHere(parts, presented, wanted)) ?? (await decideThere(parts, presented, wanted))
  await useUp(parts.replay, presented, verdict.facts)
  return {
    ...verdict.facts.principal,
    ...(presented.token.capabilities && { capabilities: presented.token.capabilities }),
    grants: narrowed(verdict.facts, presented),
    execution: verdict.execution,
  }
}

interface Verdict {
  readonly facts: AgentFacts
  readonly execution: AllowedExecution | null
}

/** A yes on what is known of the agent; `null` leaves it to the authority. */
async function decideHere(
  { options, known }: Parts,
  presented: PresentedJwt,
  wanted: WantedExecution | null,
): Promise<Verdict | null> {
  if (options.mode !== 'local') return null
  const now = Date.now()
  const facts = await known.find(presented.token, now)
  if (!facts || !wanted) return facts && { facts, execution: null }
  const grant = coveringGrant(narrowed(facts, presented), { ...wanted, now })
  return grant && { facts, execution: { ...wanted, grant } }
}

/** The authority's word on the JWT, and on the execution, which it counts. */
async function decideThere(
  { ask, known }: Parts,
  { jwt, token }: PresentedJwt,
  wanted: WantedExecution | null,
): Promise<Verdict> {
  const askedAt = Date.now()
  const question = wanted && { ...wanted, arguments: { ...wanted.arguments } }
  const answer = await ask({ token: jwt, include: 'key', ...question })
  if (!answer.active) throw refusalOf(answer, 'invalid_jwt')
  // What was checked here before it was verified there is what it verified.
  if (answer.agent_id !== token.agentId || answer.cnf?.jkt !== token.boundTo) {
    throw new ProtocolError('invalid_jwt')
  }
  known.remember(answer, askedAt)
  return { facts: factsOf(answer), execution: wanted && allowed(answer, wanted) }
}

function allowed({ decision }: ActiveAnswer, wanted: WantedExecution): AllowedExecution {
  if (!decision) {
    const message = 'The authority does not decide on executions at other services.'
    throw new ProtocolError('unavailable', { message })
  }
  if (!decision.allowed) throw refusalOf(decision, 'capability_not_granted')
  return { ...wanted, grant: decision.grant }
}

/** The grants that count with this JWT: what it names, and what its binding is good for. */
function narrowed({ grants }: AgentFacts, { token }: PresentedJwt) {
  return grants
    .filter(({ capability }) => token.capabilities?.includes(capability) ?? true)
    .filter(({ dpop }) => !dpop || token.boundTo !== undefined)
}

/** Uses the JWT up. Only one that is proven: what anybody can make up would fill the store. */
async function useUp(
  replay: ReplayStore,
  { token }: PresentedJwt,
  { maxAge }: AgentFacts,
): Promise<void> {
  const end = Math.min(token.expiresAt, token.issuedAt + (maxAge ?? Infinity))
  // Clocks may differ by 30 seconds (specification, 8.2).
  if (await replay.isFirstUse(`agent:${token.agentId}:${token.jwtId}`, end + 30)) return
  throw new ProtocolError('invalid_jwt', { message: 'This JWT has already been used.' })
}
