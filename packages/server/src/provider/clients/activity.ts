import type { AuthContext } from '@better-auth/core'
import { WriteLater } from '../../batching/write-later.ts'
import {
  type ActivityCount,
  type ActivityDay,
  addActivity,
  listActivity,
} from '../store/activity.ts'
import type { ProviderStore } from '../store/store.ts'

const DAY = 86_400_000

/** Counts what clients do, by day and person, and writes it down a moment later. */
export class ClientActivity {
  readonly #store: ProviderStore
  readonly #counts: WriteLater<ActivityCount>

  constructor(store: ProviderStore, { logger }: Pick<AuthContext, 'logger'>) {
    this.#store = store
    this.#counts = new WriteLater({
      write: (counts) => addActivity(store, [...counts.values()]),
      onError: (error) => logger.error('provider: the activity of clients is not written', error),
    })
  }

  /**
   * Counts one use of a client at `now`, in milliseconds since the epoch: tokens that it got, for a
   * person or for itself.
   */
  count(clientId: string, userId: string | null, now: number): void {
    const day = dayOf(now)
    const key = `${day} ${clientId} ${userId ?? ''}`
    const count = (this.#counts.get(key)?.count ?? 0) + 1
    this.#counts.set(key, { clientId, userId, day, count, lastAt: now })
  }

  /** Writes what is still in memory. A failure is logged and loses only these counts. */
  flush(): Promise<void> {
    return this.#counts.flush()
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
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
