import type { Enrollment } from '../domain/model.ts'
import { newId, type Rows } from './database.ts'

const model = 'agentEnrollment'

/** Stores an invitation under the hash of its token. */
export async function createEnrollment(
  rows: Rows,
  enrollment: Omit<Enrollment, 'id' | 'hostId'>,
): Promise<void> {
  const data = { ...enrollment, id: newId('enr'), hostId: null }
  await rows.create({ model, data, forceAllowId: true })
}

/** The invitation behind a token, used or not. */
export async function findEnrollment(rows: Rows, tokenHash: string): Promise<Enrollment | null> {
  return rows.findOne<Enrollment>({ model, where: [{ field: 'tokenHash', value: tokenHash }] })
}

/**
 * Uses an invitation up for one host. One conditional update: of two uses at once, one counts.
 *
 * `false`: somebody used it, or it has expired.
 */
export async function useEnrollment(
  rows: Rows,
  { id }: Enrollment,
  by: { hostId: string; now: Date },
): Promise<boolean> {
  const used = await rows.updateMany({
    model,
    where: [
      { field: 'id', value: id },
      { field: 'hostId', value: null },
      { field: 'expiresAt', operator: 'gt', value: by.now },
    ],
    update: { hostId: by.hostId },
  })
  return used === 1
}
