import type { Client } from '../clients/client.ts'
import { asClient, clientColumns, type ClientRow } from './clients.ts'
import type { ProviderStore } from './store.ts'

/** An application, and how it is used. */
export interface ClientUse {
  readonly client: Client
  /** How many people let it in. */
  readonly userCount: number
  /** When it last got tokens. */
  readonly lastActivity: Date | null
}

/** Which applications: those of some organizations, one by its `client_id`, or all. */
export interface ClientFilter {
  readonly organizationIds?: readonly string[]
  readonly clientId?: string
}

/** How many applications one list has at most. */
const MAX_CLIENTS = 1_000

const SELECT = `SELECT ${clientColumns}, (
    SELECT count(*)::int FROM (
      SELECT user_id FROM oauth_consent o WHERE o.client_id = c.client_id AND user_id IS NOT NULL
      UNION
      SELECT user_id FROM oauth_grant g WHERE g.client_id = c.client_id AND user_id IS NOT NULL
        AND revoked_at IS NULL AND expires_at > now()
    ) AS people
  ) AS "userCount"
  FROM oauth_client c
  WHERE ($1::text IS NULL OR client_id = $1) AND ($2::text[] IS NULL OR reference_id = ANY ($2))
  ORDER BY created_at DESC NULLS LAST, id LIMIT ${MAX_CLIENTS}`

/** Reads applications with their use, newest first, in one statement. */
export async function listClientUses(
  store: ProviderStore,
  { organizationIds, clientId }: ClientFilter,
): Promise<readonly ClientUse[]> {
  if (store.sql) {
    const { rows } = await store.sql.query<ClientRow & { userCount: number }>(SELECT, [
      clientId ?? null,
      organizationIds ?? null,
    ])
    return rows.map((row) => useOf(asClient(row), row.userCount))
  }
  const rows = await store.adapter.findMany<ClientRow>({
    model: 'oauthClient',
    where: [
      ...(clientId === undefined ? [] : [{ field: 'clientId', value: clientId }]),
      ...(organizationIds === undefined
        ? []
        : [{ field: 'referenceId', operator: 'in' as const, value: [...organizationIds] }]),
    ],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: MAX_CLIENTS,
  })
  const uses: ClientUse[] = []
  for (const client of rows.map(asClient)) {
    uses.push(useOf(client, await countPeople(store, client.clientId)))
  }
  return uses
}

function useOf(client: Client, userCount: number): ClientUse {
  return { client, userCount, lastActivity: client.lastUsedAt }
}

async function countPeople({ adapter }: ProviderStore, clientId: string): Promise<number> {
  const where = [{ field: 'clientId', value: clientId }]
  const options = { where, limit: 10_000 }
  const consents = await adapter.findMany<{ userId?: string | null }>({
    model: 'oauthConsent',
    ...options,
  })
  const grants = await adapter.findMany<{
    userId?: string | null
    revokedAt?: Date | null
    expiresAt: Date
  }>({ model: 'oauthGrant', ...options })
  const live = grants.filter(({ revokedAt, expiresAt }) => !revokedAt && expiresAt > new Date())
  return new Set([...consents, ...live].flatMap(({ userId }) => userId ?? [])).size
}
