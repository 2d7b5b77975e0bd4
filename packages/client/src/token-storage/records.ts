import type { AtomicKeyValueStorage } from '../key-value/key-value.ts'
import { TokenVaultError } from './error.ts'
import type { VaultRecord } from './health.ts'
import type { Keyring } from '../keyring.ts'
import { seconds } from './stored-token.ts'

/** A record, and the exact text it was read from: what a change expects to find. */
export interface Found {
  readonly sealed: string
  readonly record: VaultRecord
}

/** What was removed; `record` is null when it could not be opened. */
export interface Removed {
  readonly record: VaultRecord | null
}

const minimumTtl = 60

/** The sealed records of one namespace. */
export class Records {
  readonly #store: AtomicKeyValueStorage
  readonly #namespace: string
  readonly #keyring: Keyring

  constructor(store: AtomicKeyValueStorage, namespace: string, keyring: Keyring) {
    this.#store = store
    this.#namespace = namespace
    this.#keyring = keyring
  }

  /** Reads a record. Throws `TokenVaultError` when it does not open. */
  async read(recordKey: string): Promise<Found | null> {
    const found = await this.#store.get(this.#namespace, recordKey)
    if (!found.exists) return null
    return { sealed: found.data, record: await this.#open(recordKey, found.data) }
  }

  /** Writes a record, whatever stood there. */
  async write(recordKey: string, record: VaultRecord): Promise<void> {
    const sealed = await this.#seal(recordKey, record)
    await this.#store.set(this.#namespace, recordKey, sealed, { ttl: ttlOf(record) })
  }

  /** Writes a record if `expected` still stands there, and tells whether it did. */
  async replace(recordKey: string, expected: string, record: VaultRecord): Promise<boolean> {
    const value = await this.#seal(recordKey, record)
    const change = { expected, value, ttl: ttlOf(record) }
    return this.#store.compareAndSet(this.#namespace, recordKey, change)
  }

  /** Removes a record; of several callers one gets it, the others null. */
  async remove(recordKey: string): Promise<Removed | null> {
    for (;;) {
      const found = await this.#store.get(this.#namespace, recordKey)
      if (!found.exists) return null
      const change = { expected: found.data, value: null }
      if (await this.#store.compareAndSet(this.#namespace, recordKey, change)) {
        return { record: await this.#open(recordKey, found.data).catch(nullIfUnreadable) }
      }
    }
  }

  async #open(recordKey: string, sealed: unknown): Promise<VaultRecord> {
    if (typeof sealed !== 'string') throw new TokenVaultError('unreadable')
    const text = await this.#keyring.open(sealed, this.#place(recordKey))
    if (text === undefined) throw new TokenVaultError('unreadable')
    return JSON.parse(text) as VaultRecord
  }

  #seal(recordKey: string, record: VaultRecord): Promise<string> {
    return this.#keyring.seal(JSON.stringify(record), this.#place(recordKey))
  }

  #place(recordKey: string): string {
    return JSON.stringify([this.#namespace, recordKey])
  }
}

/** What can be refreshed stays until it is invalidated, the rest as long as it is of use. */
function ttlOf({ token }: VaultRecord): number | null {
  if (token.refresh_token !== undefined || token.expires_at === undefined) return null
  return Math.max(minimumTtl, token.expires_at - seconds(Date.now()))
}

function nullIfUnreadable(error: unknown): null {
  if (error instanceof TokenVaultError) return null
  throw error
}
