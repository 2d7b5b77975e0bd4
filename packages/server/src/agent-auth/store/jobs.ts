import type { Job } from '../domain/job.ts'
import { byId, newId, type Rows } from './database.ts'

const model = 'agentJob'

/** Stores a job that begins now. */
export async function createJob(
  rows: Rows,
  job: Pick<Job, 'agentId' | 'capability' | 'expiresAt'> & { readonly now: Date },
): Promise<Job> {
  const { now, ...given } = job
  const row: Job = {
    id: newId('job'),
    ...given,
    status: 'pending',
    result: null,
    error: null,
    aliveAt: now,
    createdAt: now,
    updatedAt: now,
  }
  await rows.create({ model, data: { ...row }, forceAllowId: true })
  return row
}

export async function findJob(rows: Rows, id: string): Promise<Job | null> {
  return rows.findOne<Job>({ model, where: byId(id) })
}

/** How a job ended. */
export type JobEnd =
  | { readonly status: 'completed'; readonly result: string }
  | { readonly status: 'failed'; readonly error: string }

/**
 * Ends a job that is pending, and reports whether this call did. One conditional update: what has
 * ended stays as it is.
 */
export async function endJob(
  rows: Rows,
  id: string,
  end: JobEnd & { readonly now: Date; readonly expiresAt: Date },
): Promise<boolean> {
  const { status, now, expiresAt } = end
  const outcome =
    end.status === 'completed' ? { result: { json: end.result } } : { error: { json: end.error } }
  const where = [...byId(id), { field: 'status', value: 'pending' }]
  const update = { status, ...outcome, expiresAt, updatedAt: now }
  return (await rows.updateMany({ model, where, update })) === 1
}

/** Ends a pending job whose process said nothing since `silentSince`. `false`: it did, or ended. */
export async function endLostJob(
  rows: Rows,
  { id }: Pick<Job, 'id'>,
  lost: { readonly silentSince: Date; readonly error: string; readonly now: Date },
): Promise<boolean> {
  const where = [
    ...byId(id),
    { field: 'status', value: 'pending' },
    { field: 'aliveAt', operator: 'lte' as const, value: lost.silentSince },
  ]
  const update = { status: 'failed', error: { json: lost.error }, updatedAt: lost.now }
  return (await rows.updateMany({ model, where, update })) === 1
}

/** Says that this process still runs these jobs. */
export async function keepJobsAlive(rows: Rows, ids: readonly string[], now: Date): Promise<void> {
  const where = [
    { field: 'id', operator: 'in' as const, value: [...ids] },
    { field: 'status', value: 'pending' },
  ]
  await rows.updateMany({ model, where, update: { aliveAt: now } })
}
