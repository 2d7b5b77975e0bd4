import { revokeFamilies } from './families.ts'
import type { ProviderStore } from './store.ts'

/** What one person lets one client do, for themselves or for one of their organizations. */
export interface Connection {
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string | null
  readonly scopes: readonly string[]
  readonly grantedAt: Date
  /** When the client last got tokens for them; to the day where more is not known. */
  readonly lastUsedAt: Date | null
}

/** A connected person with what they are called. */
export interface ConnectedPerson extends Connection {
  readonly name: string | null
  readonly email: string | null
}

/** Whose connections: of a client, of a person, or of both together. */
export type ConnectionFilter =
  | { readonly clientId: string; readonly userId?: string }
  | { readonly userId: string; readonly clientId?: string }

const MAX_CONNECTIONS = 1_000

// What a person approved elsewhere, on a code or in their inbox, is a family without a consent.
const SELECT = `WITH connection AS (
    SELECT client_id, user_id, reference_id, scopes, created_at FROM oauth_consent
    WHERE user_id IS NOT NULL
      AND ($1::text IS NULL OR client_id = $1) AND ($2::text IS NULL OR user_id = $2)
    UNION ALL
    SELECT client_id, user_id, reference_id, scopes, created_at FROM oauth_grant
    WHERE user_id IS NOT NULL AND revoked_at IS NULL AND expires_at > now()
      AND ($1::text IS NULL OR client_id = $1) AND ($2::text IS NULL OR user_id = $2)
  ), united AS (
    SELECT c.client_id, c.user_id, c.reference_id, min(c.created_at) AS granted_at,
      array_agg(DISTINCT scope) FILTER (WHERE scope IS NOT NULL) AS scopes
    FROM connection c LEFT JOIN LATERAL unnest(c.scopes) AS scope ON true
    GROUP BY 1, 2, 3
  )
  SELECT u.client_id AS "clientId", u.user_id AS "userId", u.reference_id AS "organizationId",
    coalesce(u.scopes, '{}') AS scopes, u.granted_at AS "grantedAt", p.name, p.email,
    greatest(
      (SELECT max(t.created_at) FROM oauth_access_token t
        WHERE t.client_id = u.client_id AND t.user_id = u.user_id),
      (SELECT max(a.day)::timestamptz FROM oauth_activity a
        WHERE a.client_id = u.client_id AND a.user_id = u.user_id)
    ) AS "lastUsedAt"
  FROM united u JOIN "user" p ON p.id = u.user_id
  ORDER BY u.granted_at DESC, u.client_id, u.user_id LIMIT ${MAX_CONNECTIONS}`

/** Who lets which client in, newest first, in one statement. */
export async function listConnections(
  store: ProviderStore,
  { clientId, userId }: ConnectionFilter,
): Promise<readonly ConnectedPerson[]> {
  if (!store.sql) return listWithAdapter(store, { clientId, userId })
  const { rows } = await store.sql.query<ConnectedPerson>(SELECT, [
    clientId ?? null,
    userId ?? null,
  ])
  return rows
}

/** What ended, for whoever remembers it. */
export interface Ended {
  readonly connections: number
  /** Ids of the families of tokens. */
  readonly grantIds: readonly string[]
}

const END = `WITH consent AS (
    DELETE FROM oauth_consent
    WHERE client_id = $1 AND user_id IS NOT NULL AND ($2::text IS NULL OR user_id = $2)
    RETURNING user_id
  ), waiting AS (
    DELETE FROM oauth_pending_authorization
    WHERE client_id = $1 AND user_id IS NOT NULL AND ($2::text IS NULL OR user_id = $2)
  ), family AS (
    UPDATE oauth_grant SET revoked_at = now()
    WHERE client_id = $1 AND user_id IS NOT NULL AND ($2::text IS NULL OR user_id = $2)
      AND revoked_at IS NULL
    RETURNING id, user_id
  )
  SELECT (SELECT count(*)::int FROM (SELECT user_id FROM consent UNION SELECT user_id FROM family) e)
      AS connections,
    (SELECT coalesce(array_agg(id), '{}') FROM family) AS "grantIds"`

