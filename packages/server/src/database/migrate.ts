import { createHash } from 'node:crypto'
import type { Connection, Sql } from './connection.ts'
import { migrations as ownMigrations } from './migrations/index.ts'
import type { Migration } from './migrations/index.ts'

/** A fixed number for the advisory lock, so that two processes never migrate at once. */
const migrationLock = 4_158_001_337

const migrationTable = `
CREATE TABLE IF NOT EXISTS countersign_migration (
  name text PRIMARY KEY NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz DEFAULT now() NOT NULL
)`

/** The database is not what this version of the software expects. The message says what to run. */
export class SchemaDrift extends Error {
  override readonly name = 'SchemaDrift'
}

/**
 * Applies the missing migrations, all or none, and returns their names.
 *
 * Safe from several processes at once: one of them does it, the others wait and find nothing left.
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[] = ownMigrations,
): Promise<readonly string[]> {
  if ((await pendingMigrations(connection, migrations)).length === 0) return []
  return connection.sql.transaction(async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await sql.query(migrationTable)
    const pending = missing(migrations, await applied(sql))
    for (const migration of pending) await apply(sql, migration, connection.dialect)
    return pending.map((migration) => migration.name)
  })
}

/** Names of the migrations that this database lacks. Throws `SchemaDrift` when its history is not ours. */
export async function pendingMigrations(
  { sql }: Connection,
  migrations: readonly Migration[] = ownMigrations,
): Promise<readonly string[]> {
  const table = await sql.query<{ exists: boolean }>(
    `SELECT to_regclass('countersign_migration') IS NOT NULL AS exists`,
  )
  const history = table.rows[0]?.exists === true ? await applied(sql) : []
  return missing(migrations, history).map((migration) => migration.name)
}

interface Applied {
  name: string
  checksum: string
}

async function applied(sql: Sql): Promise<Applied[]> {
  const { rows } = await sql.query<Applied>(
    'SELECT name, checksum FROM countersign_migration ORDER BY name',
  )
  return rows
}

function missing(migrations: readonly Migration[], history: readonly Applied[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, checksum(migration)]))
  for (const { name, checksum: recorded } of history) {
    const expected = known.get(name)
    if (expected === undefined) {
      throw new SchemaDrift(
        `The database has migration ${name}, which this version of Countersign does not know: run the version that applied it, or a newer one.`,
      )
    }
    if (expected !== recorded) {
      throw new SchemaDrift(
        `Migration ${name} was applied to this database in another form: restore the database, or run the version that applied it.`,
      )
    }
  }
  const done = new Set(history.map(({ name }) => name))
  return migrations.filter((migration) => !done.has(migration.name))
}

async function apply(sql: Sql, migration: Migration, dialect: Connection['dialect']) {
  const extra = dialect === 'embedded' ? (migration.embedded ?? '') : ''
  const statements = `${migration.sql}${extra}`.split(/;\s*$/m)
  for (const statement of statements) {
    if (statement.trim()) await sql.query(statement)
  }
  await sql.query('INSERT INTO countersign_migration (name, checksum) VALUES ($1, $2)', [
    migration.name,
    checksum(migration),
  ])
}

function checksum({ sql }: Migration): string {
  return createHash('sha256').update(sql.replace(/\s+/g, ' ').trim()).digest('base64url')
}
