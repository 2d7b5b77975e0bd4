import type { BetterAuthPlugin } from '@better-auth/core'
import type { Connection } from './connection.ts'
import { checkSchema } from './drift.ts'
import { migrate } from './migrate.ts'

/** Brings the database to the schema of this version, or throws what to run. */
export async function prepareDatabase(
  connection: Connection,
  options: { readonly migrate: boolean },
): Promise<void> {
  await connection.ping()
  if (options.migrate) await migrate(connection)
  await checkSchema(connection)
}

/**
 * Makes Better Auth's context, and with it every request and `auth.api` call, wait for the database.
 */
export function waitForDatabase(prepared: Promise<void>) {
  return {
    id: 'countersign-database',
    async init() {
      await prepared
    },
  } satisfies BetterAuthPlugin
}
