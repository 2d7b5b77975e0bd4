import type { Person } from './tokens/model.ts'

type ClaimValue = string | boolean | number

interface Claim {
  /** The scope that gives it. */
  readonly scope: 'profile' | 'email'
  readonly of: (person: Person) => ClaimValue | undefined
}

/** What is known of people here, by scope (OpenID Connect Core sections 5.1 and 5.4). */
const claims: Readonly<Record<string, Claim>> = {
  name: { scope: 'profile', of: ({ name }) => name || undefined },
  // A claim is a URL; a picture may also be stored as data or as a path.
  picture: {
    scope: 'profile',
    of: ({ image }) => (image && /^https?:\/\//.test(image) ? image : undefined),
  },
  updated_at: {
    scope: 'profile',
    of: ({ updatedAt }) => updatedAt && Math.floor(updatedAt.getTime() / 1000),
  },
  email: { scope: 'email', of: ({ email }) => email },
  email_verified: { scope: 'email', of: ({ emailVerified }) => emailVerified },
}

/** Whether a claim is one that a scope of these gives. */
export function isClaimOf(name: string, scopes: readonly string[]): boolean {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
  return claim !== undefined && scopes.includes(claim.scope)
}

/** Names of the claims that can be asked for one by one, besides by scope. */
export const CLAIM_NAMES: readonly string[] = Object.keys(claims)

/**
 * What a client learns of a person: the claims of its scopes, and those it asked for by name and
 * got. `sub` is not among them; what is not known is left out.
 */
export function claimsOf(
  person: Person,
  scopes: readonly string[],
  requested: readonly string[] = [],
): Record<string, ClaimValue> {
  const known: Record<string, ClaimValue> = {}
  for (const [name, { scope, of }] of Object.entries(claims)) {
    if (!scopes.includes(scope) && !requested.includes(name)) continue
    const value = of(person)
    if (value !== undefined) known[name] = value
  }
  return known
}
