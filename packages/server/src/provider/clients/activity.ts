import type { AuthContext } from '@better-auth/core'
import {
  type ActivityCount,
  type ActivityDay,
  addActivity,
  listActivity,
} from '../store/activity.ts'
import type { ProviderStore } from '../store/store.ts'

/** How long, in milliseconds, uses are collected before they are written. */
const DELAY = 1_000

/** How many counts go into one statement; beyond it they are written at once. */
const MAX_PENDING = 2_000

const DAY = 86_400_000

/** Counts what clients do, by day and person, and writes it down a moment later. */
export class ClientActivity {
  readonly #store: ProviderStore
  readonly #logger: AuthContext['logger']
  #pending = new Map<string, ActivityCount>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(store: ProviderStore, { logger }: Pick<AuthContext, 'logger'>) {
    this.#store = store
    this.#logger = logger
  }

  /**
   * Counts one use of a client at `now`, in milliseconds since the epoch: tokens that it got, for a
   * person or for itself.
   */
  count(clientId: string, userId: string | null, now: number): void {
    const day = dayOf(now)
    const key = `${day} ${clientId} ${userId ?? ''}`
    const count = (this.#pending.get(key)?.count ?? 0) + 1
    this.#pending.set(key, { clientId, userId, day, count, lastAt: now })
    if (this.#pending.size >= MAX_PENDING) void this.flush()
    if (this.#timer) return
    this.#timer = setTimeout(() => void this.flush(), DELAY)
    this.#timer.unref?.()
  }

  /** Writes what is still in memory. A failure is logged and loses only these counts. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const counts = [...this.#pending.values()]
    this.#pending = new Map()
    // One after the other: statements that touch the same rows in parallel only wait for each other.
    if (counts.length > 0) this.#writing = this.#writing.then(() => this.#write(counts))
    await this.#writing
  }

  /**
   * What was counted on each of the last `days` days, today last; a day without any use is there, with
   * zeros. `clientIds` names whose; null asks for everybody's together.
   */
  async days(
    clientIds: readonly string[] | null,
    days: number,
    now: number,
  ): Promise<readonly ActivityDay[]> {
    await this.flush()
    const dates = Array.from({ length: days }, (_, index) => dayOf(now - (days - 1 - index) * DAY))
    const since = dates[0] ?? dayOf(now)
    const counted = await listActivity(this.#store, { clientIds, since })
    const byDate = new Map(counted.map((day) => [day.date, day]))
    return dates.map((date) => byDate.get(date) ?? { date, total: 0, unique_users: 0 })
  }

  async #write(counts: readonly ActivityCount[]): Promise<void> {
    try {
      await addActivity(this.#store, counts)
    } catch (error) {
      this.#logger.error('provider: the activity of clients is not written', error)
    }
  }
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
