/** Shorter values are no secrets, and would be found everywhere. */
const SHORTEST = 8
const REMEMBERED = 64

/** The credentials that were sent to an MCP server, to keep them out of what comes back. */
export class SentSecrets {
  readonly #values = new Set<string>()

  /** Remembers the value of a header, with and without its scheme. The newest 64 are kept. */
  add(header: string): void {
    for (const value of [header, header.replace(/^\w+ +/, '')]) {
      if (value.length < SHORTEST) continue
      // Again at the end, so that what is in use is forgotten last.
      this.#values.delete(value)
      this.#values.add(value)
    }
    for (const oldest of this.#values) {
      if (this.#values.size <= REMEMBERED) return
      this.#values.delete(oldest)
    }
  }

  /** Takes the credentials out of a text. */
  removeFrom(text: string): string {
    let clean = text
    for (const value of this.#values) clean = clean.replaceAll(value, '[removed]')
    return clean
  }

  /** Takes the credentials out of every string of a JSON value, and out of every member's name. */
  removeFromJson(value: unknown): unknown {
    if (this.#values.size === 0) return value
    if (typeof value === 'string') return this.removeFrom(value)
    if (Array.isArray(value)) return value.map((item) => this.removeFromJson(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        this.removeFrom(name),
        this.removeFromJson(item),
      ]),
    )
  }
}
