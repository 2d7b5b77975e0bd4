import {
  type AgentVerificationKey,
  type IntrospectResponse,
  type LocationGrant,
  ProtocolError,
  type UnverifiedAgentJwt,
  verifyAgentJwt,
} from '@countersign/protocol'
import type { AgentPrincipal } from './agent.ts'

/** What the authority said of an agent whose JWT counts. */
export type ActiveAnswer = Extract<IntrospectResponse, { active: true }>

/** Who an agent is and what it holds, apart from what one JWT narrows it to. */
export interface AgentFacts {
  readonly principal: AgentPrincipal
  readonly grants: readonly LocationGrant[]
  /** How many seconds after its `iat` a JWT counts; `undefined`: as long as its `exp` says. */
  readonly maxAge: number | undefined
}

interface KnownAgent extends AgentFacts {
  readonly key: AgentVerificationKey
  /** Milliseconds since the epoch. */
  readonly believedUntil: number
}

/** The facts in an answer of the authority. */
export function factsOf(answer: ActiveAnswer): AgentFacts {
  return {
    principal: {
      kind: 'agent',
      method: 'agent',
      agentId: answer.agent_id,
      hostId: answer.host_id,
      userId: answer.user_id ?? null,
      mode: answer.mode,
      name: answer.name ?? '',
    },
    grants: answer.grants ?? [],
    maxAge: answer.jwt_max_age,
  }
}

/**
 * Agents whose JWTs can be verified here for a few seconds, at most `max` of them.
 *
 * It only ever says yes: whatever does not fit is for the authority to refuse.
 */
export class KnownAgents {
  readonly #agents = new Map<string, KnownAgent>()
  readonly #location: string
  readonly #max: number

  constructor(location: string, max = 10_000) {
    this.#location = location
    this.#max = max
  }

  /** Remembers an answer. `askedAt`, in milliseconds, is before the question: from then on it ages. */
  remember(answer: ActiveAnswer, askedAt: number): void {
    const { key } = answer
    if (!key) return
    const believedUntil = askedAt + key.cache_for * 1000
    this.#agents.delete(answer.agent_id)
    this.#agents.set(answer.agent_id, { ...factsOf(answer), key, believedUntil })
    const [oldest] = this.#agents.size > this.#max ? this.#agents.keys() : []
    if (oldest !== undefined) this.#agents.delete(oldest)
  }

  /** The agent that signed a JWT; `null` when that cannot be said here. `now` in milliseconds. */
  async find(token: UnverifiedAgentJwt, now: number): Promise<AgentFacts | null> {
    const known = this.#agents.get(token.agentId)
    if (!known || known.believedUntil <= now) return null
    const { key, maxAge } = known
    const isBound = token.boundTo !== undefined
    if (isBound ? key.dpop === 'off' : key.dpop === 'required') return null
    if (token.issuer === null || !key.issuers.includes(token.issuer)) return null
    try {
      await verifyAgentJwt(token, {
        key: key.jwk,
        audience: this.#location,
        now: now / 1000,
        ...(maxAge !== undefined && { maxAge }),
      })
      return known
    } catch (error) {
      if (error instanceof ProtocolError) return null
      throw error
    }
  }
}
