import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite, types } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { DatabaseUnavailable } from './connection.ts'
import type { Connection, SqlResult } from './connection.ts'
import { lockDirectory } from './lock.ts'
import type { NotificationHandler, Subscription } from './notifications.ts'
import * as schema from './schema.ts'

/**
 * Opens the embedded database in `<dataDir>/database`: PostgreSQL inside this process.
 *
 * One process at a time; a second one is refused before it touches a file.
 */
export function connectEmbedded(dataDir: string): Connection {
  const directory = join(dataDir, 'database')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(dataDir)
  const client = new PGlite(directory, { parsers: { [types.INT8]: Number } })
  // A failed start is reported by the first statement, not as an unhandled rejection.
  client.waitReady.catch(() => {})
  let closing: Promise<void> | undefined

  return {
    dialect: 'embedded',
    db: drizzle(client, { schema }),
    sql: {
      query: (text, params) => run(client, text, params),
      transaction: (work) =>
        client.transaction((inner) => work({ query: (text, params) => run(inner, text, params) })),
      script: async (text) => void (await client.exec(text)),
    },
    listen: (channel, handler) => listen(client, channel, handler),
    async ping() {
      try {
        await client.query('select 1')
      } catch (cause) {
        throw new DatabaseUnavailable(`The database in ${directory} does not open.`, { cause })
      }
    },
    close: () => (closing ??= closeClient(client).finally(unlock)),
  }
}

/** Nothing can be lost between a database and the process it runs in. */
function listen(client: PGlite, channel: string, handler: NotificationHandler): Subscription {
  const listening = client.listen(channel, handler.onMessage)
  listening.then(
    () => handler.onState(true),
    () => handler.onState(false),
  )
  return {
    async close() {
      await listening.then((stop) => stop()).catch(() => {})
    },
  }
}

async function closeClient(client: PGlite): Promise<void> {
  await client.waitReady.catch(() => {})
  if (!client.closed) await client.close()
}

async function run<Row>(
  client: Pick<PGlite, 'query'>,
  text: string,
  params: readonly unknown[] = [],
): Promise<SqlResult<Row>> {
  const { rows, affectedRows } = await client.query<Row>(text, [...params])
  return { rows, rowCount: affectedRows || rows.length }
}
