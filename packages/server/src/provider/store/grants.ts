import type { AccessRow } from '../tokens/access-token.ts'
import type { Grant, Person } from '../tokens/model.ts'
import type { RefreshRow } from '../tokens/refresh-token.ts'
import { findPerson, isMemberOf, PERSON_COLUMNS, personOf, type PersonRow } from './people.ts'
import { sharedStatement } from './shared-statement.ts'
import type { ProviderStore } from './store.ts'
import { createRow, insertedIn, sqlColumns } from './tokens.ts'

/** A refresh token with its family, and what decides whether it may be used. */
export interface StoredRefresh {
  readonly token: RefreshRow
  readonly family: Grant
  /** Null when the person is no more. */
  readonly person: Person | null
  /** Whether the session of the family goes on, for families that end with it. */
  readonly hasSession: boolean
  readonly isMember: boolean
}

/** The columns of a row as JSON, with the names and types that an adapter gives them. */
const FIND = `SELECT asked.hash, found.*
  FROM json_to_recordset($1::json) AS asked (hash text, now timestamptz),
  LATERAL (SELECT to_jsonb(r) AS token, to_jsonb(g) AS family, ${PERSON_COLUMNS},
  s.id IS NOT NULL AS "hasSession",
  (g.reference_id IS NULL OR EXISTS (
    SELECT FROM member m WHERE m.user_id = u.id AND m.organization_id = g.reference_id
  )) AS "isMember"
  FROM oauth_refresh_token r JOIN oauth_grant g ON g.id = r.authorization_code_id
  LEFT JOIN "user" u ON u.id = g.user_id
  LEFT JOIN session s ON s.id = g.session_id AND s.expires_at > asked.now
  WHERE r.token = asked.hash LIMIT 1) AS found`

interface FoundRow extends PersonRow {
  readonly hash: string
  readonly token: Record<string, unknown>
  readonly family: Record<string, unknown>
  readonly hasSession: boolean
  readonly isMember: boolean
}

