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

/** Inserts a family with its first tokens, `$1` to `$3`, from each row of `source`. */
export const openFamily = (source: string) => `family AS (
    INSERT INTO oauth_grant
    SELECT g.* FROM ${source}json_populate_record(NULL::oauth_grant, $1::json) g
    ON CONFLICT (code_hash) DO NOTHING RETURNING id
  ), refresh AS (
    INSERT INTO oauth_refresh_token
    SELECT r.* FROM family, json_populate_record(NULL::oauth_refresh_token, $2::json) r
    WHERE r.id IS NOT NULL
  )
  INSERT INTO oauth_access_token
  SELECT a.* FROM family, json_populate_record(NULL::oauth_access_token, $3::json) a`

const INSERT_FAMILY = `WITH ${openFamily('')}`

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
  return rows.family
    ? inserts(sql.query(INSERT_FAMILY, familyParams(rows), { name: 'oauth_family_insert' }))
    : insertShared(sql, rows.access)
}

/** Whether a statement inserted its token; a client or person deleted meanwhile is no failure. */
export async function inserts(running: Promise<{ readonly rowCount: number }>): Promise<boolean> {
  try {
    return (await running).rowCount === 1
  } catch (error) {
    if (isOrphan(error)) return false
    throw error
  }
}

function isOrphan(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === FOREIGN_KEY
}

/** PostgreSQL's code for a row that names another one which is not there. */
const FOREIGN_KEY = '23503'

/** The three parameters of `openFamily`. */
export function familyParams({ family, refresh, access }: TokenRows): (string | null)[] {
  return [sqlRow(family), sqlRow(refresh), sqlRow(access)]
}

/** A row as the JSON that `json_populate_record` reads: by the names of its columns. */
function sqlRow(row: object): string
function sqlRow(row: object | null): string | null
function sqlRow(row: object | null): string | null {
  return row && JSON.stringify(sqlColumns(row))
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
