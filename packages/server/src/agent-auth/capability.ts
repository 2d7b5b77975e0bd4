import type { Constraints } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import type { RateLimit } from './limits/rates.ts'

/** A JSON Schema, dialect 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * How sure the server must be that a person decided (specification, 8.11).
 *
 * `none`: no decision needed once the app is connected. `session`: a fresh sign-in.
 * `webauthn`: a passkey with user verification, over exactly what is approved.
 */
export type ApprovalStrength = 'none' | 'session' | 'webauthn'

/** What an execution can see besides its arguments. */
export interface ExecuteContext {
  readonly agent: AgentPrincipal
  readonly capability: Capability
  /**
   * Aborted when the caller goes away. A stream's also when the agent or its grant is taken away, and
   * when it lasts too long.
   */
  readonly signal?: AbortSignal | undefined
}

/** Something agents can be granted, and what it does. */
export interface Capability {
  /** Stable identifier, `[a-z0-9_]+` (specification, 2.14). */
  name: string
  /** A few human words for the approval page. @default the name with spaces */
  title?: string | undefined
  /** What it does, for agents and for people. */
  description: string
  /** URL of the service that executes it, when that is not this server (specification, 2.15). */
  location?: string | undefined
  /** JSON Schema of the arguments. Arguments that do not fit are refused. */
  input?: JsonSchema | undefined
  /** JSON Schema of the result. A result that does not fit is not passed on. */
  output?: JsonSchema | undefined
  /** Whether it changes nothing. @default false */
  readOnly?: boolean | undefined
  /**
   * What an approval takes.
   *
   * @default `session` when read-only, else `webauthn` for people who have a passkey and `session` for the others
   */
  approvalStrength?: ApprovalStrength | undefined
  /** Limits that every grant of this capability carries, whatever was asked. */
  constraints?: Constraints | undefined
  /** How often one agent may execute it; in place of `rateLimit.capability` of the options. */
  rateLimit?: RateLimit | undefined
  /** Whether executing it takes an agent JWT that is bound to a DPoP key. @default false */
  dpop?: boolean | undefined
  /**
   * Runs it. Without one, `onExecute` of the options is called.
   *
   * What it returns decides how the caller gets it (specification, 2.15): a value is the answer,
   * `asynchronous(run)` is a job to poll for, an async iterable or a `ReadableStream` is a stream of
   * JSON chunks, each of which must fit `output`.
   */
  execute?(args: Record<string, unknown>, context: ExecuteContext): unknown
}
