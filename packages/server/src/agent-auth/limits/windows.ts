/** How many windows are remembered; beyond it the oldest is forgotten. */
const MAX_WINDOWS = 100_000

/** Milliseconds between two clean-ups. */
const SWEEP_INTERVAL = 30_000

/** One window of one caller, as this process knows it. */
export interface Window {
  readonly id: string
  /** Seconds it lasts. */
  readonly window: number
  /** Counted by all replicas, as of the last exchange. */
  shared: number
  /** Counted here and not yet exchanged. */
  unsent: number
  /** Milliseconds since the epoch. */
  endsAt: number
  /** Whether a refusal in this window was told. */
  told: boolean
}

/** The windows of one process, in memory: bounded, and without a trace of those that are over. */
export class Windows {
  readonly #windows = new Map<string, Window>()
  #sweptAt = 0

  /** The window that counts now; a new one where the last is over. `now` in milliseconds. */
  at(id: string, window: number, now: number): Window {
    const known = this.#windows.get(id)
    if (known && known.endsAt > now) return known
    this.#sweep(now)
    const begun = { id, window, shared: 0, unsent: 0, endsAt: now + window * 1000, told: false }
    this.#windows.delete(id)
    this.#windows.set(id, begun)
    if (this.#windows.size > MAX_WINDOWS) {
      const [oldest] = this.#windows.keys()
      if (oldest !== undefined) this.#windows.delete(oldest)
    }
    return begun
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_INTERVAL) return
    this.#sweptAt = now
    for (const [id, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(id)
  }
}
