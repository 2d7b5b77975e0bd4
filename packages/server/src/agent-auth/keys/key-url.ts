import { ProtocolError } from '@countersign/protocol'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/** How long a JWKS URL may be: it is unique, and MySQL keeps no longer text unique. */
const MAX_LENGTH = 255

/**
 * The one spelling of a JWKS URL, by which it is compared, stored and fetched.
 *
 * Throws `invalid_jwt` for what is not a URL, or too long. What may be fetched, the guarded fetcher decides.
 */
export function canonicalKeyUrl(text: string): string {
  if (!URL.canParse(text)) {
    throw new ProtocolError('invalid_jwt', { message: 'A JWKS URL of the JWT is not a URL.' })
  }
  const url = new URL(text)
  url.hash = ''
  if (url.href.length > MAX_LENGTH) {
    const message = `A JWKS URL of the JWT has more than ${MAX_LENGTH} characters.`
    throw new ProtocolError('invalid_jwt', { message })
  }
  return url.href
}

/**
 * How often strangers can make this server ask one origin for keys, and any origin at all.
 *
 * A URL comes with a JWT that anybody can sign, so without it this server could be made to flood
 * others (specification, 8.12). Counts per process.
 */
export class FetchBudget {
  readonly #perOrigin = new RateLimiterMemory({ points: 60, duration: 60 })
  readonly #overall = new RateLimiterMemory({ points: 600, duration: 60 })

  /** Counts one. Throws `rate_limited` when that is one too many. */
  async count(url: string): Promise<void> {
    try {
      await this.#perOrigin.consume(new URL(url).host)
      await this.#overall.consume('all')
    } catch (cause) {
      if (cause instanceof Error) throw cause
      throw new ProtocolError('rate_limited', {
        message: 'Too many keys are looked up there. Try again in a minute.',
        headers: { 'retry-after': '60' },
      })
    }
  }
}
