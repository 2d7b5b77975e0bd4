import type { ProviderStore } from './store.ts'

/** A logout token that a client did not confirm yet. */
export interface LogoutDelivery {
  readonly id: string
  readonly clientId: string
  /** Id of the person whose session ended. */
  readonly subject: string
  readonly sessionId: string | null
  /** How often it was tried, this time included. */
  readonly attempts: number
}

interface Ending {
  readonly sessionId: string
  readonly userId: string
  readonly now: Date
}

/** How many are tried in one go. */
const BATCH = 20

/** Queues a delivery for every client that has a family of a session, and wants to be told. */
export async function queueLogout(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  { sessionId, userId, now }: Ending,
): Promise<void> {
  const families = await adapter.findMany<{ clientId: string }>({
    model: 'oauthGrant',
    where: [{ field: 'sessionId', value: sessionId }],
    limit: 10_000,
  })
  for (const clientId of new Set(families.map((family) => family.clientId))) {
    const where = [{ field: 'clientId', value: clientId }]
    const client = await adapter.findOne<{ backchannelLogoutUri?: string | null }>({
      model: 'oauthClient',
      where,
    })
    if (!client?.backchannelLogoutUri) continue
    const data = {
      clientId,
      subject: userId,
      sessionId,
      attempts: 0,
      nextAttemptAt: now,
      createdAt: now,
      lastError: null,
    }
    await adapter.create({ model: 'oauthLogoutDelivery', data })
  }
}

const CLAIM = `UPDATE oauth_logout_delivery d
  SET attempts = d.attempts + 1, next_attempt_at = $1::timestamptz + $2::interval
  FROM (
    SELECT id FROM oauth_logout_delivery WHERE next_attempt_at <= $1
    ORDER BY next_attempt_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  ) due
  WHERE d.id = due.id
  RETURNING d.id, d.client_id AS "clientId", d.subject, d.session_id AS "sessionId", d.attempts`

/** Seconds during which whoever claimed a delivery has it alone; then another process takes over. */
const LEASE = 30

/** Takes the deliveries that are due, so that no other process tries them meanwhile. */
export async function claimDeliveries(
  { sql, adapter }: Pick<ProviderStore, 'sql' | 'adapter'>,
  now: Date,
): Promise<readonly LogoutDelivery[]> {
  if (sql) {
    return (await sql.query<LogoutDelivery>(CLAIM, [now, `${LEASE} seconds`])).rows
  }
  const due = await adapter.findMany<LogoutDelivery>({
    model: 'oauthLogoutDelivery',
    where: [{ field: 'nextAttemptAt', operator: 'lte', value: now }],
    limit: BATCH,
  })
  const claimed: LogoutDelivery[] = []
  for (const delivery of due) {
    const attempts = delivery.attempts + 1
    const won = await adapter.updateMany({
      model: 'oauthLogoutDelivery',
      where: [
        { field: 'id', value: delivery.id },
        { field: 'attempts', value: delivery.attempts },
      ],
      update: { attempts, nextAttemptAt: new Date(now.getTime() + LEASE * 1000) },
    })
    if (won === 1) claimed.push({ ...delivery, attempts })
  }
  return claimed
}

/** Puts a delivery off after a failure. */
export async function putOff(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  id: string,
  { until, reason }: { readonly until: Date; readonly reason: string },
): Promise<void> {
  const update = { nextAttemptAt: until, lastError: reason }
  await adapter.updateMany({
    model: 'oauthLogoutDelivery',
    where: [{ field: 'id', value: id }],
    update,
  })
}

/** Removes a delivery that was confirmed, or that is given up. */
export async function removeDelivery(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  id: string,
): Promise<void> {
  await adapter.deleteMany({
    model: 'oauthLogoutDelivery',
    where: [{ field: 'id', value: id }],
  })
}
