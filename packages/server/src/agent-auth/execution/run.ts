import { ProtocolError } from '@countersign/protocol'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import type { Job } from '../domain/job.ts'
import { Asynchronous } from './asynchronous.ts'
import { expectedError, recordExecuted } from './audit.ts'
import { type Execution, Stopping } from './execution.ts'
import { permit } from './permit.ts'
import { type ChunkSource, chunkSource } from './source.ts'
import { startJob } from './start-job.ts'
import { openStream } from './stream.ts'

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
export async function runCapability(
  context: AgentAuthContext,
  execution: Execution,
): Promise<Executed> {
  const stopping = new Stopping(execution)
  return audited(context, execution, async () => {
    const begun = await begin(context, execution, stopping)
    if (!('source' in begun)) return begun
    const stream = await openStream(context, { ...begun, execution, stopping })
    return { mode: 'stream', stream }
  })
}

/** Like {@link runCapability}, for an answer that cannot be a stream: of one nothing is read. */
export async function runWithoutStream(
  context: AgentAuthContext,
  execution: Execution,
): Promise<Answered> {
  const stopping = new Stopping(execution)
  return audited(context, execution, async () => {
    const begun = await begin(context, execution, stopping)
    if (!('source' in begun)) return begun
    stopping.stop()
    begun.source.stop()
    const message = `${execution.name} is a stream. Execute it on its own.`
    throw new ProtocolError('invalid_request', { message })
  })
}

async function audited<Result extends Executed>(
  context: AgentAuthContext,
  execution: Execution,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    const executed = await run()
    if (executed.mode === 'sync') await recordExecuted(context, execution, { error: null })
    return executed
  } catch (error) {
    await recordExecuted(context, execution, { error })
    throw error
  }
}

type Begun = Answered | { readonly source: ChunkSource; readonly capability: Capability }

async function begin(
  context: AgentAuthContext,
  execution: Execution,
  stopping: Stopping,
): Promise<Begun> {
  refuseElsewhere(context, execution.name)
  const { capability } = await permit(context, execution)
  const value = await call(context, { capability, execution, stopping }).catch((error: unknown) => {
    throw expectedError(error, context)
  })
  if (value instanceof Asynchronous) {
    const job = await startJob(context, { execution, capability, work: value })
    return { mode: 'async', job }
  }
  const source = chunkSource(value)
  if (source) return { source, capability }
  context.schemas.checkOutput(capability, value)
  return { mode: 'sync', data: value ?? null }
}

async function call(
  { options }: AgentAuthContext,
  {
    capability,
    execution: { caller, args },
    stopping,
  }: { capability: Capability; execution: Execution; stopping: Stopping },
): Promise<unknown> {
  const scope = {
    agent: caller.principal,
    capability,
    get signal() {
      return stopping.signal
    },
  }
  if (capability.execute) return capability.execute(args, scope)
  return options.onExecute?.(args, scope)
}

/** Says where a capability is executed that nothing here runs, before it costs a use. */
function refuseElsewhere({ options }: AgentAuthContext, name: string): void {
  const { execute, location } = options.capabilities.get(name) ?? {}
  if (execute || !location) return
  throw new ProtocolError('invalid_request', { message: `${name} is executed at ${location}.` })
}
