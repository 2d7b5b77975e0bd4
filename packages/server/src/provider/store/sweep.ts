import type { ProviderStore } from './store.ts'

/** How many rows are deleted at once: nobody waits behind a long deletion. */
const BATCH = 500

/** How many batches one run deletes of a kind; what is left waits for the next run. */
const MAX_BATCHES = 200

interface Kind {
  /** The model, and what a report calls it. */
  readonly model: string
  readonly table: string
  /** How long, in seconds, a row stays after its expiry. */
  readonly keep: number
}

/** What is deleted once it expired. */
export const sweptKinds = [
  { model: 'oauthAccessToken', table: 'oauth_access_token', keep: 0 },
  { model: 'oauthRefreshToken', table: 'oauth_refresh_token', keep: 0 },
  { model: 'oauthClientAssertion', table: 'oauth_client_assertion', keep: 60 },
  // A device that asks late is told that its code expired (RFC 8628 section 3.5).
  { model: 'oauthPendingAuthorization', table: 'oauth_pending_authorization', keep: 600 },
  { model: 'verification', table: 'verification', keep: 60 },
] as const satisfies readonly Kind[]

/** Deletes the expired rows of a kind, and returns how many there were. */
export async function sweepExpired(
  { sql, adapter }: ProviderStore,
  { model, table, keep }: Kind,
  now: Date,
): Promise<number> {
  const before = new Date(now.getTime() - keep * 1000)
  const text = `DELETE FROM ${table} WHERE id IN (
    SELECT id FROM ${table} WHERE expires_at < $1 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`
  return inBatches(async () => {
    if (sql) return (await sql.query(text, [before])).rowCount ?? 0
    const where = [{ field: 'expiresAt', operator: 'lt' as const, value: before }]
    return deleteSome({ adapter }, model, where)
  })
}

/** A family may still be opened by whoever made it. */
const FAMILY_AGE = 3_600

const FAMILIES = `DELETE FROM oauth_grant WHERE id IN (
  SELECT g.id FROM oauth_grant g
  WHERE g.created_at < $2
    AND (g.expires_at < $1 OR (
      NOT EXISTS (SELECT FROM oauth_access_token t WHERE t.authorization_code_id = g.id)
      AND NOT EXISTS (SELECT FROM oauth_refresh_token t WHERE t.authorization_code_id = g.id)
      AND NOT EXISTS (SELECT FROM session s WHERE s.id = g.session_id AND s.expires_at > $1)
      AND NOT EXISTS (SELECT FROM oauth_grant child WHERE child.parent_id = g.id)
    ))
  LIMIT ${BATCH} FOR UPDATE OF g SKIP LOCKED)`

/**
 * Deletes families that nothing belongs to any more, and returns how many there were.
 *
 * As long as their session goes on they stay: its end has to be told to their clients.
 */
export async function sweepFamilies({ sql, adapter }: ProviderStore, now: Date): Promise<number> {
  const young = new Date(now.getTime() - FAMILY_AGE * 1000)
  return inBatches(async () => {
    if (sql) return (await sql.query(FAMILIES, [now, young])).rowCount ?? 0
    const where = [
      { field: 'expiresAt', operator: 'lt' as const, value: now },
      { field: 'createdAt', operator: 'lt' as const, value: young },
    ]
    return deleteSome({ adapter }, 'oauthGrant', where)
  })
}

type Where = NonNullable<Parameters<ProviderStore['adapter']['findMany']>[0]['where']>

async function deleteSome(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  model: string,
  where: Where,
): Promise<number> {
  const rows = await adapter.findMany<{ id: string }>({ model, where, limit: BATCH })
  if (rows.length === 0) return 0
  const ids = rows.map(({ id }) => id)
  return adapter.deleteMany({ model, where: [{ field: 'id', operator: 'in', value: ids }] })
}

async function inBatches(deleteBatch: () => Promise<number>): Promise<number> {
  let all = 0
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const deleted = await deleteBatch()
    all += deleted
    if (deleted < BATCH) break
  }
  return all
}
