/** A capability that takes longer than a request (specification, 5.11). */
export interface Job {
  readonly id: string
  readonly agentId: string
  readonly capability: string
  /** `pending` ends once, as one of the others. */
  readonly status: 'pending' | 'completed' | 'failed'
  /** The result as JSON text, so that it comes back exactly as it was. */
  readonly result: { readonly json: string } | null
  /** The body of the error, in the same form. */
  readonly error: { readonly json: string } | null
  /** When the process that runs it last said so. */
  readonly aliveAt: Date
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Milliseconds without a word of its process after which a job counts as lost. */
export const JOB_LEASE = 30_000

/** `lost`: pending, but the process that ran it is gone. `gone`: nobody may ask any more. */
export type JobState = Job['status'] | 'lost' | 'gone'

/** Decides what a job is now, in milliseconds since the epoch. */
export function jobState({ status, aliveAt, expiresAt }: Job, now: number): JobState {
  if (expiresAt.getTime() <= now) return 'gone'
  if (status === 'pending' && aliveAt.getTime() + JOB_LEASE <= now) return 'lost'
  return status
}

/** Seconds until it is worth asking again: as long as the job took so far, from 1 to 30. */
export function nextPoll({ createdAt }: Pick<Job, 'createdAt'>, now: number): number {
  const age = Math.ceil((now - createdAt.getTime()) / 1000)
  return Math.min(30, Math.max(1, age))
}
