import type { Client } from '../clients/client.ts'
import { metadataFor, notificationEndpointIn } from '../clients/token-delivery.ts'
import { revokeFamilies } from './families.ts'
import type { ProviderStore } from './store.ts'

/** What a row may lack when somebody else's adapter, or the engine, wrote it. */
export type ClientRow = {
  readonly [Key in Exclude<keyof Client, 'notificationEndpoint'>]?: Client[Key] | null | undefined
} & { readonly metadata?: unknown }

/** Every column of a client, under the name of its field. */
export const clientColumns = `id, client_id AS "clientId", client_secret AS "clientSecret",
  previous_secret AS "previousSecret", previous_secret_expires_at AS "previousSecretExpiresAt",
  registration, disabled, skip_consent AS "skipConsent",
  token_endpoint_auth_method AS "tokenEndpointAuthMethod", application_type AS "applicationType",
  subject_type AS "subjectType", name, description, uri, icon, policy, tos,
  redirect_uris AS "redirectUris", post_logout_redirect_uris AS "postLogoutRedirectUris",
  backchannel_logout_uri AS "backchannelLogoutUri",
  backchannel_logout_session_required AS "backchannelLogoutSessionRequired",
  grant_types AS "grantTypes", response_types AS "responseTypes", scopes,
  default_scopes AS "defaultScopes", jwks, jwks_uri AS "jwksUri",
  dpop_bound_access_tokens AS "dpopBoundAccessTokens", reference_id AS "referenceId",
  access_token_lifetime AS "accessTokenLifetime", refresh_token_lifetime AS "refreshTokenLifetime",
  allowed_users AS "allowedUsers", last_used_at AS "lastUsedAt",
  metadata, document_expires_at AS "documentExpiresAt", document_pin AS "documentPin",
  created_at AS "createdAt", updated_at AS "updatedAt"`

/** Reads a client by its `client_id`, in one statement. */
export async function findClient(
  { sql, adapter }: ProviderStore,
  clientId: string,
): Promise<Client | null> {
  if (sql) {
    const text = `SELECT ${clientColumns} FROM oauth_client WHERE client_id = $1`
    const { rows } = await sql.query<ClientRow>(text, [clientId], { name: 'oauth_client' })
    return rows[0] ? asClient(rows[0]) : null
  }
  const where = [{ field: 'clientId', value: clientId }]
  const row = await adapter.findOne<ClientRow>({ model: 'oauthClient', where })
  return row && asClient(row)
}

/**
 * Reads a client by the name it has in paths: its `client_id`, or the id of its row where that is a
 * URL.
 */
export async function findClientByName(
  { sql, adapter }: ProviderStore,
  name: string,
): Promise<Client | null> {
  if (sql) {
    const text = `SELECT ${clientColumns} FROM oauth_client WHERE client_id = $1 OR id = $1`
    const { rows } = await sql.query<ClientRow>(text, [name])
    return rows[0] ? asClient(rows[0]) : null
  }
  for (const field of ['clientId', 'id']) {
    const where = [{ field, value: name }]
    const row = await adapter.findOne<ClientRow>({ model: 'oauthClient', where })
    if (row) return asClient(row)
  }
  return null
}

