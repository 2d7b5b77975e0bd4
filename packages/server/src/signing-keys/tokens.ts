import { createHash } from 'node:crypto'
import {
  decodeJwt,
  MAX_JWT_LENGTH,
  ProtocolError,
  type VerifySignature,
} from '@countersign/protocol'
import { SignJWT } from 'jose'
import { createVerifySignature } from '../agent-auth/verify-signature.ts'
import { isStoredToken, storedToken } from '../sessions/stored-token.ts'
import type { SigningKeys } from './signing-keys.ts'

/**
 * The `typ` of the tokens people sign in with. It keeps apart whatever else the same keys sign: an
 * ID token or an access token of an app is never taken for one (RFC 8725 section 3.11).
 */
const TOKEN_TYPE = 'session+jwt'

/** How far clocks may be apart, in seconds. */
const LEEWAY = 30

/** How many verified tokens are remembered; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 10_000

/** What a token says, once it is verified. */
export interface VerifiedToken {
  readonly kid: string
  readonly userId: string
  /** The stored form of the session it was made for. It ends with it. */
  readonly session: string
  /** Until when it is accepted, in milliseconds since the epoch. */
  readonly goodUntil: number
}

/** Whom a token is made for. */
export interface TokenSubject {
  readonly user: {
    readonly id: string
    readonly email: string
    readonly emailVerified: boolean
    readonly name: string
  }
  readonly session: { readonly token: string }
}

/** Makes and verifies the JWTs people sign in with at APIs. */
export class Tokens {
  readonly #keys: SigningKeys
  readonly #issuer: string
  readonly #audiences: ReadonlySet<string>
  readonly #verifySignature: VerifySignature = createVerifySignature()
  readonly #verified = new Map<string, VerifiedToken>()

  constructor(keys: SigningKeys, issuer: string) {
    this.#keys = keys
    this.#issuer = issuer
    this.#audiences = new Set([issuer, ...keys.options.audiences])
  }

  /** Makes a token for a session. */
  async make({ user, session }: TokenSubject): Promise<string> {
    const { kid, privateKey } = await this.#keys.signer()
    const issuedAt = Math.floor(Date.now() / 1000)
    const { id: sub, email, emailVerified, name } = user
    return new SignJWT({ sid: nameOf(session.token), email, email_verified: emailVerified, name })
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: TOKEN_TYPE })
      .setIssuer(this.#issuer)
      .setAudience(this.#issuer)
      .setSubject(sub)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + this.#keys.options.lifetime)
      .sign(privateKey)
  }

  /**
   * Verifies a token at the moment `now`, in milliseconds, or throws `invalid_jwt`. Whether its
   * person and its session still exist is not known here.
   */
  async verify(token: string, now: number): Promise<VerifiedToken> {
    if (token.length > MAX_JWT_LENGTH) throw refused('The token is malformed.')
    // The token itself is not kept: whoever reads the memory must not find a credential.
    const hash = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(hash)
    if (known && now < known.goodUntil && this.#keys.isKnown(known.kid, now)) return known
    const verified = await this.#check(token, now)
    this.#remember(hash, verified)
    return verified
  }

  async #check(token: string, now: number): Promise<VerifiedToken> {
    const { header, payload, signature, signedData } = decodeJwt(token)
    if (header['typ'] !== TOKEN_TYPE) throw refused('The token is of another type.')
    const kid = textOf(header, 'kid', /^[\w-]{1,128}$/)
    // Claims first: what cannot count costs no look-up for its key.
    const goodUntil = this.#checkClaims(payload, now / 1000)
    const userId = textOf(payload, 'sub', /^[ -~]{1,256}$/)
    const session = textOf(payload, 'sid', /^sha256-[\w-]{43}$/)
    const key = await this.#keys.verifier(kid, now)
    const isAuthentic = key !== null && (await this.#verifySignature(key, signature, signedData))
    if (!isAuthentic) throw refused('The signature of the token is invalid.')
    return { kid, userId, session, goodUntil: goodUntil * 1000 }
  }

  /** Checks issuer, audience and time (RFC 7519 section 4.1), and returns until when it is good. */
  #checkClaims(payload: Readonly<Record<string, unknown>>, now: number): number {
    if (claim(payload, 'iss') !== this.#issuer) throw refused('The token is of another issuer.')
    const audience = claim(payload, 'aud')
    const audiences: unknown[] = Array.isArray(audience) ? audience : [audience]
    const isOurs = (value: unknown) => typeof value === 'string' && this.#audiences.has(value)
    if (audiences.length === 0 || !audiences.every(isOurs)) {
      throw refused('The token is for another audience.')
    }
    const notBefore = Object.hasOwn(payload, 'nbf') ? timeOf(payload, 'nbf') : 0
    // Negated comparisons, so that a clock that is not a number refuses.
    if (!(Math.max(timeOf(payload, 'iat'), notBefore) <= now + LEEWAY)) {
      throw refused('The token is not valid yet.')
    }
    const goodUntil = timeOf(payload, 'exp') + LEEWAY
    if (!(now < goodUntil)) throw refused('The token has expired.')
    return goodUntil
  }

  #remember(hash: string, verified: VerifiedToken): void {
    this.#verified.delete(hash)
    this.#verified.set(hash, verified)
    if (this.#verified.size <= MAX_REMEMBERED) return
    const [oldest] = this.#verified.keys()
    if (oldest !== undefined) this.#verified.delete(oldest)
  }
}

function claim(part: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(part, name) ? part[name] : undefined
}

/** The name of a session in a token: what is stored of it, which opens nothing. */
function nameOf(token: string): string {
  return isStoredToken(token) ? token : storedToken(token)
}

/** A text of the one form it can have: nothing else is ever looked up. */
function textOf(part: Readonly<Record<string, unknown>>, name: string, form: RegExp): string {
  const value = claim(part, name)
  if (typeof value === 'string' && form.test(value)) return value
  throw refused(`The token has no valid \`${name}\`.`)
}

function timeOf(payload: Readonly<Record<string, unknown>>, name: string): number {
  const value = claim(payload, name)
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw refused(`The token has no valid \`${name}\`.`)
}

function refused(message: string): ProtocolError {
  return new ProtocolError('invalid_jwt', { message })
}
