import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import type { AgentEvent } from '../domain/event.ts'
import { internalError } from '../http.ts'
import type { Execution } from './execution.ts'

const FAILURES: ReadonlySet<string> = new Set(['internal_error', 'upstream_error', 'unavailable'])

/** What may be told of a failure: of code that broke, only an id (specification, 5.13). */
export function expectedError(error: unknown, context: AgentAuthContext): ProtocolError {
  return error instanceof ProtocolError ? error : internalError(error, context)
}

/** How an execution ended. */
interface Ending {
  /** `null` when it succeeded. */
  readonly error: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

/** Stores how an execution ended. */
export function recordExecuted(
  context: AgentAuthContext,
  execution: Execution,
  { error, details }: Ending,
): Promise<void> {
  const code =
    error === null ? null : error instanceof ProtocolError ? error.code : 'internal_error'
  const outcome = code === null ? 'success' : FAILURES.has(code) ? 'failed' : 'refused'
  return context.events.emit({
    ...eventOf(execution, { ...violatedOf(error), ...details }),
    type: 'capability.executed',
    outcome,
    code,
  })
}

/** Stores that something began which outlives its request. */
export function recordStarted(
  context: AgentAuthContext,
  execution: Execution,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  return context.events.emit({
    ...eventOf(execution, more),
    type: 'capability.started',
    outcome: 'success',
  })
}

/** The fields outside of their constraints: their names alone, as those of all arguments. */
function violatedOf(error: unknown): { readonly violated?: readonly unknown[] } {
  const violations = error instanceof ProtocolError ? error.details?.['violations'] : undefined
  if (!Array.isArray(violations)) return {}
  return { violated: violations.map(({ field }: { field: unknown }) => field) }
}

/** Names the arguments, never their values: those may be anybody's secrets. */
function eventOf(
  { caller: { agent, host }, name, args }: Execution,
  more: Readonly<Record<string, unknown>>,
): Pick<AgentEvent, 'agentId' | 'hostId' | 'userId' | 'capability' | 'details'> {
  return {
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
    capability: name,
    details: { arguments: Object.keys(args), ...more },
  }
}
