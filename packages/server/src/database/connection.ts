import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { NotificationHandler, Subscription } from './notifications.ts'
import type * as schema from './schema.ts'

/** The rows of one statement, and how many it returned or changed. */
export interface SqlResult<Row> {
  rows: Row[]
  rowCount: number
}

/** Statements in SQL, for paths where a query builder costs too much. */
export interface Sql {
  /**
   * Runs one statement with `$1`-style parameters.
   *
   * A `name` makes it a prepared statement on PostgreSQL. Values for json columns are passed as
   * text (`JSON.stringify`), the form that both drivers store alike.
   */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    options?: { name?: string },
  ): Promise<SqlResult<Row>>
}

/** A Drizzle database over our schema, whatever driver is behind it. */
export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

/** One open database: PostgreSQL, or the embedded one in the data directory. */
export interface Connection {
  readonly dialect: 'postgres' | 'embedded'
  readonly db: Database
  readonly sql: Sql & {
    /**
     * Runs statements in one transaction, rolled back when `work` throws.
     *
     * Inside, use the `Sql` it is given: the embedded database has one connection, and a statement
     * on the outer one waits for the transaction to end.
     */
    transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
    /** Runs several statements without parameters, for migrations. */
    script(text: string): Promise<void>
  }
  /** Listens on a channel of `NOTIFY`; messages of every process on this database arrive. */
  listen(channel: string, handler: NotificationHandler): Subscription
  /** Resolves when the database answers, and throws `DatabaseUnavailable` when it does not. */
  ping(): Promise<void>
  /** Ends every connection. Later statements fail. */
  close(): Promise<void>
}

/** The database does not answer, or does not let us in. The message never carries the password. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}
