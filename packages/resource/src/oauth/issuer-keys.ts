import { createLocalJWKSet, errors, type CryptoKey, type JWSHeaderParameters } from 'jose'
import { askIssuer, type Asking, issuerAway } from './issuer-http.ts'
import type { Issuer } from './issuer.ts'

/** Milliseconds after which the keys are read again. */
const FRESH = 10 * 60_000
/** Milliseconds for which keys count while the issuer is away. */
const USABLE = 60 * 60_000
/** Milliseconds between two readings, whatever tokens claim. */
const PAUSE = 30_000

type FindKey = ReturnType<typeof createLocalJWKSet>

/** The keys of one issuer. A token with an unknown key has them read again, every 30 seconds at most. */
export class IssuerKeys {
  readonly #issuer: Issuer
  readonly #asking: Asking
  readonly #onError: (error: unknown) => void
  #known: { readonly find: FindKey; readonly readAt: number } | undefined
  #triedAt = -Infinity
  #failure: unknown
  #reading: Promise<void> | undefined

  constructor(issuer: Issuer, asking: Asking & { readonly onError: (error: unknown) => void }) {
    this.#issuer = issuer
    this.#asking = asking
    this.#onError = asking.onError
  }

  /** The one key a header fits. Throws `temporarily_unavailable`; `null` where there is none. */
  async find(header: JWSHeaderParameters): Promise<CryptoKey | null> {
    const age = Date.now() - (this.#known?.readAt ?? -Infinity)
    if (age >= USABLE || (age >= FRESH && this.#mayRead())) await this.#read()
    const key = await this.#look(header)
    if (key) return key
    if (this.#mayRead()) await this.#read()
    const found = await this.#look(header)
    // It may be one of the keys that could not be read.
    if (!found && this.#failure !== undefined) throw issuerAway(this.#failure)
    return found
  }

  #mayRead(): boolean {
    return this.#reading !== undefined || Date.now() - this.#triedAt >= PAUSE
  }

  async #look(header: JWSHeaderParameters): Promise<CryptoKey | null> {
    try {
      return (await this.#known?.find(header)) ?? null
    } catch (error) {
      // Several keys fit equally badly: the token does not say which one.
      if (error instanceof errors.JOSEError) return null
      this.#onError(error)
      return null
    }
  }

  /** Reads the keys, once for all who wait. Throws only where no usable ones are left. */
  async #read(): Promise<void> {
    this.#reading ??= this.#start()
    await this.#reading
    const isUsable = this.#known && Date.now() - this.#known.readAt < USABLE
    if (!isUsable) throw issuerAway(this.#failure)
  }

  async #start(): Promise<void> {
    this.#triedAt = Date.now()
    this.#failure = undefined
    try {
      await this.#fetch()
    } catch (error) {
      this.#failure = error
      this.#onError(error)
    } finally {
      this.#reading = undefined
    }
  }

  async #fetch(): Promise<void> {
    const { jwksUri } = await this.#issuer.metadata()
    const { status, body } = await askIssuer(this.#asking, jwksUri)
    if (status !== 200) throw new Error(`${jwksUri} answered ${status}.`)
    // Throws for what is no key set.
    const find = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0])
    this.#known = { find, readAt: Date.now() }
  }
}
