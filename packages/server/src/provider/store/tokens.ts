import type { AuthContext } from '@better-auth/core'
import type { AccessRow } from '../tokens/access-token.ts'
import type { Grant } from '../tokens/model.ts'
import type { RefreshRow } from '../tokens/refresh-token.ts'
import { sharedStatement } from './shared-statement.ts'
import type { ProviderStore } from './store.ts'

/** Tokens that are stored together, with the family they open. */
export interface TokenRows {
  /** Null for a client that acts for itself. */
  readonly family: Grant | null
  readonly refresh: RefreshRow | null
  readonly access: AccessRow
}

/** The columns of `openFamilies`: the rows of a request as JSON. */
export const ROWS = 'family json, refresh json, access json'

/**
 * Inserts families with their first tokens, those that `source` has in its columns `ROWS`, and
 * returns the ids of the access tokens. A family whose code opened one already is left out.
 */
export const openFamilies = (source: string) => `opened AS (
    INSERT INTO oauth_grant
    SELECT g.* FROM ${source}, json_populate_record(NULL::oauth_grant, family) g
    ON CONFLICT (code_hash) DO NOTHING RETURNING id
  ), refreshed AS (
    INSERT INTO oauth_refresh_token
    SELECT r.* FROM ${source}, json_populate_record(NULL::oauth_refresh_token, refresh) r
    WHERE r.authorization_code_id IN (SELECT id FROM opened)
  )
  INSERT INTO oauth_access_token
  SELECT t.* FROM ${source}, json_populate_record(NULL::oauth_access_token, access) t
  WHERE t.authorization_code_id IN (SELECT id FROM opened) RETURNING id`

const INSERT_FAMILY = `WITH asked AS (SELECT * FROM json_to_recordset($1::json) AS a (${ROWS})),
  ${openFamilies('asked')}`

const INSERT_ACCESS = `INSERT INTO oauth_access_token
  SELECT * FROM json_populate_recordset(NULL::oauth_access_token, $1::json) RETURNING id`

/** Inserts access tokens without a family in one statement. */
async function insertAccessTokens(
  sql: NonNullable<ProviderStore['sql']>,
  tokens: readonly AccessRow[],
): Promise<readonly boolean[]> {
  const params = [JSON.stringify(tokens.map(sqlColumns))]
  const running = sql.query<{ id: string }>(INSERT_ACCESS, params, { name: 'oauth_access_insert' })
  const inserted = await insertedIn(running, tokens.length)
  return tokens.map(({ id }) => inserted.has(id))
}

const insertShared = sharedStatement(insertAccessTokens)

/**
 * The ids that a statement for so many requests inserted. A client or person deleted meanwhile fails
 * them all, and each is then tried alone: whose it is inserts nothing.
 */
export async function insertedIn(
  running: Promise<{ readonly rows: readonly { readonly id: string }[] }>,
  requests: number,
): Promise<ReadonlySet<string>> {
  try {
    return new Set((await running).rows.map(({ id }) => id))
  } catch (error) {
    if (requests === 1 && isOrphan(error)) return new Set()
    throw error
  }
}

/**
 * Stores tokens, and the family they open, in one statement; false when the client or the person is
 * no more, or when what the family comes from opened one already.
 */
export async function saveTokens(store: ProviderStore, rows: TokenRows): Promise<boolean> {
  const { sql, adapter } = store
  if (!sql) {
    await adapter.transaction((inner) => createRows(inner, rows))
    return true
  }
  if (!rows.family) return insertShared(sql, rows.access)
  const params = [JSON.stringify([rowsAsJson(rows)])]
  const running = sql.query<{ id: string }>(INSERT_FAMILY, params, { name: 'oauth_family_insert' })
  return (await insertedIn(running, 1)).has(rows.access.id)
}

function isOrphan(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === FOREIGN_KEY
}

/** PostgreSQL's code for a row that names another one which is not there. */
const FOREIGN_KEY = '23503'

/** What `openFamilies` reads, by the names of the columns. */
export function rowsAsJson({ family, refresh, access }: TokenRows): Record<string, unknown> {
  return {
    family: family && sqlColumns(family),
    refresh: refresh && sqlColumns(refresh),
    access: sqlColumns(access),
  }
}

/** A row by the names of its columns. */
export function sqlColumns(row: object): Record<string, unknown> {
  const named: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) named[columnOf(name)] = value
  return named
}

const columns = new Map<string, string>()

function columnOf(name: string): string {
  const known = columns.get(name)
  if (known) return known
  const column = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  columns.set(name, column)
  return column
}

type Rows = Pick<AuthContext['adapter'], 'create'>

/**
 * The same through an adapter, which chooses the ids: they may have to be numbers there. Returns
 * that of the family.
 */
export async function createRows(
  rows: Rows,
  { family, refresh, access }: TokenRows,
): Promise<string | null> {
  const grant = family && (await createRow(rows, 'oauthGrant', family))
  const of = { authorizationCodeId: grant?.id ?? null }
  const token = refresh && { ...refresh, ...of }
  const first = token && (await createRow(rows, 'oauthRefreshToken', token))
  const last = { ...access, ...of, refreshId: first?.id ?? null }
  await createRow(rows, 'oauthAccessToken', last)
  return of.authorizationCodeId
}

/** Creates one row, with an id that the adapter chooses. */
export function createRow(
  rows: Rows,
  model: string,
  row: { readonly id: string },
): Promise<{ id: string }> {
  const { id: _id, ...data } = row
  return rows.create<Record<string, unknown>, { id: string }>({ model, data })
}