/** A row with the defaults of RFC 7591 section 2 for what it does not say. */
export function asClient(row: ClientRow): Client {
  return {
    id: row.id ?? '',
    clientId: row.clientId ?? '',
    clientSecret: row.clientSecret ?? null,
    previousSecret: row.previousSecret ?? null,
    previousSecretExpiresAt: row.previousSecretExpiresAt ?? null,
    registration: row.registration ?? 'manual',
    disabled: row.disabled ?? false,
    skipConsent: row.skipConsent ?? false,
    tokenEndpointAuthMethod: row.tokenEndpointAuthMethod ?? 'client_secret_basic',
    applicationType: row.applicationType ?? null,
    subjectType: row.subjectType ?? 'public',
    name: row.name ?? null,
    description: row.description ?? null,
    uri: row.uri ?? null,
    icon: row.icon ?? null,
    policy: row.policy ?? null,
    tos: row.tos ?? null,
    redirectUris: row.redirectUris ?? [],
    postLogoutRedirectUris: row.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: row.backchannelLogoutUri ?? null,
    backchannelLogoutSessionRequired: row.backchannelLogoutSessionRequired ?? false,
    notificationEndpoint: notificationEndpointIn(row.metadata),
    grantTypes: row.grantTypes ?? ['authorization_code'],
    responseTypes: row.responseTypes ?? ['code'],
    scopes: row.scopes ?? [],
    defaultScopes: row.defaultScopes ?? null,
    jwks: row.jwks ?? null,
    jwksUri: row.jwksUri ?? null,
    dpopBoundAccessTokens: row.dpopBoundAccessTokens ?? false,
    referenceId: row.referenceId ?? null,
    accessTokenLifetime: row.accessTokenLifetime ?? null,
    refreshTokenLifetime: row.refreshTokenLifetime ?? null,
    allowedUsers: row.allowedUsers ?? null,
    lastUsedAt: row.lastUsedAt ?? null,
    documentExpiresAt: row.documentExpiresAt ?? null,
    documentPin: row.documentPin ?? null,
    createdAt: row.createdAt ?? null,
    updatedAt: row.updatedAt ?? null,
  }
}

/** What can be stored about a client besides what everybody reads of it. */
export interface StoredOnly {
  readonly clientDiscoveryId?: string
  readonly registrationHash?: string | null
  readonly requirePKCE?: boolean
  readonly contacts?: readonly string[] | null
  readonly softwareId?: string | null
  readonly softwareVersion?: string | null
}

/** A client to store; what is left out is empty. */
export type NewClient = Pick<Client, 'clientId' | 'registration' | 'redirectUris'> &
  Partial<Omit<Client, 'id'>> &
  StoredOnly

/** What changes about a client. */
export type ClientChange = Partial<Omit<Client, 'id' | 'clientId' | 'registration'>> & StoredOnly

/**
 * Stores a client; false when its id, or its registration, is there already.
 *
 * PKCE is always required: the row says so, too, for whoever reads it without our guard.
 */
export async function insertClient(store: ProviderStore, client: NewClient): Promise<boolean> {
  const { adapter, sql } = store
  const now = new Date()
  const data = {
    ...emptyRow,
    createdAt: now,
    updatedAt: now,
    ...columnsOf(client),
    requirePKCE: true,
  }
  try {
    await adapter.create({
      model: 'oauthClient',
      // An id of ours is a fine primary key; a URL is not, because it goes into paths.
      data: client.clientId.includes('/') || !sql ? data : { ...data, id: client.clientId },
      ...(sql && { forceAllowId: true }),
    })
    return true
  } catch (error) {
    const { clientId } = client
    if (await findClient(store, clientId)) return false
    const { registrationHash } = client
    if (registrationHash && (await findByRegistration(store, registrationHash))) return false
    throw error
  }
}

/** Changes a client, if it is still as `guard` says; false when it is not, or not there any more. */
export async function changeClient(
  { adapter }: ProviderStore,
  clientId: string,
  { change, guard = {} }: { change: ClientChange; guard?: Partial<Client> },
): Promise<boolean> {
  const unchanged = Object.entries(guard).map(([field, value]) => ({
    field,
    value: value as string | null,
  }))
  const changed = await adapter.updateMany({
    model: 'oauthClient',
    where: [{ field: 'clientId', value: clientId }, ...unchanged],
    update: { updatedAt: new Date(), ...columnsOf(change) },
  })
  return changed === 1
}

/** What changes, by the columns of the table. */
function columnsOf({ notificationEndpoint, ...columns }: ClientChange): object {
  return notificationEndpoint === undefined
    ? columns
    : { ...columns, metadata: metadataFor(notificationEndpoint) }
}

