import { decodeBase64url } from '@countersign/protocol'
import { AccessTokenError } from './error.ts'

/** Who acts for the subject, and for whom in turn (RFC 8693 section 4.1). */
export interface Actor {
  readonly sub: string
  readonly act?: unknown
  readonly [claim: string]: unknown
}

/** Whoever comes with an access token that counts here. */
export interface AccessToken {
  /** The person; for a client that acts for itself, the client. Unique within the issuer. */
  readonly subject: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** `org_id`: the organization the person chose for this client. */
  readonly organizationId: string | null
  /** Who acts in the person's name (`act`); `null` where it is the client alone. */
  readonly actor: Actor | null
  /** Seconds since 1970. */
  readonly expiresAt: number
  /** The DPoP key the token is bound to, by its RFC 7638 thumbprint (RFC 9449 section 6). */
  readonly confirmation: { readonly jkt: string } | null
  /** Everything the token says. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** What claims are checked against; `now` in seconds since 1970. */
export interface ClaimExpectations {
  readonly issuer: string
  readonly resource: string
  readonly now: number
}

/** Seconds by which the clocks of the two sides may differ. */
const LEEWAY = 30

/**
 * Checks the claims of a JWT (RFC 9068 section 4) and reads the token.
 *
 * `aud` is this resource and nobody else: a token that is good in two places can be carried from one
 * to the other.
 */
export function readJwtClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: ClaimExpectations,
): AccessToken {
  if (claims['iss'] !== expected.issuer) throw refused('The token is from another issuer.')
  text(claims, 'sub')
  text(claims, 'jti')
  if (seconds(claims, 'iat') > expected.now + LEEWAY) throw refused('The token is from the future.')
  return readClaims(claims, expected)
}

/** Checks what an issuer says of a token (RFC 7662 section 2.2) and reads it. */
export function readIntrospectedClaims(
  answer: Readonly<Record<string, unknown>>,
  expected: ClaimExpectations,
): AccessToken {
  const { active: _, ...claims } = answer
  const { iss, token_type: type } = claims
  if (iss !== undefined && iss !== expected.issuer)
    throw refused('The token is from another issuer.')
  // A refresh token is active too, and opens nothing.
  if (typeof type !== 'string' || !/^(bearer|dpop)$/i.test(type)) {
    throw refused('This is no access token.')
  }
  return readClaims(claims, expected)
}

function readClaims(
  claims: Readonly<Record<string, unknown>>,
  { resource, now }: ClaimExpectations,
): AccessToken {
  const { aud } = claims
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length !== 1 || audiences[0] !== resource) {
    throw refused('The token is for another audience.')
  }
  const expiresAt = seconds(claims, 'exp')
  // Negated comparisons, so that a clock that is not a number refuses.
  if (!(now < expiresAt + LEEWAY)) throw refused('The token has expired.')
  if (Object.hasOwn(claims, 'nbf') && !(seconds(claims, 'nbf') <= now + LEEWAY)) {
    throw refused('The token does not count yet.')
  }
  const clientId = text(claims, 'client_id')
  return {
    // RFC 9068 section 2.2: without a person the client is the subject.
    subject: optionalText(claims, 'sub') ?? clientId,
    clientId,
    scopes: (optionalText(claims, 'scope') ?? '').split(' ').filter((scope) => scope !== ''),
    organizationId: optionalText(claims, 'org_id') ?? null,
    actor: readActor(claims),
    expiresAt,
    confirmation: readConfirmation(claims),
    claims,
  }
}

function readActor(claims: Readonly<Record<string, unknown>>): Actor | null {
  if (!Object.hasOwn(claims, 'act')) return null
  const actor = Object(claims['act']) as Record<string, unknown>
  return { ...actor, sub: text(actor, 'sub', 'act') }
}

/** A binding that nobody here can check is refused: ignored, it would bind nothing. */
function readConfirmation(claims: Readonly<Record<string, unknown>>): { jkt: string } | null {
  if (!Object.hasOwn(claims, 'cnf')) return null
  const { jkt, ...others } = Object(claims['cnf']) as Record<string, unknown>
  const isThumbprint = typeof jkt === 'string' && decodeBase64url(jkt)?.length === 32
  if (isThumbprint && Object.keys(others).length === 0) return { jkt }
  throw refused('The token is bound to something that cannot be checked here.')
}

function text(claims: Readonly<Record<string, unknown>>, name: string, label = name): string {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (typeof value === 'string' && value !== '') return value
  throw refused(`The token has no valid ${label}.`)
}

function optionalText(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined || value === null || value === '') return undefined
  return text(claims, name)
}

function seconds(claims: Readonly<Record<string, unknown>>, name: string): number {
  const value = claims[name]
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw refused(`The token has no valid ${name}.`)
}

function refused(description: string): AccessTokenError {
  return new AccessTokenError('invalid_token', description)
}
