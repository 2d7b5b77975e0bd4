import type { AgentAuthContext } from '../context.ts'
import { type Job, nextPoll } from '../domain/job.ts'
import type { Reply } from '../http.ts'

/** Path of the endpoint that tells of jobs. */
export const JOB_PATH = '/capability/job'

/** The answer that stands for a job under way: where to ask for it, and when. */
export function pendingReply(context: AgentAuthContext, job: Job, now: number): Reply {
  return {
    headers: { 'retry-after': String(nextPoll(job, now)) },
    body: pendingBody(context, job),
  }
}

/** The members of section 5.11, and none besides. */
export function pendingBody({ issuer, basePath }: AgentAuthContext, { id }: Job) {
  return { status: 'pending' as const, status_url: `${issuer}${basePath}${JOB_PATH}?id=${id}` }
}
