import { Windows } from '../../agent-auth/limits/windows.ts'
import { addToWindows } from '../../agent-auth/store/rate-windows.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProviderStore } from '../store/store.ts'

/** Seconds in which the limits below count. */
const WINDOW = 3_600

/** How many clients one address may register, or one host may describe, in a window. */
const MAX_EACH = 60

/** How many all of them together may. */
const MAX_ALL = 1_000

/** What makes a new client: a registration, or a document that somebody names. */
export type NewClientSource = 'registration' | 'document'

/** Limits on what anybody can make this server store or fetch, counted over all processes. */
export class RegistrationLimits {
  readonly #store: ProviderStore
  readonly #windows = new Windows()

  constructor(store: ProviderStore) {
    this.#store = store
  }

  /**
   * Counts one new client of somebody: an address, or a host; null for one nobody knows. Throws an
   * `OAuthError` of status 429 when that is one too many.
   */
  async count(source: NewClientSource, somebody: string | null): Promise<void> {
    const all = await this.#add(`oauth:${source}:`)
    const each = somebody === null ? null : await this.#add(`oauth:${source}:${somebody}`)
    const reached = [all.points > MAX_ALL && all, each && each.points > MAX_EACH && each]
    const over = reached.find((window) => window !== false && window !== null)
    if (!over) return
    const seconds = Math.max(1, Math.ceil(over.endsIn / 1000))
    throw new OAuthError('temporarily_unavailable', 'Too many new clients. Try again later.', {
      status: 429,
      headers: { 'retry-after': String(seconds) },
    })
  }

  async #add(id: string): Promise<{ points: number; endsIn: number }> {
    const { sql } = this.#store
    if (sql) {
      const total = (await addToWindows(sql, [{ id, points: 1, window: WINDOW }])).get(id)
      if (total) return total
    }
    const now = Date.now()
    const window = this.#windows.at(id, WINDOW, now)
    window.unsent += 1
    return { points: window.unsent, endsIn: window.endsAt - now }
  }
}
