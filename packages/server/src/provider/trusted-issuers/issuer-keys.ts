import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import * as z from 'zod'
import { FetchRefused } from '../../guarded-fetch/fetch-refused.ts'
import type { GuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import { OAuthError } from '../oauth-error.ts'
import type { TrustedIssuer } from './options.ts'

/** How long, in milliseconds, fetched keys count without being fetched again. */
const MAX_AGE = 300_000

/** How soon, in milliseconds, a key nobody knows makes them be fetched again. */
const COOLDOWN = 10_000

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })
const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() })

interface Fetched {
  readonly find: ReturnType<typeof createLocalJWKSet>
  readonly fetchedAt: number
}

/** The keys of one trusted issuer: those of the options, or fetched from it and remembered. */
export class IssuerKeys {
  readonly #issuer: TrustedIssuer
  readonly #fetch: GuardedFetch
  readonly #now: () => number
  #fetched: Promise<Fetched> | undefined

  /** `now` is the clock by which keys get old, in milliseconds. */
  constructor(issuer: TrustedIssuer, fetch: GuardedFetch, now: () => number = () => Date.now()) {
    this.#issuer = issuer
    this.#fetch = fetch
    this.#now = now
    if (issuer.jwks) {
      const find = createLocalJWKSet(issuer.jwks as JSONWebKeySet)
      this.#fetched = Promise.resolve({ find, fetchedAt: Infinity })
    }
  }

  /** Finds the key that a JWT names; a name nobody knows is looked for again, but not all the time. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#current(MAX_AGE)
    const look = ({ find }: Fetched) => find(header, token).catch(refuseUnusable)
    try {
      return await look(known)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const again = await this.#current(COOLDOWN)
      if (again === known) throw error
      return look(again)
    }
  }

  async #current(maxAge: number): Promise<Fetched> {
    const before = this.#fetched
    const known = await before
    if (known && this.#now() - known.fetchedAt < maxAge) return known
    // Whoever else found it too old meanwhile has begun to fetch already.
    if (this.#fetched === before) {
      const reading = this.#read()
      this.#fetched = reading
      reading.catch(() => (this.#fetched = undefined))
    }
    return this.#fetched ?? this.#read()
  }

  async #read(): Promise<Fetched> {
    const fetchedAt = this.#now()
    try {
      const { body } = await this.#fetch(await this.#address())
      return { find: createLocalJWKSet(keySet.parse(body)), fetchedAt }
    } catch (cause) {
      if (!(cause instanceof FetchRefused || cause instanceof z.ZodError)) throw cause
      throw new OAuthError(
        'temporarily_unavailable',
        'The keys for this JWT cannot be read where they are published. Try again in a moment.',
        { headers: { 'retry-after': '5' }, cause },
      )
    }
  }

  /** The JWKS that the options name, else the one of the discovery document, if it is this issuer's. */
  async #address(): Promise<string> {
    const { issuer, jwksUri } = this.#issuer
    if (jwksUri !== undefined) return jwksUri
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const document = discovery.parse((await this.#fetch(url)).body)
    if (document.issuer === issuer) return document.jwks_uri
    throw new FetchRefused('json', 'the discovery document is of another issuer')
  }
}

/** A key can have the right form and be none: what is wrong with it is its owner's, not ours. */
function refuseUnusable(error: unknown): never {
  if (error instanceof errors.JOSEError) throw error
  throw new errors.JWKSInvalid('The key cannot be used.', { cause: error })
}
