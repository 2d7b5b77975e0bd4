import { type DrizzleAdapterConfig, drizzleAdapter as better } from 'better-auth/adapters/drizzle'

type Database = Parameters<typeof better>[0]

/**
 * An adapter over a Drizzle database of your own, for `createAuth({ database })`: your schema merged
 * with `@countersign/server/schema`, migrated by you.
 *
 * Better Auth's adapter, with transactions on: what belongs together is stored together.
 */
export function drizzleAdapter(db: Database, config: DrizzleAdapterConfig) {
  return better(db, { transaction: true, ...config })
}
