import { jobQuerySchema, parseWith, ProtocolError } from '@countersign/protocol'
import { requireAgent } from '../authenticate-agent.ts'
import type { AgentAuthContext } from '../context.ts'
import { type Job, jobState } from '../domain/job.ts'
import { settleLost } from '../execution/lost-job.ts'
import { JOB_PATH, pendingReply } from '../execution/pending.ts'
import type { ProtocolRoute, Reply } from '../http.ts'
import { findJob } from '../store/jobs.ts'

/**
 * `GET /capability/job`: what became of a job, for the agent that started it (specification, 5.11).
 *
 * Every poll takes a new agent JWT for the issuer, so that a revoked agent reads nothing any more.
 * Of the jobs of others nothing is told, not even that they exist.
 */
export const jobStatus: ProtocolRoute = {
  method: 'GET',
  path: JOB_PATH,
  async handle(request) {
    const { context, now } = request
    const caller = await requireAgent(request, context.issuer)
    const { id } = parseWith(jobQuerySchema, request.query)
    const found = await findJob(context.db.adapter, id)
    if (found?.agentId !== caller.agent.id) throw new ProtocolError('job_not_found')
    if (caller.principal.capabilities?.includes(found.capability) === false) {
      throw new ProtocolError('capability_not_granted')
    }
    const job = await settleLost(context, found, { ...caller, now })
    if (jobState(job, now) === 'gone') throw new ProtocolError('job_not_found')
    return jobReply(context, job, now)
  },
}

function jobReply(context: AgentAuthContext, job: Job, now: number): Reply {
  const { status, result, error } = job
  if (status === 'completed') return { body: { status, result: parsed(result) } }
  if (status === 'failed') return { body: { status, error: parsed(error) } }
  return pendingReply(context, job, now)
}

function parsed(stored: Job['result']): unknown {
  return stored && (JSON.parse(stored.json) as unknown)
}