const dependents = [
  'oauthAccessToken',
  'oauthRefreshToken',
  'oauthGrant',
  'oauthConsent',
  'oauthPendingAuthorization',
  'oauthLogoutDelivery',
  'oauthClientResource',
  'oauthActivity',
]

/** Deletes a client with everything that was given out to it; false when it was not there. */
export async function deleteClient(store: ProviderStore, clientId: string): Promise<boolean> {
  const { adapter, sql } = store
  if (sql) {
    const { rowCount } = await sql.query('DELETE FROM oauth_client WHERE client_id = $1', [
      clientId,
    ])
    return rowCount > 0
  }
  const where = [{ field: 'clientId', value: clientId }]
  // First the client: without it every token of it is dead, also one that is made meanwhile.
  const deleted = await adapter.deleteMany({ model: 'oauthClient', where })
  // What others exchanged from its tokens is theirs, and ends too.
  await revokeFamilies(store, { clientId })
  // Foreign keys do this where the database has them.
  for (const model of dependents) await adapter.deleteMany({ model, where })
  return deleted > 0
}

/** The client of a dynamic registration that was made before, by its digest. */
export async function findByRegistration(
  { adapter, sql }: ProviderStore,
  registrationHash: string,
): Promise<Client | null> {
  if (sql) {
    const text = `SELECT ${clientColumns} FROM oauth_client WHERE registration_hash = $1`
    const { rows } = await sql.query<ClientRow>(text, [registrationHash])
    return rows[0] ? asClient(rows[0]) : null
  }
  const where = [{ field: 'registrationHash', value: registrationHash }]
  const row = await adapter.findOne<ClientRow>({ model: 'oauthClient', where })
  return row && asClient(row)
}

/** How long, in days, a client that registered itself is kept without being used. */
const UNUSED_DAYS = 30

/** Whether a client registered itself and was not used since `$1`; nobody relies on it. */
const UNUSED = `registration <> 'manual' AND NOT disabled
  AND coalesce(last_used_at, updated_at, created_at) < $1
  AND NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = c.client_id
    AND g.revoked_at IS NULL AND g.expires_at > now())`

/**
 * Deletes clients that registered themselves and were not used for 30 days; returns how many. One
 * that is disabled stays, so that it does not come back enabled.
 */
export async function sweepUnusedClients(store: ProviderStore, now: number): Promise<number> {
  const { adapter, sql } = store
  const before = new Date(now - UNUSED_DAYS * 86_400_000)
  if (sql) {
    const text = `DELETE FROM oauth_client WHERE id IN
      (SELECT id FROM oauth_client c WHERE ${UNUSED} LIMIT 500)`
    return (await sql.query(text, [before])).rowCount
  }
  const old = await adapter.findMany<ClientRow>({
    model: 'oauthClient',
    where: [
      { field: 'registration', operator: 'in', value: ['dynamic', 'metadata_document'] },
      { field: 'updatedAt', operator: 'lt', value: before },
    ],
    limit: 500,
  })
  const unused = old
    .map(asClient)
    .filter(({ lastUsedAt, disabled }) => !disabled && (lastUsedAt ?? before) <= before)
  for (const { clientId } of unused) await deleteClient(store, clientId)
  return unused.length
}

/** Null where a database has no default: the memory adapter keeps what is absent as absent. */
const emptyRow = {
  clientSecret: null,
  previousSecret: null,
  previousSecretExpiresAt: null,
  registrationHash: null,
  clientDiscoveryId: null,
  disabled: false,
  skipConsent: false,
  subjectType: 'public',
  referenceId: null,
  userId: null,
  defaultScopes: null,
  accessTokenLifetime: null,
  refreshTokenLifetime: null,
  allowedUsers: null,
  lastUsedAt: null,
  documentExpiresAt: null,
  documentPin: null,
  dpopBoundAccessTokens: false,
} satisfies Partial<Record<keyof Client | keyof StoredOnly | 'userId', unknown>>
