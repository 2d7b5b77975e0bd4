import type { SqlClient } from '../store/database.ts'
import { addToWindows, removeOldWindows } from '../store/rate-windows.ts'
import type { Window } from './windows.ts'

/** Milliseconds between a count and its exchange. */
const EXCHANGE_AFTER = 250

/** Windows in one statement. */
const MAX_SIZE = 500

/** Milliseconds between two clean-ups of the table. */
const SWEEP_INTERVAL = 60_000

/**
 * Tells the other replicas what was counted here, and learns what they counted: a quarter of a
 * second later, in one statement for all.
 *
 * So no request waits for a statement, and `n` replicas admit at most what arrives at each of them
 * within that time beyond the limit; never more than `n` times the limit, which is also what holds
 * while the database is away.
 */
export class Exchange {
  readonly #sql: SqlClient
  readonly #onError: (error: unknown) => void
  readonly #changed = new Set<Window>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #underWay: Promise<void> | undefined
  #hasFailed = false
  #isClosed = false
  #sweptAt = 0

  constructor(sql: SqlClient, onError: (error: unknown) => void) {
    this.#sql = sql
    this.#onError = onError
  }

  /** Notes that something was counted in a window. */
  add(window: Window): void {
    this.#changed.add(window)
    if (this.#timer || this.#underWay || this.#isClosed) return
    this.#timer = setTimeout(() => void this.flush(), EXCHANGE_AFTER)
    this.#timer.unref?.()
  }

  /** Exchanges what is not yet exchanged. Never throws: until it works, each replica counts alone. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // One at a time: what is under way still counts as unsent.
    while (this.#underWay) await this.#underWay
    this.#underWay = this.#exchangeAll().finally(() => (this.#underWay = undefined))
    await this.#underWay
    const [waiting] = this.#changed
    if (waiting) this.add(waiting)
  }

  /** Exchanges a last time. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.flush()
  }

  async #exchangeAll(): Promise<void> {
    const now = Date.now()
    const windows = [...this.#changed].filter(({ endsAt }) => endsAt > now)
    this.#changed.clear()
    try {
      for (let start = 0; start < windows.length; start += MAX_SIZE) {
        await this.#exchange(windows.slice(start, start + MAX_SIZE))
      }
      await this.#sweep(now)
      this.#hasFailed = false
    } catch (error) {
      for (const window of windows) if (window.unsent > 0) this.#changed.add(window)
      // Told once, not four times a second.
      if (!this.#hasFailed) this.#onError(error)
      this.#hasFailed = true
    }
  }

  async #exchange(windows: readonly Window[]): Promise<void> {
    const sent = windows.map(({ id, window, unsent }) => ({ id, window, points: unsent }))
    const totals = await addToWindows(this.#sql, sent)
    const now = Date.now()
    for (const [index, window] of windows.entries()) {
      const total = totals.get(window.id)
      if (!total) continue
      window.unsent -= sent[index]?.points ?? 0
      window.shared = total.points
      // Another replica may have begun the window earlier.
      window.endsAt = now + total.endsIn
    }
  }

  async #sweep(now: number): Promise<void> {
    if (now - this.#sweptAt < SWEEP_INTERVAL) return
    this.#sweptAt = now
    await removeOldWindows(this.#sql)
  }
}
