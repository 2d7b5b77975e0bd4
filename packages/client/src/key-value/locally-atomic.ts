import type {
  AtomicKeyValueStorage,
  KeyValueChange,
  KeyValueResult,
  KeyValueSetOptions,
  KeyValueStorage,
} from './key-value.ts'

const wrapped = new WeakMap<KeyValueStorage, LocallyAtomic>()

/**
 * Returns the store itself if it can change a value atomically, else a wrapper that can as far as
 * this process goes: every change of a key waits for the one before.
 */
export function atomic(store: KeyValueStorage): AtomicKeyValueStorage {
  if (isAtomic(store)) return store
  let found = wrapped.get(store)
  if (!found) wrapped.set(store, (found = new LocallyAtomic(store)))
  return found
}

function isAtomic(store: KeyValueStorage): store is AtomicKeyValueStorage {
  return store.compareAndSet !== undefined
}

class LocallyAtomic implements AtomicKeyValueStorage {
  readonly #store: KeyValueStorage
  /** The last change of each key that is under way. */
  readonly #last = new Map<string, Promise<unknown>>()

  constructor(store: KeyValueStorage) {
    this.#store = store
  }

  get(namespace: string, key: string): Promise<KeyValueResult> {
    return this.#store.get(namespace, key)
  }

  set(namespace: string, key: string, value: string, options?: KeyValueSetOptions): Promise<void> {
    return this.#inTurn(namespace, key, () => this.#store.set(namespace, key, value, options))
  }

  delete(namespace: string, key: string): Promise<void> {
    return this.#inTurn(namespace, key, () => this.#store.delete(namespace, key))
  }

  compareAndSet(namespace: string, key: string, change: KeyValueChange): Promise<boolean> {
    return this.#inTurn(namespace, key, async () => {
      const found = await this.#store.get(namespace, key)
      if ((found.exists ? found.data : null) !== change.expected) return false
      if (change.value === null) await this.#store.delete(namespace, key)
      else await this.#store.set(namespace, key, change.value, { ttl: change.ttl ?? null })
      return true
    })
  }

  #inTurn<Result>(namespace: string, key: string, change: () => Promise<Result>): Promise<Result> {
    const name = JSON.stringify([namespace, key])
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(change, change)
    this.#last.set(name, mine)
    const forget = () => {
      if (this.#last.get(name) === mine) this.#last.delete(name)
    }
    mine.then(forget, forget)
    return mine
  }
}
