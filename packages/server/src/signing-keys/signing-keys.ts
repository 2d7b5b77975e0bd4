import type { KeyObject } from 'node:crypto'
import type { AuthContext } from '@better-auth/core'
import type { PublicJwk } from '@countersign/protocol'
import type { OwnDatabase } from '../lookup/own-database.ts'
import { KeyRing } from './key-ring.ts'
import { AdapterKeyStore, type KeyChange, type KeyStore, SqlKeyStore } from './key-store.ts'
import { makeKey, openKey, type SigningAlgorithm } from './make-key.ts'
import type { ResolvedTokenOptions } from './options.ts'
import { isRotationDue, type KeyPlan, planFirst, planReplacement, planRotation } from './plan.ts'
import {
  algorithmOf,
  isOver,
  type NewKey,
  publishedJwkOf,
  signingKey,
  startOf,
  type StoredKey,
} from './stored-key.ts'

/** The key to sign with. */
export interface Signer {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly privateKey: KeyObject
}

/** Makes a key that signs from a moment on, in milliseconds. */
type MakeKey = (signsFrom: number) => Promise<NewKey>

type Context = Pick<AuthContext, 'adapter' | 'secretConfig' | 'logger'>

/**
 * The keys this server signs JWTs with: made on first use, published before they sign, accepted for
 * a while after they did.
 */
export class SigningKeys {
  readonly options: ResolvedTokenOptions
  readonly #own: OwnDatabase | null
  readonly #ring = new KeyRing(() => this.#store().list())
  #context: Context | undefined
  #kept: KeyStore | undefined
  readonly #algorithms = new Set<SigningAlgorithm>(['EdDSA'])
  readonly #opened = new Map<
    SigningAlgorithm,
    { readonly id: string; readonly privateKey: Promise<KeyObject> }
  >()

  constructor(options: ResolvedTokenOptions, own: OwnDatabase | null) {
    this.options = options
    this.#own = own
  }

  /** Takes what only the started server has. A second call changes nothing. */
  start(context: Context): void {
    if (this.#context) return
    this.#context = context
    this.#own?.lookups.add(this.#ring, { kind: 'jwks' })
  }

  /** Also publishes, and rotates, keys of this algorithm. Ed25519 is always there. */
  use(algorithm: SigningAlgorithm): void {
    this.#algorithms.add(algorithm)
  }

  /** Every key that is published: those that will sign, the one that does, those that did. */
  async published(): Promise<Record<string, unknown>[]> {
    for (const algorithm of this.#algorithms) await this.signer(algorithm)
    const keys = await this.#ring.keys(Date.now())
    return keys.filter((key) => this.#counts(key, Date.now())).map(publishedJwkOf)
  }

  /** Keys as Better Auth's plugin sees them: a key that does not sign yet is not there yet. */
  async usable(): Promise<StoredKey[]> {
    const now = Date.now()
    const keys = await this.#ring.keys(now)
    return keys.filter((key) => startOf(key) <= now && this.#counts(key, now))
  }

  /** The key to sign with; the first caller makes it. */
  async signer(algorithm: SigningAlgorithm = 'EdDSA'): Promise<Signer> {
    const now = Date.now()
    const keys = await this.#ring.keys(now)
    const key = signingKey(keys, algorithm, now) ?? (await this.ensure(algorithm))
    if (isRotationDue({ keys, algorithm, now, ...this.options })) this.#rotateBehind(algorithm)
    return { kid: key.id, algorithm, privateKey: await this.#open(key, algorithm) }
  }

  /** The key that signs with an algorithm, made by `make` unless another caller was first. */
  ensure(algorithm: SigningAlgorithm): Promise<StoredKey>
  ensure(algorithm: string, make: MakeKey): Promise<StoredKey>
  async ensure(
    algorithm: string,
    make = this.#maker(algorithm as SigningAlgorithm),
  ): Promise<StoredKey> {
    const changed = await this.#change(
      (keys) => planFirst({ keys, algorithm, now: Date.now() }),
      make,
    )
    const key = signingKey(changed, algorithm, Date.now())
    if (!key) throw new Error(`There is no key that signs with ${algorithm}.`)
    return key
  }

  /** The public key a token names, if what it signed counts at the moment `now`, in milliseconds. */
  async verifier(kid: string, now: number): Promise<PublicJwk | null> {
    const found = await this.#ring.find(kid, now)
    return found && this.#counts(found.key, now) ? found.jwk : null
  }

  /** Whether a key counts, from memory alone; false also when that is not known. */
  isKnown(kid: string, now: number): boolean {
    const found = this.#ring.peek(kid, now)
    return found !== null && this.#counts(found.key, now)
  }

  /**
   * Publishes a new key of every kind, which takes over in ten minutes, and returns the `kid` of the
   * one for tokens. While one is waiting already, nothing changes. With `revoke` they take over at
   * once, and what others signed counts no more.
   */
  async rotate({ revoke = false }: { revoke?: boolean | undefined } = {}): Promise<string> {
    let changed: readonly StoredKey[] = []
    for (const algorithm of this.#algorithms) {
      const plan = revoke ? planReplacement : planRotation
      changed = await this.#change(
        (keys) => plan({ keys, algorithm, now: Date.now(), ...this.options }),
        this.#maker(algorithm),
      )
    }
    const ed25519 = changed.filter((key) => algorithmOf(key) === 'EdDSA')
    const [newest] = ed25519.toSorted((a, b) => startOf(b) - startOf(a))
    return newest?.id ?? ''
  }

  #rotateBehind(algorithm: SigningAlgorithm): void {
    this.#change((keys) => {
      const facts = { keys, algorithm, now: Date.now(), ...this.options }
      return isRotationDue(facts) ? planRotation(facts) : null
    }, this.#maker(algorithm)).catch((error: unknown) => {
      this.#started().logger.error('The signing key is not rotated', error)
    })
  }

  #maker(algorithm: SigningAlgorithm): MakeKey {
    return (signsFrom) => makeKey(this.#started(), { algorithm, signsFrom })
  }

  async #change(
    plan: (keys: readonly StoredKey[]) => KeyPlan | null,
    make: MakeKey,
  ): Promise<readonly StoredKey[]> {
    const changed = await this.#store().change(async (keys): Promise<KeyChange | null> => {
      const planned = plan(keys)
      return planned && { ...planned, add: await make(planned.signsFrom) }
    })
    this.#ring.replace(changed)
    return changed
  }

  /** Decrypted once: each key kind signs with one key at a time. */
  #open(key: StoredKey, algorithm: SigningAlgorithm): Promise<KeyObject> {
    const known = this.#opened.get(algorithm)
    if (known?.id === key.id) return known.privateKey
    const privateKey = openKey(this.#started(), key)
    this.#opened.set(algorithm, { id: key.id, privateKey })
    privateKey.catch(() => this.#opened.delete(algorithm))
    return privateKey
  }

  #counts(key: StoredKey, now: number): boolean {
    return !isOver(key, now, this.options.keyGracePeriod)
  }

  #store(): KeyStore {
    this.#kept ??= this.#own
      ? new SqlKeyStore(this.#own.sql)
      : new AdapterKeyStore(this.#started().adapter)
    return this.#kept
  }

  #started(): Context {
    if (!this.#context) throw new Error('The server has not started.')
    return this.#context
  }
}
