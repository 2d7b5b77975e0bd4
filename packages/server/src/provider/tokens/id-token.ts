import { hash } from 'node:crypto'
import { signJwt } from '../../signing-keys/sign-jwt.ts'
import { claimsOf } from '../claims.ts'
import type { ProviderContext } from '../context.ts'
import type { Grant, Person } from './model.ts'

/** What an ID token says. */
export interface IdTokenClaims {
  readonly subject: string
  readonly clientId: string
  readonly person: Person
  readonly family: Grant | null
  readonly scopes: readonly string[]
  readonly nonce: string | undefined
  readonly accessToken: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * An ID token (OpenID Connect Core section 2), signed with RS256, which every client has to know.
 *
 * It carries the claims of the granted scopes: many client libraries never ask for user info (PG10).
 */
export async function makeIdToken(
  { keys, issuer }: ProviderContext,
  claims: IdTokenClaims,
): Promise<string> {
  const { person, family, scopes, nonce } = claims
  return signJwt(await keys.signer('RS256'), 'JWT', {
    ...claimsOf(person, scopes),
    iss: issuer,
    sub: claims.subject,
    aud: claims.clientId,
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    at_hash: leftHalfHash(claims.accessToken),
    ...(nonce !== undefined && { nonce }),
    ...(family?.authTime && { auth_time: Math.floor(family.authTime.getTime() / 1000) }),
    ...(family?.acr && { acr: family.acr }),
    ...(family && family.amr.length > 0 && { amr: family.amr }),
    ...(family?.sessionId && { sid: family.sessionId }),
    ...(family?.referenceId && { org_id: family.referenceId }),
  })
}

/** `at_hash` (OpenID Connect Core section 3.1.3.6): the left half of the SHA-256. */
function leftHalfHash(token: string): string {
  return hash('sha256', token, 'buffer').subarray(0, 16).toString('base64url')
}
