import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import type { AgentStorage } from './storage/storage.ts'
import type { Approval, ApprovalRequest, CapabilityDetail, Provider } from './wire.ts'

/** Called when a person has to approve something, with what they need to see. */
export type OnApproval = (request: ApprovalRequest) => void | Promise<void>

/**
 * Waits until a server has news of a decision, and returns how many milliseconds to wait before
 * asking for it; `undefined` when it cannot know, and the client polls at the usual interval.
 */
export type WaitForDecision = (
  context: AgentContext,
  waiting: Pick<Approval, 'notification_url' | 'interval'> & {
    readonly issuer: string
    /** Milliseconds since 1970, by the clock of the context. */
    readonly deadline: number
    readonly signal?: AbortSignal | undefined
  },
) => Promise<number | undefined>

/** What every operation needs to know. */
export interface AgentContextOptions {
  /** Where keys and connections are kept. */
  readonly storage: AgentStorage
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Binds every agent JWT to a key; from `createDpop`, together with its `fetch`. */
  readonly cnf?: { readonly jkt: string } | undefined
  /** Called when a person has to approve something; operations can bring their own. */
  readonly onApproval?: OnApproval | undefined
  /** `listenForDecision()` of `@countersign/agent/notification`. @default polls */
  readonly waitForDecision?: WaitForDecision | undefined
  /** @default the real clock */
  readonly clock?: Clock | undefined
}

/** A remembered answer and the time, in milliseconds, until which it needs no second look. */
export interface Remembered<T> {
  readonly value: T
  readonly freshUntil: number
}

/** Options with their defaults, and what one process remembers. No call leaves a trace in it. */
export interface AgentContext {
  readonly storage: AgentStorage
  readonly fetch: typeof globalThis.fetch
  readonly cnf?: { readonly jkt: string } | undefined
  readonly onApproval?: OnApproval | undefined
  readonly waitForDecision?: WaitForDecision | undefined
  readonly clock: Clock
  /** Discovery documents by origin. */
  readonly providers: Map<string, Remembered<Provider>>
  /** Capability details by issuer, agent and name (§10.6). */
  readonly capabilities: Map<string, Remembered<CapabilityDetail>>
  /** Imported private keys by their public half: a key is parsed once. */
  readonly signingKeys: Map<string, Promise<CryptoKey>>
}

/** Builds the context the operations share. */
export function createAgentContext(options: AgentContextOptions): AgentContext {
  return {
    ...options,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: options.clock ?? systemClock,
    providers: new Map(),
    capabilities: new Map(),
    signingKeys: new Map(),
  }
}

/** Options every operation that talks to a server takes. */
export interface OperationOptions {
  /** Stops the operation. What is stored by then stays and can be resumed. */
  readonly signal?: AbortSignal | undefined
}

/** Names one agent. The issuer is needed only when two servers gave out the same id. */
export interface AgentReference {
  readonly agentId: string
  readonly issuer?: string | undefined
}
