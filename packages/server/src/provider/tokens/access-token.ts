import { randomBytes, randomUUID } from 'node:crypto'
import { signJwt } from '../../signing-keys/sign-jwt.ts'
import { claimsOf } from '../claims.ts'
import type { ProviderContext } from '../context.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProtectedResource } from '../options.ts'
import type { Confirmation, Grant, Person } from './model.ts'

/** An access token as it is stored: its hash, and what it goes with. */
export interface AccessRow {
  readonly id: string
  readonly token: string
  readonly clientId: string
  readonly sessionId: string | null
  readonly userId: string | null
  readonly referenceId: string | null
  readonly authorizationCodeId: string | null
  readonly resources: readonly string[]
  readonly requestedUserInfoClaims: readonly string[]
  readonly refreshId: string | null
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly revoked: Date | null
  readonly confirmation: Confirmation | null
  readonly scopes: readonly string[]
}

/** What an access token says. */
export interface AccessClaims {
  readonly subject: string
  readonly clientId: string
  readonly family: Grant | null
  /** Null for a client that acts for itself. */
  readonly person: Person | null
  readonly scopes: readonly string[]
  readonly resources: readonly ProtectedResource[]
  readonly confirmation: Confirmation | null
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** A random opaque token of 256 bits, or for resources a JWT that they verify themselves. */
export async function makeAccessToken(
  context: ProviderContext,
  claims: AccessClaims,
): Promise<string> {
  const [first] = claims.resources
  if (!first) return `cs_at_${randomBytes(32).toString('base64url')}`
  const signer = await context.keys.signer(first.signingAlgorithm ?? 'EdDSA')
  return signJwt(signer, 'at+jwt', jwtClaims(context.issuer, claims))
}

/**
 * The claims of RFC 9068 section 2.2, with those that the scopes give of the person. What is not known
 * is left out.
 */
function jwtClaims(issuer: string, claims: AccessClaims): Record<string, unknown> {
  const { subject, clientId, family, person, scopes, resources, confirmation } = claims
  const [audience, ...others] = resources.map(({ identifier }) => identifier)
  return {
    ...(person && claimsOf(person, scopes)),
    iss: issuer,
    sub: subject,
    aud: others.length === 0 ? audience : [audience, ...others],
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    jti: randomUUID(),
    client_id: clientId,
    scope: scopes.join(' '),
    ...(family?.authTime && { auth_time: Math.floor(family.authTime.getTime() / 1000) }),
    ...(family?.acr && { acr: family.acr }),
    ...(family && family.amr.length > 0 && { amr: family.amr }),
    ...(family?.referenceId && { org_id: family.referenceId }),
    ...(family?.actor && { act: family.actor }),
    ...(confirmation && { cnf: { jkt: confirmation.jkt } }),
  }
}

/** The resources behind identifiers. Throws `invalid_target` for one that is not there (RFC 8707 section 2). */
export function resourcesOf(
  { options }: Pick<ProviderContext, 'options'>,
  identifiers: readonly string[],
): ProtectedResource[] {
  return identifiers.map((identifier) => {
    const found = options.resources.find((resource) => resource.identifier === identifier)
    if (found) return found
    throw new OAuthError('invalid_target', 'This server makes no tokens for that `resource`.')
  })
}
