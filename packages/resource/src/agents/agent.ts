import type { AgentMode, LocationGrant } from '@countersign/protocol'

/** An agent that proved its key, and the person it acts for. The same shape as in the authority. */
export interface AgentPrincipal {
  readonly kind: 'agent'
  readonly method: 'agent'
  readonly agentId: string
  readonly hostId: string
  /** The person behind it; null for an autonomous agent. */
  readonly userId: string | null
  readonly mode: AgentMode
  readonly name: string
  /** What the JWT restricts itself to; absent when it does not (specification, 4.3). */
  readonly capabilities?: readonly string[]
}

/** Arguments by name. */
export type Arguments = Readonly<Record<string, unknown>>

/** One execution that is allowed, with exactly the arguments that were checked: use these. */
export interface AllowedExecution {
  readonly capability: string
  readonly arguments: Arguments
  /** The grant that covers it, and that it was counted against. */
  readonly grant: LocationGrant
}

/** The agent behind one request. */
export interface VerifiedAgent extends AgentPrincipal {
  /** What it holds at this location, as far as its JWT allows. */
  readonly grants: readonly LocationGrant[]
  /** What it may execute with this request; `null` where the guard was asked for no capability. */
  readonly execution: AllowedExecution | null
}
