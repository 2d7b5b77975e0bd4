import { drizzle } from 'drizzle-orm/node-postgres'
import { Pool, types } from 'pg'
import type { PoolClient } from 'pg'
import { DatabaseUnavailable } from './connection.ts'
import type { Connection, Sql, SqlResult } from './connection.ts'
import { listenOnPostgres } from './postgres-notifications.ts'
import * as schema from './schema.ts'

const connectTimeout = 3_000
const statementTimeout = 15_000
const int8 = 20

/** Opens a pool of connections to a PostgreSQL server. */
export function connectPostgres(
  connectionString: string,
  { poolSize = 10 }: { poolSize?: number | undefined } = {},
): Connection {
  const { host } = parseConnectionString(connectionString)
  const pool = new Pool({
    connectionString,
    max: poolSize,
    connectionTimeoutMillis: connectTimeout,
    statement_timeout: statementTimeout,
    // The server enforces `statement_timeout`; this one ends the wait when the server is gone.
    query_timeout: statementTimeout + 2_000,
    keepAlive: true,
    application_name: 'countersign',
    types: { getTypeParser },
  })
  // A server that goes away reports it on idle and on busy clients. Without listeners Node would
  // end the process; the statement that needed the client fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))

  return {
    dialect: 'postgres',
    db: drizzle(pool, { schema }),
    sql: {
      query: (text, params, options) => run(pool, { text, params, name: options?.name }),
      transaction: (work) => transaction(pool, work),
      script: async (text) => void (await pool.query(text)),
    },
    listen: (channel, handler) => listenOnPostgres(connectionString, channel, handler),
    async ping() {
      try {
        await pool.query('select 1')
      } catch (cause) {
        throw new DatabaseUnavailable(
          `The database at ${host} does not answer: ${reason(cause)}.`,
          {
            cause,
          },
        )
      }
    },
    close: closeOnce(pool),
  }
}

/** Reads a connection string, or throws one sentence that does not repeat it. */
export function parseConnectionString(connectionString: string): { host: string } {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new TypeError('The database URL must look like postgres://user:password@host:5432/name.')
  }
  return { host: url.host || url.searchParams.get('host') || 'localhost' }
}

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  // Counters and amounts stay far below 2^53; the embedded driver gives numbers as well.
  if (oid === int8) return Number
  return format === 'binary' ? types.getTypeParser(oid, 'binary') : types.getTypeParser(oid, 'text')
}

async function run<Row>(
  client: Pool | PoolClient,
  query: { text: string; params: readonly unknown[] | undefined; name: string | undefined },
): Promise<SqlResult<Row>> {
  const { rows, rowCount } = await client.query({
    text: query.text,
    values: [...(query.params ?? [])],
    ...(query.name !== undefined && { name: query.name }),
  })
  return { rows, rowCount: rowCount ?? rows.length }
}

async function transaction<T>(pool: Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work({
      query: (text, params, options) => run(client, { text, params, name: options?.name }),
    })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    // A client that cannot roll back is not fit for the next caller.
    client.release(broken)
  }
}

function closeOnce(pool: Pool): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => (closing ??= pool.end())
}

function reason(cause: unknown): string {
  if (cause instanceof AggregateError) return reason(cause.errors[0])
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host'
  if (code === '28P01' || code === '28000') return 'the user or the password is wrong'
  if (code === '3D000') return 'there is no database of that name'
  if (/timeout/i.test(cause.message)) return 'no answer in time'
  return cause.message
}
