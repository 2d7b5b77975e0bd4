import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { Connection } from './connection.ts'
import { pendingMigrations, SchemaDrift } from './migrate.ts'
import * as schema from './schema.ts'

/** Throws `SchemaDrift`, with what to run, unless the database has every table and column we use. */
export async function checkSchema(connection: Connection): Promise<void> {
  const pending = await pendingMigrations(connection)
  if (pending.length > 0) {
    throw new SchemaDrift(
      `The database lacks ${pending.join(', ')}: run \`npx @countersign/cli migrate\`, or start once with COUNTERSIGN_MIGRATE=true.`,
    )
  }
  const present = await presentColumns(connection)
  const absent = ownColumns().filter((column) => !present.has(column))
  if (absent.length > 0) {
    throw new SchemaDrift(
      `The database was changed by hand and lacks ${absent.join(', ')}: restore what was removed, or the whole database from a backup.`,
    )
  }
}

async function presentColumns({ sql }: Connection): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name
       FROM information_schema.columns WHERE table_schema = current_schema()`,
  )
  return new Set(rows.map(({ name }) => name))
}

function ownColumns(): string[] {
  return Object.values(schema)
    .filter((table) => table instanceof PgTable)
    .flatMap((table) => {
      const { name, columns } = getTableConfig(table)
      return columns.map((column) => `${name}.${column.name}`)
    })
}
