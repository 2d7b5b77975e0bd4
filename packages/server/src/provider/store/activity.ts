import type { ProviderStore } from './store.ts'

/** Uses of one client on one day, by one person or by the client itself. */
export interface ActivityCount {
  readonly clientId: string
  readonly userId: string | null
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly count: number
  /** The last of them, in milliseconds since the epoch. */
  readonly lastAt: number
}

/** One day of one client, or of several together. */
export interface ActivityDay {
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string
  readonly total: number
  readonly unique_users: number
}

// A client or a person that was deleted meanwhile takes its counts with it.
const ADD = `WITH used AS (
    SELECT * FROM json_to_recordset($1::json)
      AS u ("clientId" text, "userId" text, day text, count integer, "lastAt" float8)
  ), touched AS (
    UPDATE oauth_client c SET last_used_at = greatest(c.last_used_at, last.at)
    FROM (SELECT "clientId", to_timestamp(max("lastAt") / 1000) AS at FROM used GROUP BY 1) last
    WHERE c.client_id = last."clientId"
  )
  INSERT INTO oauth_activity AS a (id, client_id, user_id, day, total)
  SELECT day || ' ' || "clientId" || ' ' || coalesce("userId", ''), "clientId", "userId", day, count
  FROM used
  WHERE EXISTS (SELECT 1 FROM oauth_client c WHERE c.client_id = "clientId")
    AND ("userId" IS NULL OR EXISTS (SELECT 1 FROM "user" p WHERE p.id = "userId"))
  ORDER BY 1
  ON CONFLICT (id) DO UPDATE SET total = a.total + excluded.total`

/** Adds uses to what is counted, and notes when clients were last used: one statement for all. */
export async function addActivity(
  store: ProviderStore,
  counts: readonly ActivityCount[],
): Promise<void> {
  if (store.sql) {
    await store.sql.query(ADD, [JSON.stringify(counts)], { name: 'oauth_activity_add' })
    return
  }
  for (const count of counts) await addWithAdapter(store, count)
}

async function addWithAdapter({ adapter }: ProviderStore, added: ActivityCount): Promise<void> {
  const { clientId, userId, day, count, lastAt } = added
  const client = [{ field: 'clientId', value: clientId }]
  const touched = await adapter.updateMany({
    model: 'oauthClient',
    where: client,
    update: { lastUsedAt: new Date(lastAt) },
  })
  if (touched === 0) return
  const where = [...client, { field: 'day', value: day }, { field: 'userId', value: userId }]
  const known = await adapter.findOne<{ id: string; total: number }>({
    model: 'oauthActivity',
    where,
  })
  if (!known) {
    const data = { clientId, userId, day, total: count }
    await adapter.create({ model: 'oauthActivity', data })
    return
  }
  await adapter.incrementOne({
    model: 'oauthActivity',
    where: [{ field: 'id', value: known.id }],
    increment: { total: count },
  })
}

/**
 * What was counted since a day, oldest first, without the days on which nothing was. `clientIds`
 * names whose; null asks for everybody's together.
 */
export async function listActivity(
  { sql, adapter }: ProviderStore,
  { clientIds, since }: { clientIds: readonly string[] | null; since: string },
): Promise<readonly ActivityDay[]> {
  if (sql) {
    const text = `SELECT day AS date, sum(total)::int AS total,
        count(DISTINCT user_id)::int AS unique_users
      FROM oauth_activity
      WHERE day >= $1 AND ($2::text[] IS NULL OR client_id = ANY ($2::text[]))
      GROUP BY day ORDER BY day`
    return (await sql.query<ActivityDay>(text, [since, clientIds])).rows
  }
  const rows = await adapter.findMany<{
    clientId: string
    userId: string | null
    day: string
    total: number
  }>({
    model: 'oauthActivity',
    where: [{ field: 'day', operator: 'gte', value: since }],
    limit: 10_000,
  })
  const mine = rows.filter(({ clientId }) => clientIds?.includes(clientId) ?? true)
  const days = [...new Set(mine.map(({ day }) => day))].toSorted()
  return days.map((date) => {
    const ofDay = mine.filter(({ day }) => day === date)
    return {
      date,
      total: ofDay.reduce((sum, { total }) => sum + total, 0),
      unique_users: new Set(ofDay.flatMap(({ userId }) => userId ?? [])).size,
    }
  })
}
