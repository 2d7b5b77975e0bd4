/** What a look-up found. */
export type KeyValueResult =
  | { readonly exists: true; readonly data: string }
  | { readonly exists: false }

/** How long a value stays. */
export interface KeyValueSetOptions {
  /**
   * Seconds until the value is gone. `null` and `0` mean it stays.
   *
   * @default null
   */
  readonly ttl?: number | null
}

/** One atomic step: what must stand there now (`null`: nothing), and what stands there afterwards. */
export type KeyValueChange = KeyValueSetOptions &
  (
    | { readonly expected: null; readonly value: string }
    | { readonly expected: string; readonly value: string | null }
  )

/**
 * Keeps strings under a namespace and a key.
 *
 * Two names are the same only if namespace and key are, whatever characters they hold.
 */
export interface KeyValueStorage {
  /** Returns the value, unless it has expired. */
  get(namespace: string, key: string): Promise<KeyValueResult>
  /** Writes a value, whatever stood there. */
  set(namespace: string, key: string, value: string, options?: KeyValueSetOptions): Promise<void>
  /** Removes a value; removing nothing is no error. */
  delete(namespace: string, key: string): Promise<void>
  /**
   * Changes a value if the expected one stands there, and tells whether it did: of several callers
   * with the same expectation one succeeds, whichever process they run in. Absent on a store that
   * cannot promise this.
   */
  compareAndSet?(namespace: string, key: string, change: KeyValueChange): Promise<boolean>
  /** Lists the keys that start with a prefix. What changes meanwhile may be missing or come twice. */
  keys?(namespace: string, prefix: string): AsyncIterable<string>
  /** True for a store that ends with the process. */
  readonly ephemeral?: boolean
}

/** A store that can change a value atomically. */
export type AtomicKeyValueStorage = KeyValueStorage &
  Required<Pick<KeyValueStorage, 'compareAndSet'>>

/** A store with every verb. */
export type CompleteKeyValueStorage = AtomicKeyValueStorage &
  Required<Pick<KeyValueStorage, 'keys'>>

/** Returns a time to live in milliseconds, or null for a value that stays. */
export function lifetime(options: KeyValueSetOptions | undefined): number | null {
  const ttl = options?.ttl ?? 0
  if (!Number.isFinite(ttl) || ttl < 0) throw new TypeError('`ttl` must be a number of seconds.')
  return ttl === 0 ? null : Math.max(1, Math.round(ttl * 1000))
}
