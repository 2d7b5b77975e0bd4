import { byId, type Database } from './database.ts'

const DELAY = 500

/**
 * Remembers when agents were last used and writes it down a moment later, many agents at once.
 *
 * A crash forgets at most the last half second, which can only make an idle agent expire earlier.
 */
export class LastUsed {
  readonly #db: Database
  readonly #onError: (error: unknown) => void
  #pending = new Map<string, number>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(db: Database, onError: (error: unknown) => void) {
    this.#db = db
    this.#onError = onError
  }

  touch(agentId: string, now: number): void {
    this.#pending.set(agentId, now)
    if (this.#timer) return
    this.#timer = setTimeout(() => void this.flush().catch(this.#onError), DELAY)
    this.#timer.unref?.()
  }

  /** Writes what is still in memory. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const used = this.#pending
    if (used.size === 0) return
    this.#pending = new Map()
    const { sql, adapter } = this.#db
    if (sql) {
      const text = `update agent set last_used_at = greatest(agent.last_used_at, used.at)
        from unnest($1::text[], $2::timestamptz[]) as used (id, at) where agent.id = used.id`
      const times = Array.from(used.values(), (time) => new Date(time).toISOString())
      await sql.query(text, [[...used.keys()], times])
      return
    }
    for (const [id, time] of used) {
      await adapter.updateMany({
        model: 'agent',
        where: byId(id),
        update: { lastUsedAt: new Date(time) },
      })
    }
  }
}
