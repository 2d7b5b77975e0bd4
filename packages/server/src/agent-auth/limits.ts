import { ProtocolError } from '@countersign/protocol'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimits } from './options.ts'

/** Counts requests per process and refuses what is too many (specification, 8.13). */
export class Limits {
  readonly #limiters: ReadonlyMap<keyof RateLimits, RateLimiterMemory>

  constructor(limits: RateLimits | null) {
    const entries = Object.entries(limits ?? {}) as [keyof RateLimits, RateLimits['agent']][]
    this.#limiters = new Map(
      entries.map(([name, { window, max }]) => [
        name,
        new RateLimiterMemory({ keyPrefix: name, points: max, duration: window }),
      ]),
    )
  }

  /** Counts one. Throws `rate_limited` with `Retry-After` when that is one too many. */
  async count(limit: keyof RateLimits, key: string | null): Promise<void> {
    if (key === null) return
    await this.#limiters.get(limit)?.consume(key).catch(refuse)
  }

  /** Throws `rate_limited` when nothing is left, without counting. */
  async check(limit: keyof RateLimits, key: string): Promise<void> {
    const limiter = this.#limiters.get(limit)
    const used = await limiter?.get(key)
    if (used && used.remainingPoints <= 0) refuse(used)
  }
}

function refuse(cause: unknown): never {
  if (!(cause instanceof RateLimiterRes)) throw cause
  const seconds = Math.max(1, Math.ceil(cause.msBeforeNext / 1000))
  throw new ProtocolError('rate_limited', {
    message: `Too many requests. Try again in ${seconds} seconds.`,
    headers: { 'retry-after': String(seconds) },
  })
}
