import type { KnownToken, TokenClient, TokenFamily } from '../tokens/known-token.ts'
import type { Grant } from '../tokens/model.ts'
import { findPerson, isMemberOf, PERSON_COLUMNS, personOf, type PersonRow } from './people.ts'
import type { ProviderStore } from './store.ts'

type Kind = KnownToken['kind']

const tables = { access: 'oauth_access_token', refresh: 'oauth_refresh_token' } as const
const models = { access: 'oauthAccessToken', refresh: 'oauthRefreshToken' } as const

/** A row of either table, as an adapter gives it. */
interface TokenRow {
  readonly clientId: string
  readonly userId?: string | null
  readonly referenceId?: string | null
  readonly authorizationCodeId?: string | null
  readonly scopes: readonly string[]
  readonly resources?: readonly string[] | null
  readonly requestedUserInfoClaims?: readonly string[] | null
  readonly confirmation?: KnownToken['confirmation']
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revoked?: Date | null
  readonly rotatedAt?: Date | null
}

/** A token by its hash with its family, client and person, in one statement; null for an unknown one. */
export async function findToken(
  store: ProviderStore,
  kind: Kind,
  hash: string,
): Promise<KnownToken | null> {
  if (!store.sql) return findWithAdapter(store, kind, hash)
  const { rows } = await store.sql.query<SqlRow>(statements[kind], [hash], {
    name: `countersign_known_${kind}`,
  })
  return rows[0] ? fromSql(rows[0], kind, hash) : null
}

interface SqlRow extends TokenRow, PersonRow {
  readonly isMember: boolean
  readonly family: string | null
  readonly sessionId: string | null
  readonly actor: Grant['actor']
  readonly acr: string | null
  readonly authTime: Date | null
  readonly familyRevokedAt: Date | null
  readonly disabled: boolean | null
  readonly subjectType: TokenClient['subjectType'] | null
  readonly redirectUris: readonly string[] | null
  readonly allowedUsers: readonly string[] | null
  readonly resourceServers: readonly string[]
}

const statements = { access: statement('access'), refresh: statement('refresh') } as const

function statement(kind: Kind): string {
  const rotated = kind === 'refresh' ? 't.rotated_at' : 'NULL::timestamptz'
  return `SELECT t.client_id AS "clientId", t.user_id AS "userId", t.reference_id AS "referenceId",
    t.authorization_code_id AS "authorizationCodeId", t.scopes, t.resources,
    t.requested_user_info_claims AS "requestedUserInfoClaims", t.confirmation,
    t.created_at AS "createdAt", t.expires_at AS "expiresAt", t.revoked, ${rotated} AS "rotatedAt",
    g.id AS family, g.session_id AS "sessionId", g.actor, g.acr, g.auth_time AS "authTime",
    g.revoked_at AS "familyRevokedAt", c.disabled, c.subject_type AS "subjectType",
    c.redirect_uris AS "redirectUris", c.allowed_users AS "allowedUsers", ${PERSON_COLUMNS},
    EXISTS (
      SELECT FROM member m WHERE m.user_id = t.user_id AND m.organization_id = t.reference_id
    ) AS "isMember",
    ARRAY(
      SELECT l.client_id FROM oauth_client_resource l WHERE l.resource_id = ANY (t.resources)
    ) AS "resourceServers"
    FROM ${tables[kind]} t JOIN oauth_client c ON c.client_id = t.client_id
    LEFT JOIN oauth_grant g ON g.id = t.authorization_code_id
    LEFT JOIN "user" u ON u.id = t.user_id WHERE t.token = $1`
}

function fromSql(row: SqlRow, kind: Kind, hash: string): KnownToken {
  const { family, familyRevokedAt: revokedAt } = row
  return {
    ...ofRow(row, kind, hash),
    client: clientOf(row),
    person: personOf(row),
    isMember: row.isMember,
    family: family === null ? null : familyOf({ ...row, id: family, revokedAt }),
    resourceServers: row.resourceServers,
  }
}

async function findWithAdapter(
  store: ProviderStore,
  kind: Kind,
  hash: string,
): Promise<KnownToken | null> {
  const find = <Row>(model: string, field: string, value: string) =>
    store.adapter.findOne<Row>({ model, where: [{ field, value }] })
  const row = await find<TokenRow>(models[kind], 'token', hash)
  const client = row && (await find<TokenClient>('oauthClient', 'clientId', row.clientId))
  if (!client) return null
  const { userId, authorizationCodeId } = row
  const family = authorizationCodeId
    ? await find<Grant>('oauthGrant', 'id', authorizationCodeId)
    : null
  return {
    ...ofRow(row, kind, hash),
    client: clientOf(client),
    person: userId ? await findPerson(store, userId) : null,
    isMember: userId ? await isMemberOf(store, userId, row.referenceId) : false,
    family: family && familyOf(family),
    resourceServers: await resourceServers(store, row.resources ?? []),
  }
}

async function resourceServers({ adapter }: ProviderStore, resources: readonly string[]) {
  if (resources.length === 0) return []
  const links = await adapter.findMany<{ clientId: string }>({
    model: 'oauthClientResource',
    where: [{ field: 'resourceId', operator: 'in', value: [...resources] }],
    limit: 1000,
  })
  return links.map(({ clientId }) => clientId)
}

function ofRow(row: TokenRow, kind: Kind, hash: string) {
  return {
    kind,
    hash,
    userId: row.userId ?? null,
    organizationId: row.referenceId ?? null,
    familyId: row.authorizationCodeId ?? null,
    scopes: row.scopes,
    resources: row.resources ?? [],
    requestedClaims: row.requestedUserInfoClaims ?? [],
    confirmation: row.confirmation ?? null,
    issuedAt: row.createdAt,
    expiresAt: row.expiresAt,
    isSpent: Boolean(row.revoked ?? row.rotatedAt),
  }
}

type Nullable<Type> = { readonly [Key in keyof Type]?: Type[Key] | null | undefined }

function clientOf(row: Nullable<TokenClient>): TokenClient {
  return {
    clientId: row.clientId ?? '',
    disabled: row.disabled ?? false,
    subjectType: row.subjectType ?? 'public',
    redirectUris: row.redirectUris ?? [],
    allowedUsers: row.allowedUsers ?? null,
  }
}

function familyOf(row: Nullable<TokenFamily> & Pick<TokenFamily, 'id'>): TokenFamily {
  return {
    id: row.id,
    sessionId: row.sessionId ?? null,
    actor: row.actor ?? null,
    acr: row.acr ?? null,
    authTime: row.authTime ?? null,
    revokedAt: row.revokedAt ?? null,
  }
}
