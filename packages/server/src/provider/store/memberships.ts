import type { ProviderStore } from './store.ts'

/** An organization of a person, and what they are there. */
export interface Membership {
  readonly organizationId: string
  /** One role, or several with commas between them. */
  readonly role: string
}

/** Every organization a person belongs to. */
export async function membershipsOf(
  { sql, adapter }: ProviderStore,
  userId: string,
): Promise<readonly Membership[]> {
  if (sql) {
    const text =
      'SELECT organization_id AS "organizationId", role FROM member WHERE user_id = $1 LIMIT 1000'
    return (await sql.query<Membership>(text, [userId])).rows
  }
  const where = [{ field: 'userId', value: userId }]
  return adapter.findMany<Membership>({ model: 'member', where, limit: 1000 })
}
