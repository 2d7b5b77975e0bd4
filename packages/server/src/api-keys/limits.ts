import { ProtocolError } from '@countersign/protocol'
import type { KeyLimit } from './options.ts'
import type { Lease, Uses } from './uses.ts'

/** How many keys are remembered; beyond it the oldest lease is given up. */
const MAX_SIZE = 20_000

/** The share of a window that one process takes at a time. */
const SHARE = 20

interface Held {
  readonly limit: KeyLimit
  /** End of the window, in milliseconds since the epoch. */
  readonly until: number
  /** Whether the window has no more to give. */
  readonly isLast: boolean
  left: number
}

/**
 * Holds keys to their limits, for all processes together.
 *
 * A process takes a twentieth of a window at a time and spends it from memory: one statement for many
 * uses. No window gives more than its limit; it may give less by what other processes did not spend.
 */
export class Limits {
  readonly #uses: Pick<Uses, 'lease'>
  readonly #held = new Map<string, Held>()
  readonly #leasing = new Map<string, Promise<void>>()

  constructor(uses: Pick<Uses, 'lease'>) {
    this.#uses = uses
  }

  /** Takes one use of a key, or throws `rate_limited` with the time to wait. */
  async take(id: string, limit: KeyLimit): Promise<void> {
    for (;;) {
      const now = Date.now()
      const held = this.#held.get(id)
      if (held && held.until > now && isSame(held.limit, limit)) {
        if (held.left > 0) {
          held.left -= 1
          return
        }
        if (held.isLast) throw limited(held.until - now)
      }
      await this.#lease(id, limit)
    }
  }

  /** One lease at a time: who comes meanwhile shares it. */
  #lease(id: string, limit: KeyLimit): Promise<void> {
    const running = this.#leasing.get(id)
    if (running) return running
    const wanted = Math.max(1, Math.floor(limit.max / SHARE))
    const leasing = this.#uses
      .lease({ id, ...limit, wanted })
      .then((lease) => this.#hold(id, limit, lease))
      .finally(() => this.#leasing.delete(id))
    this.#leasing.set(id, leasing)
    return leasing
  }

  #hold(id: string, limit: KeyLimit, lease: Lease | null): void {
    // A key that is gone has nothing to give; the check that follows says so.
    const { granted, wait } = lease ?? { granted: 0, wait: 1000 }
    this.#held.delete(id)
    this.#held.set(id, { limit, left: granted, isLast: granted === 0, until: Date.now() + wait })
    if (this.#held.size > MAX_SIZE) this.#giveUpOldest()
  }

  #giveUpOldest(): void {
    for (const id of this.#held.keys()) return void this.#held.delete(id)
  }
}

function isSame(one: KeyLimit, other: KeyLimit): boolean {
  return one.max === other.max && one.window === other.window
}

function limited(wait: number): ProtocolError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return new ProtocolError('rate_limited', { headers: { 'retry-after': String(seconds) } })
}
