import type { Where } from '@better-auth/core/db/adapter'
import type { ProviderStore } from '../store/store.ts'
import { isOpen, type PendingAuthorization, POLL_INTERVAL } from './pending.ts'

const model = 'oauthPendingAuthorization'

type Rows = Pick<ProviderStore, 'adapter'>

/** Stores a request that waits for a person. */
export async function createPending(
  { adapter }: Rows,
  pending: Omit<PendingAuthorization, 'id'>,
): Promise<PendingAuthorization> {
  return adapter.create<Omit<PendingAuthorization, 'id'>, PendingAuthorization>({
    model,
    data: pending,
  })
}

/** Finds a request by the digest of what the client holds. */
export function findBySecret(rows: Rows, hash: string): Promise<PendingAuthorization | null> {
  return findOne(rows, 'secretHash', hash)
}

/** Finds a request by the digest of what the person types. */
export function findByUserCode(rows: Rows, hash: string): Promise<PendingAuthorization | null> {
  return findOne(rows, 'userCodeHash', hash)
}

/** Finds a request by its id. */
export function findById(rows: Rows, id: string): Promise<PendingAuthorization | null> {
  return findOne(rows, 'id', id)
}

/** The CIBA requests that wait for a person, newest first. */
export async function findWaiting(
  { adapter }: Rows,
  userId: string,
  now: number,
): Promise<PendingAuthorization[]> {
  const found = await adapter.findMany<PendingAuthorization>({
    model,
    where: [
      { field: 'userId', value: userId },
      { field: 'kind', value: 'ciba' },
      { field: 'status', value: 'pending' },
    ],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: 100,
  })
  return found.filter((one) => isOpen(one, now))
}

/** Reserves a request for the person who opened it first. False: it is another person's. */
export async function reserve(rows: Rows, id: string, userId: string): Promise<boolean> {
  const mine = { field: 'userId', value: userId }
  const nobodys = { field: 'userId', value: null }
  if (await change(rows, id, [nobodys], { userId })) return true
  return (await rows.adapter.count({ model, where: [{ field: 'id', value: id }, mine] })) === 1
}

/** What a person answers. */
export interface Decision {
  readonly userId: string
  readonly status: 'approved' | 'denied'
  readonly scopes: readonly string[]
  readonly referenceId: string | null
  readonly amr: string | null
  readonly authTime: Date | null
}

/** Stores an answer, once, of the person whose request it is. */
export async function decide(
  rows: Rows,
  id: string,
  { userId, ...decision }: Decision,
): Promise<boolean> {
  const where: Where[] = [
    { field: 'userId', value: userId },
    { field: 'status', value: 'pending' },
    { field: 'expiresAt', operator: 'gt', value: new Date() },
  ]
  return change(rows, id, where, decision)
}

/** Uses an approved request up: of all who ask, one hears yes. */
export async function claimApproved(rows: Rows, id: string): Promise<boolean> {
  return change(rows, id, [{ field: 'status', value: 'approved' }], { status: 'used' })
}

/**
 * Whether a request is still there after it was used. Whoever ends what the person allowed deletes it
 * with the tokens; this waits for one who is at it.
 */
export async function isKept({ sql, adapter }: ProviderStore, id: string): Promise<boolean> {
  if (sql) {
    const text = 'SELECT id FROM oauth_pending_authorization WHERE id = $1 FOR SHARE'
    return (await sql.query(text, [id])).rows.length > 0
  }
  return (await findOne({ adapter }, 'id', id)) !== null
}

/** Counts a poll in time. False: another poll was counted in this moment. */
export async function countPoll(
  rows: Rows,
  { id, interval }: PendingAuthorization,
  now: number,
): Promise<boolean> {
  const isDue: Where = { field: 'nextPollAt', operator: 'lte', value: new Date(now) }
  return change(rows, id, [isDue], { nextPollAt: after(now, interval) })
}

/** Slows a client down by five seconds. Of parallel polls one counts. */
export async function slowDown(
  rows: Rows,
  { id, interval }: PendingAuthorization,
  now: number,
): Promise<void> {
  const slower = interval + POLL_INTERVAL
  await change(rows, id, [{ field: 'interval', value: interval }], {
    interval: slower,
    nextPollAt: after(now, slower),
  })
}

async function findOne({ adapter }: Rows, field: string, value: string) {
  return adapter.findOne<PendingAuthorization>({ model, where: [{ field, value }] })
}

/** One guarded statement: the count says who came first. */
async function change(
  { adapter }: Rows,
  id: string,
  guard: readonly Where[],
  update: Record<string, unknown>,
): Promise<boolean> {
  const where = [{ field: 'id', value: id }, ...guard]
  return (await adapter.updateMany({ model, where, update })) === 1
}

function after(now: number, seconds: number): Date {
  return new Date(now + seconds * 1000)
}
