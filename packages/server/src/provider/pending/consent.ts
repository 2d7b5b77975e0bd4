import type { ProviderContext } from '../context.ts'
import { type ConsentKey, findConsent, keepConsentScopes } from '../store/consent-coverage.ts'

interface Allowed extends ConsentKey {
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Stores what a person allowed a client on another device as their consent, or adds it to the one
 * they gave before for the same resources.
 *
 * A consent for other resources stays as it is: together they would allow what nobody was asked.
 */
export async function saveConsent({ store }: ProviderContext, allowed: Allowed): Promise<void> {
  const known = (await findConsent(store, allowed)) ?? (await createConsent(store, allowed))
  if (!known) return
  const isSame = known.resources.toSorted().join(' ') === allowed.resources.toSorted().join(' ')
  const scopes = [...new Set([...known.scopes, ...allowed.scopes])]
  if (isSame && scopes.length > known.scopes.length) {
    await keepConsentScopes(store, known.id, scopes)
  }
}

/** Null when it was created; the other one when another page created it in this moment. */
async function createConsent(
  store: ProviderContext['store'],
  { clientId, userId, referenceId, scopes, resources, now }: Allowed,
) {
  const key = { clientId, userId, referenceId }
  const at = new Date(now)
  const stamps = { createdAt: at, updatedAt: at, requestedUserInfoClaims: [] }
  try {
    await store.adapter.create({
      model: 'oauthConsent',
      data: { ...key, ...stamps, scopes: [...scopes], resources: [...resources] },
    })
    return null
  } catch (error) {
    const other = await findConsent(store, key)
    if (other) return other
    throw error
  }
}
