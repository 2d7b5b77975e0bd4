/** How long, in milliseconds, values are collected unless it is said otherwise. */
const DELAY = 1_000

/** How many values are written together; when as many wait, they are written at once. */
const MAX_SIZE = 2_000

interface Parts<Value> {
  /** Writes values by their keys, at most 2,000. */
  readonly write: (values: ReadonlyMap<string, Value>) => Promise<void>
  /** Told what `write` threw. */
  readonly onError: (error: unknown) => void
  /** In milliseconds. @default 1000 */
  readonly delay?: number
}

/**
 * Collects values by key and writes them down a moment later, many at once.
 *
 * A failure is reported and loses only the values that were written then; a crash loses those of the
 * last moment.
 */
export class WriteLater<Value> {
  readonly #parts: Parts<Value>
  readonly #waiting = new Map<string, Value>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isQueued = false
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: Parts<Value>) {
    this.#parts = parts
  }

  /** The value that waits under a key. */
  get(key: string): Value | undefined {
    return this.#waiting.get(key)
  }

  /** Lets a value wait, in place of one with the same key. */
  set(key: string, value: Value): void {
    this.#waiting.set(key, value)
    if (this.#waiting.size >= MAX_SIZE) void this.flush()
    else this.#timer ??= this.#start()
  }

  /** Writes what waits, and resolves when it is written or reported. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#isQueued && this.#waiting.size > 0) {
      this.#isQueued = true
      // One after the other: statements that touch the same rows in parallel only wait for each other.
      this.#writing = this.#writing.then(() => this.#writeAll())
    }
    return this.#writing
  }

  #start(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => void this.flush(), this.#parts.delay ?? DELAY)
    // It keeps no process alive.
    timer.unref?.()
    return timer
  }

  async #writeAll(): Promise<void> {
    this.#isQueued = false
    const values = [...this.#waiting]
    this.#waiting.clear()
    for (let start = 0; start < values.length; start += MAX_SIZE) {
      await this.#write(new Map(values.slice(start, start + MAX_SIZE)))
    }
  }

  async #write(values: ReadonlyMap<string, Value>): Promise<void> {
    try {
      await this.#parts.write(values)
    } catch (error) {
      this.#parts.onError(error)
    }
  }
}
