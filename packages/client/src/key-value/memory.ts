import {
  lifetime,
  type CompleteKeyValueStorage,
  type KeyValueChange,
  type KeyValueResult,
  type KeyValueSetOptions,
} from './key-value.ts'

interface Entry {
  readonly value: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

const firstSweep = 1024

/** Keeps values in the memory of this process: for development, tests and single processes. */
export class KeyValueClient implements CompleteKeyValueStorage {
  readonly ephemeral = true
  readonly #namespaces = new Map<string, Map<string, Entry>>()
  #size = 0
  #sweepAt = firstSweep

  /** Returns the value, unless it has expired. */
  async get(namespace: string, key: string): Promise<KeyValueResult> {
    const entry = this.#live(namespace, key)
    return entry ? { exists: true, data: entry.value } : { exists: false }
  }

  /** Writes a value, whatever stood there. */
  async set(
    namespace: string,
    key: string,
    value: string,
    options?: KeyValueSetOptions,
  ): Promise<void> {
    this.#write(namespace, key, { value, options })
  }

  /** Removes a value. */
  async delete(namespace: string, key: string): Promise<void> {
    this.#remove(namespace, key)
  }

  /** Changes a value if the expected one stands there. */
  async compareAndSet(namespace: string, key: string, change: KeyValueChange): Promise<boolean> {
    if ((this.#live(namespace, key)?.value ?? null) !== change.expected) return false
    if (change.value === null) this.#remove(namespace, key)
    else this.#write(namespace, key, { value: change.value, options: change })
    return true
  }

  /**
   * Lists the keys that start with a prefix.
   *
   * @yields Keys as they stood at the first step.
   */
  async *keys(namespace: string, prefix: string): AsyncIterable<string> {
    for (const key of Array.from(this.#namespaces.get(namespace)?.keys() ?? [])) {
      if (key.startsWith(prefix) && this.#live(namespace, key)) yield key
    }
  }

  #live(namespace: string, key: string): Entry | undefined {
    const entry = this.#namespaces.get(namespace)?.get(key)
    if (!entry || entry.expiresAt > Date.now()) return entry
    this.#remove(namespace, key)
    return undefined
  }

  #write(
    namespace: string,
    key: string,
    { value, options }: { value: string; options: KeyValueSetOptions | undefined },
  ): void {
    const expiresAt = Date.now() + (lifetime(options) ?? Infinity)
    let entries = this.#namespaces.get(namespace)
    if (!entries) this.#namespaces.set(namespace, (entries = new Map()))
    if (!entries.has(key)) this.#size += 1
    entries.set(key, { value, expiresAt })
    if (this.#size >= this.#sweepAt) this.#sweep()
  }

  #remove(namespace: string, key: string): void {
    const entries = this.#namespaces.get(namespace)
    if (!entries?.delete(key)) return
    this.#size -= 1
    if (entries.size === 0) this.#namespaces.delete(namespace)
  }

  /** Drops what has expired, each time the store has doubled. */
  #sweep(): void {
    const now = Date.now()
    for (const [namespace, entries] of this.#namespaces) {
      for (const [key, { expiresAt }] of entries) {
        if (expiresAt <= now) this.#remove(namespace, key)
      }
    }
    this.#sweepAt = Math.max(firstSweep, this.#size * 2)
  }
}
