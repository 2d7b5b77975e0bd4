import { ProtocolError } from '@countersign/protocol'
import type { AuthenticatedAgent } from './authenticate.ts'
import type { Capability } from './capability.ts'
import type { AgentAuthContext } from './context.ts'
import { internalError } from './http.ts'

interface Execution {
  readonly caller: AuthenticatedAgent
  readonly name: string
  readonly args: Record<string, unknown>
  readonly signal: () => AbortSignal | undefined
}

/**
 * Runs a capability once `permit` allows it, and stores what became of it either way.
 *
 * The audit row names the arguments, not their values: those may be anybody's secrets.
 */
export async function runAudited(
  context: AgentAuthContext,
  execution: Execution,
  permit: () => Promise<Capability>,
): Promise<unknown> {
  try {
    const capability = await permit()
    const data = await run(context, capability, execution).catch((error: unknown) => {
      throw error instanceof ProtocolError ? error : internalError(error, context)
    })
    context.schemas.checkOutput(capability, data)
    await record(context, execution, null)
    return data ?? null
  } catch (error) {
    await record(context, execution, error)
    throw error
  }
}

async function run(
  { options }: AgentAuthContext,
  capability: Capability,
  { caller, args, signal }: Execution,
): Promise<unknown> {
  const scope = {
    agent: caller.principal,
    capability,
    get signal() {
      return signal()
    },
  }
  if (capability.execute) return capability.execute(args, scope)
  if (options.onExecute && !capability.location) return options.onExecute(args, scope)
  const message = `${capability.name} is executed at ${capability.location}.`
  throw new ProtocolError('invalid_request', { message })
}

async function record(
  { events }: AgentAuthContext,
  { caller, name, args }: Execution,
  error: unknown,
): Promise<void> {
  const { agent, host } = caller
  const code =
    error === null ? null : error instanceof ProtocolError ? error.code : 'internal_error'
  const failed = code === 'internal_error' || code === 'upstream_error' || code === 'unavailable'
  await events.emit({
    type: 'capability.executed',
    outcome: code === null ? 'success' : failed ? 'failed' : 'refused',
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
    capability: name,
    code,
    details: { arguments: Object.keys(args) },
  })
}
