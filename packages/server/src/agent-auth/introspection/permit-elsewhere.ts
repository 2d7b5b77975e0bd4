import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import type { Execution } from '../execution/execution.ts'
import { permit, type Permitted } from '../execution/permit.ts'
import { countExecution } from '../limits/count-execution.ts'

/** One use of a capability at the service its JWT is for. */
export type ElsewhereExecution = Omit<Execution, 'signal'>

/**
 * Decides on one execution that another service runs, exactly as if it ran here: counted against the
 * grant, and stored as `capability.authorized`.
 *
 * Throws what section 5.11 names, and `invalid_jwt` for a JWT of another service than the
 * capability's own: a service decides about nothing but what is executed there (8.18).
 */
export async function permitElsewhere(
  context: AgentAuthContext,
  execution: ElsewhereExecution,
): Promise<Permitted> {
  countExecution(context, execution.caller, execution.name)
  try {
    requireLocation(context, execution)
    const permitted = await permit(context, execution)
    await record(context, execution, null)
    return permitted
  } catch (error) {
    await record(context, execution, error)
    throw error
  }
}

function requireLocation(
  { options }: AgentAuthContext,
  { caller, name }: ElsewhereExecution,
): void {
  const capability = options.capabilities.get(name)
  if (!capability || capability.location === caller.audience) return
  const message = `${name} is not executed at the service this JWT is for.`
  throw new ProtocolError('invalid_jwt', { message })
}

async function record(
  { events }: AgentAuthContext,
  { caller: { agent, host, audience }, name, args }: ElsewhereExecution,
  error: unknown,
): Promise<void> {
  const code =
    error === null ? null : error instanceof ProtocolError ? error.code : 'internal_error'
  await events.emit({
    type: 'capability.authorized',
    outcome: code === null ? 'success' : code === 'internal_error' ? 'failed' : 'refused',
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
    capability: name,
    code,
    details: { arguments: Object.keys(args), location: audience },
  })
}
