import type { Connection } from '../database/connection.ts'
import type { Lookups } from './lookups.ts'

/** Our own database, and what keeps caches of it current. An adapter of the caller has neither. */
export interface OwnDatabase extends Pick<Connection, 'sql'> {
  readonly lookups: Lookups
}
