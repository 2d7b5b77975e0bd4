import {
  lifetime,
  type KeyValueResult,
  type KeyValueSetOptions,
  type KeyValueStorage,
} from './key-value.ts'

/** What is needed of a `Storage` of the package `unstorage`. */
export interface UnstorageLike {
  getItem(key: string): Promise<unknown>
  setItem(
    key: string,
    value: { value: string; expires_at: number | null },
    options?: Record<string, unknown>,
  ): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base?: string): Promise<string[]>
}

/**
 * Keeps values in any driver of `unstorage`.
 *
 * Its drivers have no atomic step, so nothing is promised between processes: use it where one
 * process serves a record, and PostgreSQL or Redis elsewhere.
 */
export class UnstorageKeyValue implements KeyValueStorage {
  readonly #storage: UnstorageLike

  constructor(storage: UnstorageLike) {
    this.#storage = storage
  }

  /** Returns the value, unless it has expired. */
  async get(namespace: string, key: string): Promise<KeyValueResult> {
    const item = await this.#storage.getItem(nameOf(namespace, key))
    return isLive(item) ? { exists: true, data: item.value } : { exists: false }
  }

  /** Writes a value, whatever stood there. */
  async set(
    namespace: string,
    key: string,
    value: string,
    options?: KeyValueSetOptions,
  ): Promise<void> {
    const milliseconds = lifetime(options)
    const expires_at = milliseconds === null ? null : Date.now() + milliseconds
    // Drivers that know lifetimes also clear away; the others keep what nobody reads any more.
    const hint = milliseconds === null ? {} : { ttl: Math.ceil(milliseconds / 1000) }
    await this.#storage.setItem(nameOf(namespace, key), { value, expires_at }, hint)
  }

  /** Removes a value. */
  async delete(namespace: string, key: string): Promise<void> {
    await this.#storage.removeItem(nameOf(namespace, key))
  }

  /**
   * Lists the keys that start with a prefix.
   *
   * @yields Keys as they stood at the first step, also of values that have expired since.
   */
  async *keys(namespace: string, prefix: string): AsyncIterable<string> {
    const base = `${encode(namespace)}:`
    for (const name of await this.#storage.getKeys(base)) {
      const key = decode(name.slice(base.length))
      if (key.startsWith(prefix)) yield key
    }
  }
}

function isLive(item: unknown): item is { value: string } {
  if (typeof item !== 'object' || item === null) return false
  if (!('value' in item) || typeof item.value !== 'string') return false
  const expiresAt = 'expires_at' in item ? item.expires_at : null
  return typeof expiresAt !== 'number' || expiresAt > Date.now()
}

/** Drivers map names to paths and fold separators, dots and case: only plain characters pass. */
function nameOf(namespace: string, key: string): string {
  return `${encode(namespace)}:${encode(key)}`
}

function encode(text: string): string {
  // A name must not be empty, and `~` stands for nothing else.
  if (text === '') return '~'
  const bytes = new TextEncoder().encode(text)
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

function decode(name: string): string {
  return name === '~' ? '' : decodeURIComponent(name)
}
