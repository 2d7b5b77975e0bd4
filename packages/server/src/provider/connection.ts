import type { Sql } from '../database/connection.ts'
import type { Lookups } from '../lookup/lookups.ts'

/** Our own database; absent inside somebody else's `betterAuth()`. */
export interface ProviderConnection {
  readonly sql: Sql
  readonly lookups: Lookups
}
