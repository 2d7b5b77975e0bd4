import { ProtocolError } from '@countersign/protocol'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimits } from './options.ts'

type OnLimited = (limit: keyof RateLimits, key: string) => Promise<void>

/** Counts requests per process and refuses what is too many (specification, 8.13). */
export class Limits {
  readonly #limiters: ReadonlyMap<keyof RateLimits, RateLimiterMemory>
  readonly #onLimited: OnLimited

  /** `onLimited` is called for the first refusal in a window, so that a flood is told once. */
  constructor(limits: RateLimits | null, onLimited: OnLimited) {
    this.#onLimited = onLimited
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
    const limiter = this.#limiters.get(limit)
    if (key === null || !limiter) return
    try {
      await limiter.consume(key)
    } catch (cause) {
      const isFirst = cause instanceof RateLimiterRes && cause.consumedPoints === limiter.points + 1
      if (isFirst) await this.#onLimited(limit, key)
      refuse(cause)
    }
  }

  /** Takes back one that was counted. */
  async uncount(limit: keyof RateLimits, key: string): Promise<void> {
    await this.#limiters.get(limit)?.reward(key)
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
