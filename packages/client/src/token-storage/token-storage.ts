import type { AtomicKeyValueStorage, KeyValueStorage } from '../key-value/key-value.ts'
import { atomic } from '../key-value/locally-atomic.ts'
import type { OAuthTokenResponse } from '../types.ts'
import { BulkReads } from './bulk-reads.ts'
import { tell, type TokenEvent } from './events.ts'
import {
  afterFailure,
  healthOf,
  isDue,
  refreshTime,
  type RefreshFailure,
  type VaultToken,
} from './health.ts'
import { Keyring } from '../keyring.ts'
import { Lease } from './lease.ts'
import { resolveOptions, type ResolvedOptions, type TokenStorageOptions } from './options.ts'
import { fromRecordKey, toRecordKey, toScope, type RecordName } from './record-key.ts'
import { Records } from './records.ts'
import { Refresher } from './refresher.ts'
import { revoke } from './revoke.ts'
import { receive, type StoredToken } from './stored-token.ts'
import { forEachOf } from './workers.ts'

/** Which records a call is about. */
export interface Extent {
  /**
   * The whole namespace, not only this vault's prefix.
   *
   * @default false
   */
  readonly everyPrefix?: boolean
}

/** What became of the tokens of an integration. */
export interface InvalidationReport {
  /** How many are gone from the store. */
  readonly removed: number
  /** Those of them the provider did not confirm to be void: revoke them there. */
  readonly unrevoked: readonly RecordName[]
}

/**
 * Keeps the tokens of people encrypted in a key-value store, and fresh.
 *
 * Any number of vaults may share a store, also in different processes: a token is refreshed by one
 * of them at a time, if the store has `compareAndSet`.
 */
export class KeyValueTokenStorage {
  readonly #options: ResolvedOptions
  readonly #kv: KeyValueStorage
  readonly #store: AtomicKeyValueStorage
  readonly #keyring: Keyring
  readonly #records: Records
  readonly #refresher: Refresher | undefined

  constructor(kv: KeyValueStorage, options: TokenStorageOptions = {}) {
    this.#options = resolveOptions(options, kv.ephemeral ?? false)
    const { namespace, config, secrets, refreshEarly: early } = this.#options
    this.#kv = kv
    this.#store = atomic(kv)
    this.#keyring = new Keyring(secrets, 'token vault')
    this.#records = new Records(this.#store, namespace, this.#keyring)
    this.#refresher =
      config &&
      new Refresher({
        store: this.#store,
        namespace,
        records: this.#records,
        config,
        early,
        onRefreshed: (recordKey) => this.#tell(recordKey, { type: 'refreshed' }),
        onFailed: (recordKey, failure) => this.#tell(recordKey, describe(failure)),
      })
  }

  /** Keeps a token, as the token endpoint answered it, in place of the one that was there. */
  async set(key: string, token: OAuthTokenResponse | StoredToken): Promise<void> {
    const now = Date.now()
    const received = receive(token, now)
    const early = this.#options.refreshEarly
    const time = refreshTime(received, { now, early, luck: Math.random() })
    await this.#records.write(this.#recordKey(key), {
      ...received,
      ...time,
      grant: crypto.randomUUID(),
    })
  }

  /**
   * Returns the token and how it stands, or null where there is none. A token that is due is refreshed
   * first; if that fails the answer is the one at hand, maybe expired: `isTokenExpired` tells, `health`
   * says why. Throws what the store throws, and `TokenVaultError` for a record that does not open.
   */
  async get(key: string): Promise<VaultToken | null> {
    const recordKey = this.#recordKey(key)
    let record = (await this.#records.read(recordKey))?.record ?? null
    if (record) this.#countRead(recordKey)
    if (record && this.#refresher && isDue(record, Date.now())) {
      record = await this.#refresher.refresh(recordKey)
    }
    return record && { ...record.token, health: healthOf(record, this.#refresher !== undefined) }
  }

  /**
   * Removes a token, revokes it at the provider, and returns it; null where there was none, or none
   * that opens. A refresh under way comes to nothing. It is removed even if revoking fails, which
   * the event `invalidated` tells.
   */
  async invalidate(key: string): Promise<StoredToken | null> {
    const removed = await this.#invalidate(this.#recordKey(key))
    return removed?.token ?? null
  }

  /** Invalidates every token of this prefix, or of the whole namespace: of one integration. */
  async invalidateAll(extent: Extent = {}): Promise<InvalidationReport> {
    let count = 0
    const unrevoked: RecordName[] = []
    await forEachOf(this.#recordKeys(extent), async (recordKey) => {
      const removed = await this.#invalidate(recordKey)
      if (!removed) return
      count += 1
      const name = fromRecordKey(recordKey)
      if (!removed.revoked && name) unrevoked.push(name)
    })
    return { removed: count, unrevoked }
  }

  /**
   * Encrypts with the newest secret whatever is still under an older one, and returns how many those
   * were. Afterwards the older secrets can go. Throws at the first record that does not open.
   */
  async reencrypt(extent: Extent = {}): Promise<number> {
    let count = 0
    await forEachOf(this.#recordKeys(extent), async (recordKey) => {
      const found = await this.#records.read(recordKey)
      if (!found || (await this.#keyring.isCurrent(found.sealed))) return
      // Whoever changes it meanwhile encrypts it as well.
      if (await this.#records.replace(recordKey, found.sealed, found.record)) count += 1
    })
    return count
  }

  async #invalidate(recordKey: string) {
    const { config, namespace } = this.#options
    const removed = await this.#records.remove(recordKey)
    if (!removed) return null
    // A refresh under way finds neither record nor lease, and revokes what it got.
    await Lease.end({ store: this.#store, namespace, recordKey })
    const token = removed.record?.token ?? null
    const revoked = token !== null && config !== undefined && (await revoke(token, config))
    this.#tell(recordKey, { type: 'invalidated', revoked })
    return { token, revoked }
  }

  async *#recordKeys({ everyPrefix = false }: Extent): AsyncIterable<string> {
    if (!this.#kv.keys)
      throw new TypeError('KeyValueTokenStorage: this store cannot list its keys.')
    const { namespace, prefix } = this.#options
    for await (const recordKey of this.#kv.keys(namespace, everyPrefix ? '' : toScope(prefix))) {
      const name = fromRecordKey(recordKey)
      if (name && (everyPrefix || name.prefix === prefix)) yield recordKey
    }
  }

  #recordKey(key: string): string {
    return toRecordKey({ prefix: this.#options.prefix, key })
  }

  #countRead(recordKey: string): void {
    const { namespace, bulkRead, onEvent } = this.#options
    if (!bulkRead) return
    const reads = BulkReads.of(this.#kv, namespace)
    if (!reads.reaches(bulkRead, recordKey, Date.now())) return
    tell(onEvent, { type: 'bulk_read', namespace, ...bulkRead })
  }

  #tell(recordKey: string, event: Happening): void {
    const { namespace, onEvent } = this.#options
    const name = fromRecordKey(recordKey)
    if (name) tell(onEvent, { ...event, namespace, ...name })
  }
}

/** An event before it is said whose. */
type Happening = TokenEvent extends infer Event
  ? Event extends RecordName
    ? Omit<Event, 'namespace' | keyof RecordName>
    : never
  : never

function describe(failure: RefreshFailure): Happening {
  const { status: _status, ...health } = afterFailure(failure)
  if (health.reason === 'rejected') return { type: 'reauthorise', ...health }
  return { type: 'refresh_failed', ...health }
}
