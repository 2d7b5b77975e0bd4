import type { Connection } from '../database/connection.ts'
import type { Subscription } from '../database/notifications.ts'
import type { LookupCache } from './cache.ts'

/** The channel on which triggers tell what changed, as `<kind> <id>`. */
export const CHANNEL = 'countersign_lookup'

type Cache = Pick<LookupCache<unknown>, 'forget' | 'forgetGroup' | 'open' | 'close'>

interface Kept {
  readonly cache: Cache
  readonly kind: string
  readonly groups: readonly string[]
}

/**
 * Keeps caches as good as the database: what another process changes is forgotten here as soon as
 * the database tells, and nothing is remembered while it cannot tell.
 */
export class Lookups {
  readonly #connection: Pick<Connection, 'listen'>
  readonly #kept: Kept[] = []
  #subscription: Subscription | undefined
  #isComplete = false

  constructor(connection: Pick<Connection, 'listen'>) {
    this.#connection = connection
  }

  /**
   * Opens a cache whenever every change is told. A message of `kind` forgets the entry with that
   * id, one of a kind in `groups` what depends on it, as `<kind> <id>`.
   */
  add(cache: Cache, { kind, groups = [] }: { kind: string; groups?: readonly string[] }): void {
    this.#kept.push({ cache, kind, groups })
    if (this.#isComplete) cache.open()
    this.#subscription ??= this.#connection.listen(CHANNEL, {
      onMessage: (payload) => this.#forget(payload),
      onState: (isComplete) => this.#setComplete(isComplete),
    })
  }

  /** Stops listening; the caches remember nothing any more. */
  async close(): Promise<void> {
    await this.#subscription?.close()
    this.#setComplete(false)
  }

  #forget(payload: string): void {
    const space = payload.indexOf(' ')
    const changed = payload.slice(0, space)
    for (const { cache, kind, groups } of this.#kept) {
      if (kind === changed) cache.forget(payload.slice(space + 1))
      else if (groups.includes(changed)) cache.forgetGroup(payload)
    }
  }

  #setComplete(isComplete: boolean): void {
    this.#isComplete = isComplete
    for (const { cache } of this.#kept) {
      if (isComplete) cache.open()
      else cache.close()
    }
  }
}
