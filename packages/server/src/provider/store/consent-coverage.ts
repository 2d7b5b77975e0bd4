import type { ProviderStore } from './store.ts'

/** What a person allowed a client, in one organization or outside of any. */
export interface Consent {
  readonly id: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
}

/** Whose consent, to whom, and for which organization. */
export interface ConsentKey {
  readonly clientId: string
  readonly userId: string
  readonly referenceId: string | null
}

interface Row {
  readonly id: string
  readonly referenceId?: string | null | undefined
  readonly scopes?: readonly string[] | null | undefined
  readonly resources?: readonly string[] | null | undefined
}

/** The consent of exactly this organization, or of none. */
export async function findConsent(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  { clientId, userId, referenceId }: ConsentKey,
): Promise<Consent | null> {
  const rows = await adapter.findMany<Row>({
    model: 'oauthConsent',
    where: [
      { field: 'clientId', value: clientId },
      { field: 'userId', value: userId },
    ],
  })
  const row = rows.find((one) => (one.referenceId ?? null) === referenceId)
  return row ? { id: row.id, scopes: row.scopes ?? [], resources: row.resources ?? [] } : null
}

/** Keeps what a person allows from now on. */
export async function keepConsentScopes(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  id: string,
  scopes: readonly string[],
): Promise<void> {
  const where = [{ field: 'id', value: id }]
  await adapter.update({ model: 'oauthConsent', where, update: { scopes: [...scopes] } })
}

/** The families that have a scope which a person does not allow any more, at the same resources. */
export async function familiesBeyond(
  { adapter }: Pick<ProviderStore, 'adapter'>,
  { clientId, userId, referenceId }: ConsentKey,
  left: { readonly scopes: readonly string[]; readonly resources: readonly string[] },
): Promise<string[]> {
  const families = await adapter.findMany<Row & { revokedAt?: Date | null }>({
    model: 'oauthGrant',
    where: [
      { field: 'clientId', value: clientId },
      { field: 'userId', value: userId },
    ],
    limit: 10_000,
  })
  return families.flatMap((family) => {
    const isMeant = (family.referenceId ?? null) === referenceId && !family.revokedAt
    const hasScope = left.scopes.some((scope) => family.scopes?.includes(scope))
    return isMeant && hasScope && overlaps(family.resources ?? [], left.resources)
      ? [family.id]
      : []
  })
}

/** Two sets of resources with one in common; none at all is one, too. */
function overlaps(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 0 || other.length === 0) return one.length === other.length
  return one.some((resource) => other.includes(resource))
}
