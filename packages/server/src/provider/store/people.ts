import type { Person } from '../tokens/model.ts'
import type { ProviderStore } from './store.ts'

/** The columns of a person, joined as `u`, as a `PersonRow`. */
export const PERSON_COLUMNS = `u.id AS "personId", u.name, u.email,
  u.email_verified AS "emailVerified", u.image, u.updated_at AS "updatedAt", u.banned,
  u.ban_expires AS "banExpires", u.role`

/** A person in a joined row; all null when there is none. */
export interface PersonRow {
  readonly personId: string | null
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly image: string | null
  readonly updatedAt: Date
  readonly banned: boolean | null
  readonly banExpires: Date | null
  readonly role: string | null
}

/** The person in a joined row. */
export function personOf(row: PersonRow): Person | null {
  const { personId: id, name, email, emailVerified, image, updatedAt } = row
  const { banned, banExpires, role } = row
  if (id === null) return null
  return { id, name, email, emailVerified, image, updatedAt, banned, banExpires, role }
}

/** A person through the adapter. */
export function findPerson({ adapter }: ProviderStore, id: string): Promise<Person | null> {
  return adapter.findOne<Person>({ model: 'user', where: [{ field: 'id', value: id }] })
}

/** Whether somebody belongs to an organization; always, where there are none. */
export async function isMemberOf(
  { adapter, hasOrganizations }: ProviderStore,
  userId: string,
  organizationId: string | null | undefined,
): Promise<boolean> {
  if (!organizationId || !hasOrganizations) return true
  const where = [
    { field: 'userId', value: userId },
    { field: 'organizationId', value: organizationId },
  ]
  return (await adapter.findOne({ model: 'member', where })) !== null
}
