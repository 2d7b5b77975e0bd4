/** How many changes are remembered. Who looks back further has to assume that it is concerned. */
const SIZE = 1_000

/** What changed lately, by name, for checks that were under way meanwhile. */
export class Changes {
  #names: (string | null)[] = []
  #dropped = 0

  /** This moment, to look back to. */
  get mark(): number {
    return this.#dropped + this.#names.length
  }

  /** Notes a change of what has this name; `null` is a change of anything. */
  add(name: string | null): void {
    this.#names.push(name)
    if (this.#names.length < 2 * SIZE) return
    this.#dropped += SIZE
    this.#names = this.#names.slice(SIZE)
  }

  /** Whether something with one of these names changed since a moment. */
  concern(names: readonly string[], mark: number): boolean {
    if (mark === this.mark) return false
    if (mark < this.#dropped) return true
    return this.#names
      .slice(mark - this.#dropped)
      .some((name) => name === null || names.includes(name))
  }
}
