import type { Connection } from './connection.ts'
import { connectEmbedded } from './embedded.ts'
import { connectPostgres } from './postgres.ts'

/** Where the data lies: a PostgreSQL server, or a directory for the embedded database. */
export interface ConnectOptions {
  /** `postgres://` URL. Without one the embedded database in `dataDir` is used. */
  connectionString?: string | undefined
  /**
   * Directory of the embedded database.
   *
   * @default `.countersign`
   */
  dataDir?: string | undefined
  /**
   * Connections that the PostgreSQL pool keeps at most.
   *
   * @default 10
   */
  poolSize?: number | undefined
}

/** Opens the database. It returns at once; `ping()` says whether the database answers. */
export function connect(options: ConnectOptions): Connection {
  return options.connectionString
    ? connectPostgres(options.connectionString, { poolSize: options.poolSize })
    : connectEmbedded(options.dataDir ?? '.countersign')
}
