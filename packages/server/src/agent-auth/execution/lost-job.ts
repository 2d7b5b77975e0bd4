import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import { type Job, JOB_LEASE, jobState } from '../domain/job.ts'
import type { LoadedAgent } from '../store/agents.ts'
import { endLostJob, findJob } from '../store/jobs.ts'

/** Fails a job whose process is gone, for good, and returns it as it is now. */
export async function settleLost(
  context: AgentAuthContext,
  job: Job,
  { agent, host, now }: Pick<LoadedAgent, 'agent' | 'host'> & { now: number },
): Promise<Job> {
  // A database that was away for a while makes a job look lost to its own process.
  if (jobState(job, now) !== 'lost' || context.jobs.has(job.id)) return job
  const { db, events } = context
  const message = 'The server stopped while this ran. Whether it took effect is not known.'
  const error = JSON.stringify(new ProtocolError('internal_error', { message }))
  const silentSince = new Date(now - JOB_LEASE)
  if (await endLostJob(db.adapter, job, { silentSince, error, now: new Date(now) })) {
    await events.emit({
      type: 'capability.executed',
      outcome: 'failed',
      agentId: agent.id,
      hostId: host.id,
      userId: agent.userId,
      capability: job.capability,
      code: 'internal_error',
      details: { job: job.id, lost: true },
    })
  }
  return (await findJob(db.adapter, job.id)) ?? job
}
