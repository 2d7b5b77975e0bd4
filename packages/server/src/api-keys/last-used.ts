import type { AuthContext } from '@better-auth/core'
import type { Sql } from '../database/connection.ts'

/** How long, in milliseconds, uses are collected before they are written. */
const DELAY = 1_000

const WRITE = `UPDATE apikey SET last_request = greatest(apikey.last_request, used.at)
  FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at) WHERE apikey.id = used.id`

/** Where it is written: in one statement when the database is ours. */
export interface LastUsedStore {
  readonly sql: Sql | undefined
  readonly adapter: Pick<AuthContext['adapter'], 'updateMany'>
  onError(error: unknown): void
}

/** Remembers when keys were last used and writes it down a moment later, many keys at once. */
export class LastUsed {
  readonly #store: LastUsedStore
  #pending = new Map<string, number>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(store: LastUsedStore) {
    this.#store = store
  }

  /** Notes a use of a key at `now`, in milliseconds since the epoch. */
  touch(id: string, now: number): void {
    this.#pending.set(id, now)
    if (this.#timer) return
    this.#timer = setTimeout(() => void this.flush(), DELAY)
    this.#timer.unref?.()
  }

  /** Writes what is still in memory. A failure is reported and loses only these times. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const used = this.#pending
    if (used.size === 0) return
    this.#pending = new Map()
    await this.#write(used).catch((error: unknown) => this.#store.onError(error))
  }

  async #write(used: ReadonlyMap<string, number>): Promise<void> {
    const { sql, adapter } = this.#store
    if (sql) {
      const times = Array.from(used.values(), (time) => new Date(time).toISOString())
      await sql.query(WRITE, [[...used.keys()], times])
      return
    }
    for (const [id, time] of used) {
      await adapter.updateMany({
        model: 'apikey',
        where: [{ field: 'id', value: id }],
        update: { lastRequest: new Date(time) },
      })
    }
  }
}
