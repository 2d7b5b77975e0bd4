import type { ProviderStore } from './store.ts'

/** An organization that a person belongs to. */
export interface OwnOrganization {
  readonly id: string
  readonly name: string
}

/** The organizations a person belongs to; none where there are none. */
export async function organizationsOf(
  { adapter, hasOrganizations }: ProviderStore,
  userId: string,
): Promise<readonly OwnOrganization[]> {
  if (!hasOrganizations) return []
  const members = await adapter.findMany<{ organizationId: string }>({
    model: 'member',
    where: [{ field: 'userId', value: userId }],
  })
  if (members.length === 0) return []
  const ids = members.map(({ organizationId }) => organizationId)
  return adapter.findMany<OwnOrganization>({
    model: 'organization',
    where: [{ field: 'id', operator: 'in', value: ids }],
  })
}
