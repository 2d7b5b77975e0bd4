import { ProtocolError } from '@countersign/protocol'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import type { Job } from '../domain/job.ts'
import { Asynchronous } from './asynchronous.ts'
import { expectedError, recordExecuted } from './audit.ts'
import { type Execution, Stopping } from './execution.ts'
import { permit } from './permit.ts'
import { chunkSource } from './source.ts'
import { startJob } from './start-job.ts'
import { openStream, type Streamed } from './stream.ts'

/** What came of an execution that answers with a body. */
export type Answered =
  | { readonly mode: 'sync'; readonly data: unknown }
  | { readonly mode: 'async'; readonly job: Job }

/** What came of an execution, in one of the three modes of section 2.15. */
export type Executed =
  | Answered
  | { readonly mode: 'stream'; readonly stream: ReadableStream<Uint8Array> }

/**
 * Runs a capability once it is permitted, and stores what became of it either way.
 *
 * What the handler returns decides the mode. How a job or a stream ends is stored when it does.
 */
export function runCapability(context: AgentAuthContext, execution: Execution): Promise<Executed> {
  return run<Executed>(context, execution, async (streamed) => {
    return { mode: 'stream', stream: await openStream(context, streamed) }
  })
}

/** Like {@link runCapability}, for an answer that cannot be a stream: of one nothing is read. */
export function runWithoutStream(
  context: AgentAuthContext,
  execution: Execution,
): Promise<Answered> {
  return run<Answered>(context, execution, async ({ source, stopping }) => {
    stopping.stop()
    source.stop()
    const message = `${execution.name} is a stream. Execute it on its own.`
    throw new ProtocolError('invalid_request', { message })
  })
}

async function run<Result>(
  context: AgentAuthContext,
  execution: Execution,
  stream: (streamed: Streamed) => Promise<Result>,
): Promise<Result | Answered> {
  const stopping = new Stopping(execution)
  try {
    refuseElsewhere(context, execution.name)
    const { capability } = await permit(context, execution)
    const value = await call(context, { capability, execution, stopping })
    if (value instanceof Asynchronous) {
      const job = await startJob(context, { execution, capability, work: value })
      return { mode: 'async', job }
    }
    const source = chunkSource(value)
    if (source) return await stream({ source, capability, execution, stopping })
    context.schemas.checkOutput(capability, value)
    await recordExecuted(context, execution, { error: null })
    return { mode: 'sync', data: value ?? null }
  } catch (error) {
    await recordExecuted(context, execution, { error })
    throw error
  }
}

interface Call {
  readonly capability: Capability
  readonly execution: Execution
  readonly stopping: Stopping
}

/** Calls the handler. What it throws that is no {@link ProtocolError} becomes `internal_error`. */
async function call(
  context: AgentAuthContext,
  { capability, execution: { caller, args }, stopping }: Call,
): Promise<unknown> {
  const scope = {
    agent: caller.principal,
    capability,
    get signal() {
      return stopping.signal
    },
  }
  try {
    if (capability.execute) return await capability.execute(args, scope)
    return await context.options.onExecute?.(args, scope)
  } catch (error) {
    throw expectedError(error, context)
  }
}

/** Says where a capability is executed that nothing here runs, before it costs a use. */
function refuseElsewhere({ options }: AgentAuthContext, name: string): void {
  const { execute, location } = options.capabilities.get(name) ?? {}
  if (execute || !location) return
  throw new ProtocolError('invalid_request', { message: `${name} is executed at ${location}.` })
}