/** A refresh token that is looked for. */
interface SoughtRefresh {
  readonly hash: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Reads a refresh token by its hash; those that come together in one statement. */
export function findRefresh(
  store: ProviderStore,
  hash: string,
  now: number,
): Promise<StoredRefresh | null> {
  return store.sql ? findShared(store.sql, { hash, now }) : findWithAdapter(store, hash, now)
}

const findShared = sharedStatement(findRefreshTokens)

/** Reads refresh tokens in one statement. */
async function findRefreshTokens(
  sql: NonNullable<ProviderStore['sql']>,
  sought: readonly SoughtRefresh[],
): Promise<readonly (StoredRefresh | null)[]> {
  const params = [JSON.stringify(sought.map(({ hash, now }) => ({ hash, now: new Date(now) })))]
  const { rows } = await sql.query<FoundRow>(FIND, params, { name: 'oauth_refresh_find' })
  const found = new Map(rows.map((row) => [row.hash, row]))
  return sought.map(({ hash }) => storedRefresh(found.get(hash)))
}

function storedRefresh(row: FoundRow | undefined): StoredRefresh | null {
  if (!row) return null
  const { hasSession, isMember } = row
  return {
    token: refreshOf(fromColumns(row.token)),
    family: grantOf(fromColumns(row.family)),
    person: personOf(row),
    hasSession,
    isMember,
  }
}

async function findWithAdapter(
  store: ProviderStore,
  hash: string,
  now: number,
): Promise<StoredRefresh | null> {
  const find = <Row>(model: string, field: string, value: string | null | undefined) =>
    value ? store.adapter.findOne<Row>({ model, where: [{ field, value }] }) : null
  const token = await find<RefreshRow>('oauthRefreshToken', 'token', hash)
  const family = await find<Grant>('oauthGrant', 'id', token?.authorizationCodeId)
  if (!token || !family) return null
  const session = await find<{ expiresAt: Date }>('session', 'id', family.sessionId)
  return {
    token: refreshOf(token),
    family: grantOf(family),
    person: await findPerson(store, family.userId),
    hasSession: session !== null && new Date(session.expiresAt).getTime() > now,
    isMember: await isMemberOf(store, family.userId, family.referenceId),
  }
}

/** What a use of a refresh token changes. */
export interface Rotation {
  readonly token: RefreshRow
  readonly family: Grant
  readonly successor: RefreshRow
  readonly access: AccessRow
  /** Until when the family is kept if it else ended before the successor. */
  readonly familyUntil: Date
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The first use inserts the successor, every use its own access token; none does when the family
 * has ended meanwhile. The family is told to live on long before it ends, and rarely.
 */
const ROTATE = `WITH alive AS (
    SELECT used.* FROM json_to_recordset($1::json) AS used (
      family text, token text, now timestamptz, successor json, access json,
      "successorUntil" timestamptz, "familyUntil" timestamptz
    ) JOIN oauth_grant g ON g.id = used.family AND g.revoked_at IS NULL
  ), rotated AS (
    UPDATE oauth_refresh_token r SET rotated_at = alive.now FROM alive
    WHERE r.id = alive.token AND r.rotated_at IS NULL AND r.revoked IS NULL RETURNING r.id
  ), first AS (
    SELECT alive.* FROM alive JOIN rotated ON rotated.id = alive.token
  ), successor AS (
    INSERT INTO oauth_refresh_token
    SELECT n.* FROM first, json_populate_record(NULL::oauth_refresh_token, first.successor) n
    ON CONFLICT (token) DO NOTHING
  ), extended AS (
    UPDATE oauth_grant g SET expires_at = first."familyUntil" FROM first
    WHERE g.id = first.family AND g.expires_at < first."successorUntil"
  )
  INSERT INTO oauth_access_token
  SELECT a.* FROM alive, json_populate_record(NULL::oauth_access_token, alive.access) a
  RETURNING id`

/** Uses a refresh token, those that come together in one statement; false when its family has ended. */
export function rotateRefresh(store: ProviderStore, rotation: Rotation): Promise<boolean> {
  return store.sql ? rotateShared(store.sql, rotation) : rotateWithAdapter(store, rotation)
}

const rotateShared = sharedStatement(rotateRefreshTokens)

/** Uses refresh tokens in one statement. */
async function rotateRefreshTokens(
  sql: NonNullable<ProviderStore['sql']>,
  rotations: readonly Rotation[],
): Promise<readonly boolean[]> {
  const used = rotations.map(({ token, family, successor, access, familyUntil, now }) => ({
    family: family.id,
    token: token.id,
    now: new Date(now),
    successor: sqlColumns(successor),
    access: sqlColumns(access),
    successorUntil: successor.expiresAt,
    familyUntil,
  }))
  const params = [JSON.stringify(used)]
  const running = sql.query<{ id: string }>(ROTATE, params, { name: 'oauth_refresh_rotate' })
  const inserted = await insertedIn(running, rotations.length)
  return rotations.map(({ access }) => inserted.has(access.id))
}

async function rotateWithAdapter(
  { adapter }: ProviderStore,
  { token, family, successor, access, familyUntil, now }: Rotation,
): Promise<boolean> {
  const rotated = await adapter.updateMany({
    model: 'oauthRefreshToken',
    where: [
      { field: 'id', value: token.id },
      { field: 'rotatedAt', value: null },
      { field: 'revoked', value: null },
    ],
    update: { rotatedAt: new Date(now) },
  })
  const where = [{ field: 'token', value: successor.token }]
  const exists = () => adapter.findOne({ model: 'oauthRefreshToken', where })
  if (rotated > 0 || !(await exists())) {
    // Whoever was faster has stored the same one.
    await createRow(adapter, 'oauthRefreshToken', successor).catch(async (error: unknown) => {
      if (!(await exists())) throw error
    })
  }
  if (rotated > 0 && family.expiresAt < successor.expiresAt) {
    await adapter.updateMany({
      model: 'oauthGrant',
      where: [{ field: 'id', value: family.id }],
      update: { expiresAt: familyUntil },
    })
  }
  await createRow(adapter, 'oauthAccessToken', access)
  const alive = await adapter.findOne<Grant>({
    model: 'oauthGrant',
    where: [{ field: 'id', value: family.id }],
  })
  return alive !== null && !alive.revokedAt
}

function fromColumns(row: Record<string, unknown>): Record<string, unknown> {
  const named = Object.entries(row).map(([column, value]) => [
    column.replaceAll(/_[a-z]/g, (part) => part.slice(1).toUpperCase()),
    value,
  ])
  return Object.fromEntries(named) as Record<string, unknown>
}

type Loose<Row> = { readonly [Key in keyof Row]?: Row[Key] | string | null | undefined }

function refreshOf(row: Loose<RefreshRow>): RefreshRow {
  return {
    ...(row as RefreshRow),
    resources: (row.resources as readonly string[] | null) ?? [],
    expiresAt: new Date(row.expiresAt ?? 0),
    createdAt: new Date(row.createdAt ?? 0),
    revoked: row.revoked ? new Date(row.revoked) : null,
    rotatedAt: row.rotatedAt ? new Date(row.rotatedAt) : null,
    confirmation: (row.confirmation as RefreshRow['confirmation']) ?? null,
  }
}

function grantOf(row: Loose<Grant>): Grant {
  return {
    ...(row as Grant),
    resources: (row.resources as readonly string[] | null) ?? [],
    requestedUserInfoClaims: (row.requestedUserInfoClaims as readonly string[] | null) ?? [],
    amr: (row.amr as readonly string[] | null) ?? [],
    actor: (row.actor as Grant['actor']) ?? null,
    sessionId: row.sessionId ?? null,
    referenceId: row.referenceId ?? null,
    acr: row.acr ?? null,
    offline: row.offline === true,
    authTime: row.authTime ? new Date(row.authTime) : null,
    createdAt: new Date(row.createdAt ?? 0),
    expiresAt: new Date(row.expiresAt ?? 0),
    revokedAt: row.revokedAt ? new Date(row.revokedAt) : null,
  }
}
