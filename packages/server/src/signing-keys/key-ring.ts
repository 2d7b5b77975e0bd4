import type { PublicJwk } from '@countersign/protocol'
import { publicJwkOf, type StoredKey } from './stored-key.ts'

/** How old, in milliseconds, keys may be while every change is told, and while none is. */
const MAX_AGE = { told: 60_000, untold: 5_000 }

/** How soon, in milliseconds, an unknown `kid` makes the keys be read again. */
const COOLDOWN = 200

interface Ring {
  readonly keys: readonly StoredKey[]
  /** Ed25519 keys by `kid`, parsed once. */
  readonly verifiers: ReadonlyMap<string, Verifier>
  readonly readAt: number
}

interface Verifier {
  readonly key: StoredKey
  readonly jwk: PublicJwk
}

/**
 * The keys of this server, remembered until they change.
 *
 * It is kept current as a `LookupCache` is: another process's change is told by the database, and
 * while nobody tells, what is remembered is a few seconds old at most.
 */
export class KeyRing {
  readonly #read: () => Promise<readonly StoredKey[]>
  #ring: Ring | null = null
  #reading: Promise<Ring> | null = null
  /** Counts changes: what was read before one is not remembered after it. */
  #generation = 0
  #isTold = false

  constructor(read: () => Promise<readonly StoredKey[]>) {
    this.#read = read
  }

  /** All keys, at most a minute old. */
  async keys(now: number): Promise<readonly StoredKey[]> {
    return (await this.#current(now)).keys
  }

  /** The Ed25519 key that a token names. An unknown name is looked for again, but not all the time. */
  async find(kid: string, now: number): Promise<Verifier | null> {
    const ring = await this.#current(now)
    const known = ring.verifiers.get(kid)
    if (known || now - ring.readAt < COOLDOWN) return known ?? null
    return (await this.#load()).verifiers.get(kid) ?? null
  }

  /** The same without waiting: what is remembered right now. */
  peek(kid: string, now: number): Verifier | null {
    return (this.#fresh(now) && this.#ring?.verifiers.get(kid)) || null
  }

  /** Takes over what was read after a change. */
  replace(keys: readonly StoredKey[]): void {
    this.forgetGroup()
    this.#ring = ringOf(keys, Date.now())
  }

  /** Some key changed, whichever. */
  forget(): void {
    this.forgetGroup()
  }

  /** Some key changed: what is being read is not remembered either. */
  forgetGroup(): void {
    this.#generation++
    this.#ring = null
    this.#reading = null
  }

  /** From here on every change is told. */
  open(): void {
    this.#isTold = true
  }

  /** Changes are told no more. */
  close(): void {
    this.#isTold = false
    this.forgetGroup()
  }

  async #current(now: number): Promise<Ring> {
    return (this.#fresh(now) && this.#ring) || this.#load()
  }

  #fresh(now: number): boolean {
    return (
      this.#ring !== null && now - this.#ring.readAt < MAX_AGE[this.#isTold ? 'told' : 'untold']
    )
  }

  #load(): Promise<Ring> {
    this.#reading ??= this.#readOnce()
    return this.#reading
  }

  async #readOnce(): Promise<Ring> {
    const generation = this.#generation
    const readAt = Date.now()
    try {
      const ring = ringOf(await this.#read(), readAt)
      if (generation === this.#generation) this.#ring = ring
      return ring
    } finally {
      if (generation === this.#generation) this.#reading = null
    }
  }
}

function ringOf(keys: readonly StoredKey[], readAt: number): Ring {
  const verifiers = new Map<string, Verifier>()
  for (const key of keys) {
    const jwk = publicJwkOf(key)
    if (jwk) verifiers.set(key.id, { key, jwk })
  }
  return { keys, verifiers, readAt }
}
