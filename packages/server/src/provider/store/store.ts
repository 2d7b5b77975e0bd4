import type { AuthContext } from '@better-auth/core'
import type { ProviderConnection } from '../connection.ts'

/**
 * Where the provider keeps its rows: SQL on our own database, else Better Auth's adapter.
 *
 * Each file beside this one has the statements of one kind of row, as functions of this pair.
 */
export class ProviderStore {
  readonly adapter: AuthContext['adapter']
  readonly sql: ProviderConnection['sql'] | null
  /** Whether people belong to organizations here. */
  readonly hasOrganizations: boolean

  constructor(
    { adapter, hasPlugin }: Pick<AuthContext, 'adapter' | 'hasPlugin'>,
    connection: ProviderConnection | null,
  ) {
    this.adapter = adapter
    this.hasOrganizations = hasPlugin('organization')
    this.sql = connection?.sql ?? null
  }
}