/**
 * Ends what a client may do for one person, or for everybody: their consents, what they approved and
 * was not fetched yet, and every family of tokens, in one statement.
 */
export async function endConnections(
  store: ProviderStore,
  { clientId, userId }: { clientId: string; userId?: string },
): Promise<Ended> {
  if (!store.sql) return endWithAdapter(store, { clientId, userId })
  const { rows } = await store.sql.query<Ended>(END, [clientId, userId ?? null])
  return rows[0] ?? { connections: 0, grantIds: [] }
}

interface Row {
  readonly id: string
  readonly clientId: string
  readonly userId?: string | null
  readonly referenceId?: string | null
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly revokedAt?: Date | null
  readonly expiresAt?: Date
}

interface Both {
  readonly clientId?: string | undefined
  readonly userId?: string | undefined
}

function whereOf({ clientId, userId }: Both) {
  return [
    ...(clientId === undefined ? [] : [{ field: 'clientId', value: clientId }]),
    ...(userId === undefined ? [] : [{ field: 'userId', value: userId }]),
  ]
}

async function listWithAdapter(
  { adapter }: ProviderStore,
  filter: Both,
): Promise<readonly ConnectedPerson[]> {
  const options = { where: whereOf(filter), limit: 10_000 }
  const consents = await adapter.findMany<Row>({ model: 'oauthConsent', ...options })
  const grants = await adapter.findMany<Row>({ model: 'oauthGrant', ...options })
  const now = new Date()
  const live = grants.filter(
    ({ revokedAt, expiresAt }) => !revokedAt && expiresAt !== undefined && expiresAt > now,
  )
  const united = new Map<string, ConnectedPerson>()
  for (const row of [...consents, ...live]) {
    const { clientId, userId, referenceId = null } = row
    if (!userId) continue
    const key = JSON.stringify([clientId, userId, referenceId])
    const known = united.get(key)
    united.set(key, {
      clientId,
      userId,
      organizationId: referenceId,
      scopes: [...new Set([...(known?.scopes ?? []), ...row.scopes])].toSorted(),
      grantedAt: known && known.grantedAt < row.createdAt ? known.grantedAt : row.createdAt,
      lastUsedAt: null,
      name: null,
      email: null,
    })
  }
  const connections = [...united.values()].slice(0, MAX_CONNECTIONS)
  return Promise.all(
    connections.map(async (connection) => {
      const where = [{ field: 'id', value: connection.userId }]
      const person = await adapter.findOne<{ name: string; email: string }>({
        model: 'user',
        where,
      })
      return { ...connection, name: person?.name ?? null, email: person?.email ?? null }
    }),
  )
}

async function endWithAdapter(store: ProviderStore, filter: Both): Promise<Ended> {
  const { adapter } = store
  const where = [
    ...whereOf(filter),
    ...(filter.userId === undefined
      ? [{ field: 'userId', operator: 'ne' as const, value: null }]
      : []),
  ]
  const consents = await adapter.findMany<Row>({ model: 'oauthConsent', where, limit: 10_000 })
  await adapter.deleteMany({ model: 'oauthConsent', where })
  await adapter.deleteMany({ model: 'oauthPendingAuthorization', where })
  const live = [...where, { field: 'revokedAt', value: null }]
  const grants = await adapter.findMany<Row>({ model: 'oauthGrant', where: live, limit: 10_000 })
  // With what other clients exchanged from them.
  const grantIds: string[] = []
  for (const { id } of grants) grantIds.push(...(await revokeFamilies(store, { id })))
  const people = new Set([...consents, ...grants].map(({ userId }) => userId))
  return { connections: people.size, grantIds }
}
