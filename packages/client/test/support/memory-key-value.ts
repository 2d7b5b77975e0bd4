/** Strings in memory, in the form of a `KeyValueStorage`. */
export class MemoryKeyValue {
  readonly #values = new Map<string, string>()

  get size(): number {
    return this.#values.size
  }

  /** Everything in it, as a thief of the store would find it. */
  dump(): string {
    return JSON.stringify([...this.#values])
  }

  async get(
    namespace: string,
    key: string,
  ): Promise<{ exists: true; data: string } | { exists: false }> {
    const data = this.#values.get(`${namespace} ${key}`)
    return data === undefined ? { exists: false } : { exists: true, data }
  }

  async set(namespace: string, key: string, value: string): Promise<void> {
    this.#values.set(`${namespace} ${key}`, value)
  }

  async delete(namespace: string, key: string): Promise<void> {
    this.#values.delete(`${namespace} ${key}`)
  }
}
