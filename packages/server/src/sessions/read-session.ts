import type { BetterAuthOptions } from '@better-auth/core'
import type { DBAdapter } from '@better-auth/core/db/adapter'
import { getAuthTables } from 'better-auth/db'
import { getTableColumns } from 'drizzle-orm'
import type { Sql } from '../database/connection.ts'
import * as schema from '../database/schema.ts'
import type { LoadSession, SessionRecord } from './sessions.ts'

/** Reads a session with its person in one prepared statement of our own database. */
export function readWithSql(sql: Sql, options: BetterAuthOptions): LoadSession {
  const ofSession = columnsOf('session', getTableColumns(schema.session), options)
  const ofUser = columnsOf('user', getTableColumns(schema.user), options)
  const text = `SELECT ${[...ofSession, ...ofUser].map(({ select }) => select).join(', ')}
    FROM session JOIN "user" ON "user".id = session.user_id WHERE session.token = $1`

  return async ({ stored }) => {
    const { rows } = await sql.query(text, [stored], { name: 'countersign_session' })
    const row = rows[0]
    return row
      ? ({ session: recordOf(ofSession, row), user: recordOf(ofUser, row) } as SessionRecord)
      : null
  }
}

/** Reads a session with its person through somebody else's adapter. */
export function readWithAdapter(adapter: DBAdapter): LoadSession {
  return async ({ token, stored }) => {
    if (token === null) return readStored(adapter, stored)
    const row = await adapter.findOne<SessionRecord['session'] & Pick<SessionRecord, 'user'>>({
      model: 'session',
      where: [{ field: 'token', value: token }],
      join: { user: true },
    })
    return row?.user ? { session: row, user: row.user } : null
  }
}

/** Asked for without its person, a session is found by the stored form of its token. */
async function readStored(adapter: DBAdapter, stored: string): Promise<SessionRecord | null> {
  const session = await adapter.findOne<SessionRecord['session'] & { userId: string }>({
    model: 'session',
    where: [{ field: 'token', value: stored }],
  })
  if (!session) return null
  const user = await adapter.findOne<SessionRecord['user']>({
    model: 'user',
    where: [{ field: 'id', value: session.userId }],
  })
  return user && { session, user }
}

interface Column {
  readonly field: string
  readonly alias: string
  readonly select: string
}

/** The columns of the fields that Better Auth and its plugins know: what it would read itself. */
function columnsOf(
  model: 'session' | 'user',
  columns: Readonly<Record<string, { readonly name: string }>>,
  options: BetterAuthOptions,
): Column[] {
  const fields = getAuthTables(options)[model]?.fields ?? {}
  return ['id', ...Object.keys(fields)].flatMap((field) => {
    const column = Object.hasOwn(columns, field) ? columns[field] : undefined
    if (!column) return []
    const alias = `${model}_${column.name}`
    return { field, alias, select: `"${model}"."${column.name}" AS "${alias}"` }
  })
}

function recordOf(columns: readonly Column[], row: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(columns.map(({ field, alias }) => [field, row[alias]]))
}
