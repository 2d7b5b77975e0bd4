import type { KeyValueStorage } from '../key-value/key-value.ts'

/** How many different records read within how many seconds raise the alarm. */
export interface BulkReadLimit {
  readonly records: number
  readonly seconds: number
}

const perStore = new WeakMap<KeyValueStorage, Map<string, BulkReads>>()

/** Counts the different records read in one namespace of a store, by whichever vault over it. */
export class BulkReads {
  /** When each record was read last, the oldest first. */
  readonly #seen = new Map<string, number>()

  /** Returns the count of a namespace, the same for every vault of this process. */
  static of(store: KeyValueStorage, namespace: string): BulkReads {
    let namespaces = perStore.get(store)
    if (!namespaces) perStore.set(store, (namespaces = new Map()))
    let found = namespaces.get(namespace)
    if (!found) namespaces.set(namespace, (found = new BulkReads()))
    return found
  }

  /** Notes a read and tells whether it reaches the limit; counting then starts again. */
  reaches(limit: BulkReadLimit, recordKey: string, now: number): boolean {
    for (const [key, at] of this.#seen) {
      if (at > now - limit.seconds * 1000) break
      this.#seen.delete(key)
    }
    this.#seen.delete(recordKey)
    this.#seen.set(recordKey, now)
    if (this.#seen.size < limit.records) return false
    this.#seen.clear()
    return true
  }
}
