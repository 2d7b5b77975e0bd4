import { isStorable } from './storable.ts'
import { ProtocolError } from './errors.ts'
import type { PublicJwk } from './jwk.ts'
import { decodeJwt } from './jwt.ts'
import type { DecodedJwt } from './jwt.ts'
import { verifyWithWebCrypto } from './verify-signature.ts'
import type { VerifySignature, VerifySignatureSync } from './verify-signature.ts'

/** The claims every JWT of this protocol carries. */
export interface RegisteredClaims {
  readonly decoded: DecodedJwt
  readonly audience: string
  /** Seconds since 1970. */
  readonly issuedAt: number
  /** Seconds since 1970. */
  readonly expiresAt: number
  readonly jwtId: string
}

/** What a JWT is verified against. */
export interface VerifyJwtOptions {
  /** The key on record for whoever the JWT names, never one the JWT brings. */
  key: PublicJwk
  /** The one audience that is right here, compared as a string. */
  audience: string
  /** The current time in seconds since 1970. */
  now: number
  /**
   * How many seconds after `iat` a JWT is good at most, whatever its `exp` says.
   *
   * @default 60
   */
  maxAge?: number
  /**
   * How many seconds the clocks of the two sides may differ. Agent Auth section 8.2 allows 30.
   *
   * @default 30
   */
  clockSkew?: number
  /** Checks the signature. By default WebCrypto does. */
  verifySignature?: VerifySignature
}

/** {@link VerifyJwtOptions} with a check that answers at once. */
export type VerifyJwtSyncOptions = Omit<VerifyJwtOptions, 'verifySignature'> & {
  verifySignature: VerifySignatureSync
}

/** Decodes a JWT of one type and reads its registered claims. Verifies nothing. */
export function readRegisteredClaims(jwt: string, type: string): RegisteredClaims {
  const decoded = decodeJwt(jwt)
  // Exactly one type: an agent's JWT never passes as its host's, nor the other way round.
  if (decoded.header['typ'] !== type) {
    throw new ProtocolError('invalid_jwt', { message: `The \`typ\` of the JWT must be ${type}.` })
  }
  return {
    decoded,
    audience: readText(decoded.payload, 'aud', MAX_URL_LENGTH),
    issuedAt: readTime(decoded.payload, 'iat'),
    expiresAt: readTime(decoded.payload, 'exp'),
    jwtId: readText(decoded.payload, 'jti'),
  }
}

/** The longest URL a claim may hold, in characters. */
export const MAX_URL_LENGTH = 2048

/** Reads a required text of 1 to `maxLength` characters from a header or a payload. */
export function readText(part: DecodedJwt['payload'], name: string, maxLength = 256): string {
  const value = Object.hasOwn(part, name) ? part[name] : undefined
  const fits = typeof value === 'string' && value.length > 0 && value.length <= maxLength
  if (fits && isStorable(value)) return value
  throw invalidClaim(name)
}

/** Reads a text that may be absent. Present but wrong is refused, not ignored. */
export function readOptionalText(
  part: DecodedJwt['payload'],
  name: string,
  maxLength?: number,
): string | undefined {
  return Object.hasOwn(part, name) ? readText(part, name, maxLength) : undefined
}

/** The refusal of a JWT for a claim that is missing or malformed. */
export function invalidClaim(name: string): ProtocolError {
  return new ProtocolError('invalid_jwt', { message: `The JWT has no valid \`${name}\`.` })
}

/** What the claims alone are checked against. */
export type CheckClaimsOptions = Pick<VerifyJwtOptions, 'audience' | 'now' | 'maxAge' | 'clockSkew'>

/**
 * Checks audience and time, and returns until when the JWT would be accepted, in seconds since 1970.
 *
 * Nothing is proven by it: it spares the work of looking for a key that would not help.
 */
export function checkClaims(token: RegisteredClaims, options: CheckClaimsOptions): number {
  const { maxAge = 60, clockSkew = 30 } = options
  if (token.audience !== options.audience) throw refused('The JWT is for another audience.')

  // Negated comparisons, so that a clock that is not a number refuses.
  if (!(token.issuedAt <= options.now + clockSkew)) throw refused('The JWT is from the future.')
  const goodUntil = Math.min(token.expiresAt, token.issuedAt + maxAge) + clockSkew
  if (!(options.now < goodUntil)) throw refused('The JWT has expired.')
  return goodUntil
}

/**
 * Verifies audience, time and signature, and returns until when the JWT is accepted: for so long,
 * in seconds since 1970, its `jti` must be remembered (section 8.2).
 */
export async function verifyClaims(
  token: RegisteredClaims,
  options: VerifyJwtOptions,
): Promise<number> {
  const { verifySignature = verifyWithWebCrypto } = options
  const goodUntil = checkClaims(token, options)
  const { signature, signedData } = token.decoded
  const authentic = await verifySignature(options.key, signature, signedData)
  if (!authentic) throw wrongSignature()
  return goodUntil
}

/** {@link verifyClaims} at once, where signatures are checked on the calling thread. */
export function verifyClaimsSync(token: RegisteredClaims, options: VerifyJwtSyncOptions): number {
  const goodUntil = checkClaims(token, options)
  const { signature, signedData } = token.decoded
  if (!options.verifySignature(options.key, signature, signedData)) throw wrongSignature()
  return goodUntil
}

function wrongSignature(): ProtocolError {
  return refused('The signature of the JWT is invalid.')
}

/** Reads a required time, in seconds since 1970. */
export function readTime(payload: DecodedJwt['payload'], name: string): number {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw invalidClaim(name)
}

function refused(message: string): ProtocolError {
  return new ProtocolError('invalid_jwt', { message })
}
