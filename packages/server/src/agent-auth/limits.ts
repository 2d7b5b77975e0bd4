import { ProtocolError } from '@countersign/protocol'
import { addressGroup } from './limits/address.ts'
import { Exchange } from './limits/exchange.ts'
import type { RateLimit, RateLimits, Reached } from './limits/rates.ts'
import { type Window, Windows } from './limits/windows.ts'
import type { SqlClient } from './store/database.ts'
import { addToWindows, takeFromWindow } from './store/rate-windows.ts'

/** Limits on what is rare: counted exactly, by one statement each, over all replicas. */
export type ExactLimit = 'registration' | 'userCode' | 'notification' | 'introspection'

/** Limits on what is frequent: counted in memory and exchanged between replicas a moment later. */
export type FrequentLimit = 'agent' | 'host' | 'user' | 'capability' | 'address'

interface LimitsOptions {
  readonly limits: RateLimits | null
  /** Without it each process counts on its own. */
  readonly sql: SqlClient | null
  /** Told once for each window in which somebody is refused, by one replica. */
  readonly onReached: (reached: Reached) => Promise<void>
  readonly onError: (error: unknown) => void
}

const BY_ADDRESS: ReadonlySet<string> = new Set(['address', 'registration', 'introspection'])

/** Counts requests in windows and refuses what is too many (specification, 8.13). */
export class Limits {
  readonly #limits: RateLimits | null
  readonly #sql: SqlClient | null
  readonly #onReached: LimitsOptions['onReached']
  readonly #onError: LimitsOptions['onError']
  readonly #windows = new Windows()
  readonly #exchange: Exchange | null

  constructor({ limits, sql, onReached, onError }: LimitsOptions) {
    this.#limits = limits
    this.#sql = sql
    this.#onReached = onReached
    this.#onError = onError
    this.#exchange = sql && new Exchange(sql, onError)
  }

  /**
   * Counts one request of `key`, by `own` where it has a limit of its own; `null` is never limited.
   *
   * Throws `rate_limited` with `Retry-After` when that is one too many, which then does not count.
   */
  count(limit: FrequentLimit, key: string | null, own?: RateLimit): void {
    const rate = own ?? this.#limits?.[limit]
    if (key === null || !rate) return
    const now = Date.now()
    const window = this.#windows.at(idOf(limit, key), rate.window, now)
    if (window.shared + window.unsent < rate.max) {
      window.unsent += 1
      this.#exchange?.add(window)
      return
    }
    if (!window.told) void this.#tellOnce(window, { limit, key })
    throw tooMany(window.endsAt - now)
  }

  /** Counts one of what is rare; `null` is never limited. Rejects with `rate_limited` as above. */
  async countExactly(limit: ExactLimit, key: string | null): Promise<void> {
    const rate = this.#limits?.[limit]
    if (key === null || !rate) return
    const { points, endsIn } = await this.#add(idOf(limit, key), rate.window)
    if (points <= rate.max) return
    if (points === rate.max + 1) await this.#onReached({ limit, key })
    throw tooMany(endsIn)
  }

  /** Takes back one that was counted exactly. */
  async uncount(limit: ExactLimit, key: string): Promise<void> {
    const rate = this.#limits?.[limit]
    if (!rate) return
    const id = idOf(limit, key)
    if (this.#sql) return takeFromWindow(this.#sql, id)
    const window = this.#windows.at(id, rate.window, Date.now())
    window.unsent = Math.max(0, window.unsent - 1)
  }

  /** Whether this is the first of its kind in a window of `seconds`, in this process. */
  isFirst(kind: string, seconds: number): boolean {
    const window = this.#windows.at(`first:${kind}`, seconds, Date.now())
    window.unsent += 1
    return window.unsent === 1
  }

  /** Tells the other replicas what they do not know yet, for the last time. */
  async close(): Promise<void> {
    await this.#exchange?.close()
  }

  async #add(id: string, window: number): Promise<{ points: number; endsIn: number }> {
    if (this.#sql) {
      const total = (await addToWindows(this.#sql, [{ id, points: 1, window }])).get(id)
      if (total) return total
    }
    const now = Date.now()
    const local = this.#windows.at(id, window, now)
    local.unsent += 1
    return { points: local.unsent, endsIn: local.endsAt - now }
  }

  /** Of all replicas that refuse somebody in one window, the first one tells. */
  async #tellOnce(window: Window, reached: Reached): Promise<void> {
    window.told = true
    try {
      const seconds = Math.max(1, Math.ceil((window.endsAt - Date.now()) / 1000))
      const { points } = await this.#add(`told:${window.id}`, seconds)
      if (points === 1) await this.#onReached(reached)
    } catch (error) {
      this.#onError(error)
    }
  }
}

function idOf(limit: string, key: string): string {
  return `${limit}:${BY_ADDRESS.has(limit) ? addressGroup(key) : key}`
}

function tooMany(endsIn: number): ProtocolError {
  const seconds = Math.max(1, Math.ceil(endsIn / 1000))
  return new ProtocolError('rate_limited', {
    message: `Too many requests. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    headers: { 'retry-after': String(seconds) },
  })
}
