/** How old, in milliseconds, what is remembered may be when no invalidation arrives. */
const MAX_AGE = 5_000

/** How many entries are remembered; beyond it the oldest is forgotten. */
const MAX_SIZE = 20_000

interface Entry<Value> {
  readonly value: Value
  readonly groups: readonly string[]
  readonly readAt: number
}

interface Reading {
  readonly key: string
  spoiled: boolean
}

/**
 * Remembers what was read, until it changes.
 *
 * It is only as good as its invalidation: while that is lost, the cache is closed and remembers
 * nothing. What changes while it is being read is returned to the reader and not remembered.
 */
export class LookupCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #members = new Map<string, Set<string>>()
  readonly #readings = new Set<Reading>()
  readonly #groupsOf: (value: Value) => readonly string[] | null
  #isOpen = false

  /**
   * `groupsOf` names what else an entry depends on, so that many can be forgotten at once. `null`:
   * changes of this value are not told, so it is not remembered.
   */
  constructor(groupsOf: (value: Value) => readonly string[] | null) {
    this.#groupsOf = groupsOf
  }

  /** What is remembered under a key; `now` in milliseconds. */
  get(key: string, now: number): Value | null {
    const entry = this.#entries.get(key)
    if (!entry) return null
    if (now - entry.readAt < MAX_AGE) return entry.value
    this.#drop(key, entry)
    return null
  }

  /** Reads a value, and remembers it unless it changed meanwhile or does not exist. */
  async read(key: string, read: () => Promise<Value | null>): Promise<Value | null> {
    if (!this.#isOpen) return read()
    const reading = { key, spoiled: false }
    const readAt = Date.now()
    this.#readings.add(reading)
    try {
      const value = await read()
      if (value !== null && !reading.spoiled) this.#remember(key, value, readAt)
      return value
    } finally {
      this.#readings.delete(reading)
    }
  }

  /** Forgets one entry. */
  forget(key: string): void {
    for (const reading of this.#readings) reading.spoiled ||= reading.key === key
    const entry = this.#entries.get(key)
    if (entry) this.#drop(key, entry)
  }

  /** Forgets every entry that depends on `group`. */
  forgetGroup(group: string): void {
    // What is being read may turn out to belong to it.
    for (const reading of this.#readings) reading.spoiled = true
    for (const key of this.#members.get(group) ?? []) {
      const entry = this.#entries.get(key)
      if (entry) this.#drop(key, entry)
    }
  }

  /** Forgets everything. */
  forgetAll(): void {
    for (const reading of this.#readings) reading.spoiled = true
    this.#entries.clear()
    this.#members.clear()
  }

  /** Starts to remember: from here on every change is told. */
  open(): void {
    this.#isOpen = true
  }

  /** Forgets everything, and remembers nothing until `open`. */
  close(): void {
    this.#isOpen = false
    this.forgetAll()
  }

  #remember(key: string, value: Value, readAt: number): void {
    const before = this.#entries.get(key)
    if (before) this.#drop(key, before)
    const groups = this.#groupsOf(value)
    if (groups === null) return
    this.#entries.set(key, { value, groups, readAt })
    for (const group of groups) {
      const members = this.#members.get(group)
      if (members) members.add(key)
      else this.#members.set(group, new Set([key]))
    }
    if (this.#entries.size > MAX_SIZE) this.#dropOldest()
  }

  #dropOldest(): void {
    for (const [key, entry] of this.#entries) return this.#drop(key, entry)
  }

  #drop(key: string, { groups }: Entry<Value>): void {
    this.#entries.delete(key)
    for (const group of groups) {
      const members = this.#members.get(group)
      members?.delete(key)
      if (members?.size === 0) this.#members.delete(group)
    }
  }
}
