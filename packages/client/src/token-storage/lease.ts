import type { AtomicKeyValueStorage } from '../key-value/key-value.ts'
import { toLeaseKey } from './record-key.ts'

/** Where the lease of a record is kept. */
interface LeasePlace {
  readonly store: AtomicKeyValueStorage
  readonly namespace: string
  readonly recordKey: string
}

/** The right to refresh one record, held by one caller among all processes, for a limited time. */
export class Lease {
  readonly #place: LeasePlace
  readonly #owner: string

  private constructor(place: LeasePlace, owner: string) {
    this.#place = place
    this.#owner = owner
  }

  /** Takes the lease for `ttl` seconds by the clock of the store, or returns null: somebody has it. */
  static async claim(place: LeasePlace, ttl: number): Promise<Lease | null> {
    const { store, namespace, recordKey } = place
    const owner = crypto.randomUUID()
    const change = { expected: null, value: owner, ttl }
    const claimed = await store.compareAndSet(namespace, toLeaseKey(recordKey), change)
    return claimed ? new Lease(place, owner) : null
  }

  /** Takes the lease from whoever has it. */
  static async end({ store, namespace, recordKey }: LeasePlace): Promise<void> {
    await store.delete(namespace, toLeaseKey(recordKey))
  }

  /** Whether the lease is still this caller's. */
  async isHeld(): Promise<boolean> {
    const { store, namespace, recordKey } = this.#place
    const found = await store.get(namespace, toLeaseKey(recordKey))
    return found.exists && found.data === this.#owner
  }

  /** Gives the lease back. A store that is away loses it by itself, later. */
  async release(): Promise<void> {
    const { store, namespace, recordKey } = this.#place
    const change = { expected: this.#owner, value: null }
    await store.compareAndSet(namespace, toLeaseKey(recordKey), change).catch(() => false)
  }
}
