import { setTimeout as delay } from 'node:timers/promises'
import { ProtocolError } from '@countersign/protocol'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import { type Job, JOB_LEASE } from '../domain/job.ts'
import { createJob, endJob, type JobEnd } from '../store/jobs.ts'
import type { Asynchronous } from './asynchronous.ts'
import { expectedError, recordExecuted, recordStarted } from './audit.ts'
import type { Execution } from './execution.ts'
import { resultJson } from './result.ts'

/** Characters of JSON a result may have. */
const MAX_RESULT = 5_000_000

/** What a job works on. */
interface Task {
  readonly execution: Execution
  readonly capability: Capability
  readonly work: Asynchronous
}

/**
 * Stores a job, then starts it. Throws `rate_limited` when too many are running.
 *
 * What takes the agent or its grant away stops it; a grant that merely expires does not, as it
 * covered what began under it.
 */
export async function startJob(context: AgentAuthContext, task: Task): Promise<Job> {
  const { execution } = task
  const stopping = new AbortController()
  let ended = Promise.resolve()
  const leave = context.running.add({
    execution,
    coveredAt: () => execution.now,
    stop: (reason) => {
      stopping.abort(reason)
      return ended
    },
  })
  try {
    const now = new Date()
    const job = await createJob(context.db.adapter, {
      agentId: execution.caller.agent.id,
      capability: execution.name,
      expiresAt: inSeconds(now, context.options.jobLifetime),
      now,
    })
    await recordStarted(context, execution, { mode: 'async', job: job.id })
    ended = run(context, job, { ...task, stopping, leave })
    return job
  } catch (error) {
    leave()
    throw error
  }
}

interface Started extends Task {
  readonly stopping: AbortController
  readonly leave: () => void
}

async function run(context: AgentAuthContext, job: Job, started: Started): Promise<void> {
  const { capability, execution, stopping } = started
  const { signal } = stopping
  const { jobLifetime } = context.options
  const quiet = context.jobs.keep(job.id)
  const deadline = setTimeout(() => stopping.abort(tooLong(jobLifetime)), jobLifetime * 1000)
  deadline.unref()
  const details = { job: job.id }
  try {
    const value = await Promise.race([begin(started), aborted(signal)])
    context.schemas.checkOutput(capability, value)
    const result = resultJson(capability, value, MAX_RESULT)
    const stored = await storeEnd(context, job, { status: 'completed', result })
    if (stored) await recordExecuted(context, execution, { error: null, details })
  } catch (caught) {
    // Aborted means stopped from outside, whatever the handler makes of it.
    const error = expectedError(signal.aborted ? signal.reason : caught, context)
    const stored = await storeEnd(context, job, { status: 'failed', error: JSON.stringify(error) })
    if (stored) await recordExecuted(context, execution, { error, details })
  } finally {
    clearTimeout(deadline)
    quiet()
  }
}

/** Who ignores the signal keeps a place among what runs until it is really over. */
async function begin({ work, stopping: { signal }, leave }: Started): Promise<unknown> {
  try {
    signal.throwIfAborted()
    return await work.run(signal)
  } finally {
    leave()
  }
}

/** Stores the end. While the database is away it tries again, for as long as the job is not lost. */
async function storeEnd(context: AgentAuthContext, { id }: Job, end: JobEnd): Promise<boolean> {
  for (let pause = 1000; ; pause *= 2) {
    const now = new Date()
    const expiresAt = inSeconds(now, context.options.jobLifetime)
    try {
      return await endJob(context.db.adapter, id, { ...end, now, expiresAt })
    } catch (error) {
      if (context.jobs.isClosing || pause > JOB_LEASE) {
        context.logError(`agentAuth: how the job ${id} ended is lost`, error)
        return false
      }
      await delay(pause, undefined, { ref: false })
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const refuse = () => reject(signal.reason as Error)
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
}

function tooLong(seconds: number): ProtocolError {
  return new ProtocolError('unavailable', { message: `It took longer than ${seconds} seconds.` })
}

function inSeconds(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
