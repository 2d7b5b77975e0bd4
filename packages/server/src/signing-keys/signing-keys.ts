import type { AuthContext } from '@better-auth/core'
import type { CryptoKey, PublicJwk } from '@countersign/protocol'
import type { Connection } from '../database/connection.ts'
import type { Lookups } from '../lookup/lookups.ts'
import { KeyRing } from './key-ring.ts'
import { AdapterKeyStore, type KeyChange, type KeyStore, SqlKeyStore } from './key-store.ts'
import { makeKey, openKey } from './make-key.ts'
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

/** Our own database, and what keeps caches current. */
export interface KeyConnection {
  readonly sql: Connection['sql']
  readonly lookups: Lookups
}

/** The key to sign with. */
export interface Signer {
  readonly kid: string
  readonly privateKey: CryptoKey
}

type Context = Pick<AuthContext, 'adapter' | 'secretConfig' | 'logger'>

/**
 * The keys this server signs JWTs with: made on first use, published before they sign, accepted for
 * a while after they did.
 */
export class SigningKeys {
  readonly options: ResolvedTokenOptions
  readonly #connection: KeyConnection | null
  readonly #ring = new KeyRing(() => this.#store().list())
  #context: Context | undefined
  #kept: KeyStore | undefined
  #opened: { readonly id: string; readonly privateKey: Promise<CryptoKey> } | undefined

  constructor(options: ResolvedTokenOptions, connection: KeyConnection | null) {
    this.options = options
    this.#connection = connection
  }

  /** Takes what only the started server has. */
  start(context: Context): void {
    this.#context = context
    this.#connection?.lookups.add(this.#ring, { kind: 'jwks' })
  }

  /** Every key that is published: those that will sign, the one that does, those that did. */
  async published(): Promise<Record<string, unknown>[]> {
    await this.signer()
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
  async signer(): Promise<Signer> {
    const now = Date.now()
    const keys = await this.#ring.keys(now)
    const key = signingKey(keys, 'EdDSA', now) ?? (await this.ensure('EdDSA'))
    if (isRotationDue({ keys, now, ...this.options })) this.#rotateBehind()
    return { kid: key.id, privateKey: await this.#open(key) }
  }

  /** The key that signs with an algorithm, made by `make` unless another caller was first. */
  async ensure(
    algorithm: string,
    make = (at: number): Promise<NewKey> => makeKey(this.#started(), at),
  ): Promise<StoredKey> {
    const changed = await this.#change(
      (keys) => planFirst({ keys, now: Date.now() }, algorithm),
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
   * Publishes a new key that takes over in ten minutes, and returns its `kid`. While one is waiting
   * already, nothing changes. With `revoke` it takes over at once, and what others signed counts no
   * more.
   */
  async rotate({ revoke = false }: { revoke?: boolean | undefined } = {}): Promise<string> {
    const changed = await this.#change((keys) => {
      const facts = { keys, now: Date.now(), ...this.options }
      return revoke ? planReplacement(facts) : planRotation(facts)
    })
    const ed25519 = changed.filter((key) => algorithmOf(key) === 'EdDSA')
    const [newest] = ed25519.toSorted((a, b) => startOf(b) - startOf(a))
    return newest?.id ?? ''
  }

  #rotateBehind(): void {
    this.#change((keys) => {
      const facts = { keys, now: Date.now(), ...this.options }
      return isRotationDue(facts) ? planRotation(facts) : null
    }).catch((error: unknown) => {
      this.#started().logger.error('The signing key is not rotated', error)
    })
  }

  async #change(
    plan: (keys: readonly StoredKey[]) => KeyPlan | null,
    make = (at: number): Promise<NewKey> => makeKey(this.#started(), at),
  ): Promise<readonly StoredKey[]> {
    const changed = await this.#store().change(async (keys): Promise<KeyChange | null> => {
      const planned = plan(keys)
      return planned && { ...planned, add: await make(planned.signsFrom) }
    })
    this.#ring.replace(changed)
    return changed
  }

  #open(key: StoredKey): Promise<CryptoKey> {
    if (this.#opened?.id !== key.id) {
      const privateKey = openKey(this.#started(), key)
      this.#opened = { id: key.id, privateKey }
      privateKey.catch(() => (this.#opened = undefined))
    }
    return this.#opened.privateKey
  }

  #counts(key: StoredKey, now: number): boolean {
    return !isOver(key, now, this.options.keyGracePeriod)
  }

  #store(): KeyStore {
    this.#kept ??= this.#connection
      ? new SqlKeyStore(this.#connection.sql)
      : new AdapterKeyStore(this.#started().adapter)
    return this.#kept
  }

  #started(): Context {
    if (!this.#context) throw new Error('The server has not started.')
    return this.#context
  }
}
