import { isStorableJson } from '@countersign/protocol'
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { createGuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import { isCanonicalJwt } from '../../jwt-spelling.ts'
import { ASSERTION_ALGORITHMS } from './algorithms.ts'
import { IssuerKeys } from './issuer-keys.ts'
import type { TrustedIssuer } from './options.ts'

/** By how many seconds the clocks of others may differ from ours. */
export const CLOCK_TOLERANCE = 30

/** The longest JWT that is looked at, in characters. */
const MAX_LENGTH = 16_384

/** A JWT of somebody else counts for nothing. The message says why, without repeating what it said. */
export class AssertionRefused extends Error {
  override readonly name = 'AssertionRefused'
}

/** A JWT whose issuer is trusted, with signature, audience and time verified. */
export interface TrustedAssertion {
  readonly issuer: TrustedIssuer
  readonly subject: string
  readonly claims: JWTPayload
}

interface Expected {
  /** The one audience it must be for. */
  readonly audience: (issuer: TrustedIssuer) => string
  /** The `typ` it must have; absent takes any but that of an ID-JAG. */
  readonly type?: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The issuers whose JWTs count here, and their keys. */
export class TrustedIssuers {
  readonly #issuers: ReadonlyMap<string, { issuer: TrustedIssuer; keys: IssuerKeys }>

  /** `now` is the clock by which keys get old, in milliseconds. */
  constructor(
    issuers: readonly TrustedIssuer[],
    dangerouslyAllowLoopback: boolean,
    now: () => number = Date.now,
  ) {
    const fetch = createGuardedFetch({ dangerouslyAllowLoopback })
    this.#issuers = new Map(
      issuers.map((issuer) => [
        issuer.issuer,
        { issuer, keys: new IssuerKeys(issuer, fetch, now) },
      ]),
    )
  }

  /** Whether a JWT says that a trusted issuer made it: good for choosing how to verify it. */
  names(jwt: string): boolean {
    return this.#claimed(jwt) !== undefined
  }

  /**
   * Verifies a JWT of a trusted issuer. Rejects with `AssertionRefused`, or with an `OAuthError` of
   * status 503 when the issuer's keys cannot be read.
   */
  async verify(jwt: string, { audience, type, now }: Expected): Promise<TrustedAssertion> {
    const known = this.#claimed(jwt)
    if (!known) throw new AssertionRefused('Nobody whom this server trusts made the JWT.')
    const { issuer, keys } = known
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, keys.find, {
        algorithms: [...(issuer.algorithms ?? ASSERTION_ALGORITHMS)],
        issuer: issuer.issuer,
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(now),
        requiredClaims: ['sub', 'aud', 'exp'],
        ...(type !== undefined && { typ: type }),
      })
      // Made for one purpose, and bound to one client by a claim that only that purpose reads.
      if (type === undefined && protectedHeader.typ?.includes('id-jag')) {
        throw new AssertionRefused('An identity assertion is exchanged with the jwt-bearer grant.')
      }
      // Its texts are looked up and stored, and JSON escapes what no database takes.
      if (!isStorableJson(payload)) throw new AssertionRefused('The JWT is malformed.')
      const { sub = '', aud } = payload
      const audiences = typeof aud === 'string' ? [aud] : (aud ?? [])
      if (audiences.length !== 1 || audiences[0] !== audience(issuer)) {
        throw new AssertionRefused('The JWT is for another audience.')
      }
      if (sub === '') throw new AssertionRefused('The JWT is about nobody.')
      return { issuer, subject: sub, claims: payload }
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      throw new AssertionRefused(
        error instanceof errors.JWTExpired
          ? 'The JWT has expired.'
          : 'The JWT is malformed, or not signed by its issuer.',
        { cause: error },
      )
    }
  }

  #claimed(jwt: string) {
    if (jwt.length > MAX_LENGTH || !isCanonicalJwt(jwt)) return undefined
    try {
      return this.#issuers.get(decodeJwt(jwt).iss ?? '')
    } catch {
      return undefined
    }
  }
}
