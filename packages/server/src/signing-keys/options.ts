import { ConfigurationError } from '../env.ts'

/** How this server's own JWTs are made and accepted, and how their keys rotate. */
export interface TokenOptions {
  /**
   * Audiences that are accepted besides the base URL, which is the one of every token made here.
   *
   * @default []
   */
  audiences?: readonly string[] | undefined
  /**
   * How long, in seconds, a token is good.
   *
   * @default 900
   */
  lifetime?: number | undefined
  /**
   * How long, in seconds, a key signs before a new one takes over; `0` rotates only when asked.
   *
   * @default 7776000, which is 90 days
   */
  rotateKeysEvery?: number | undefined
  /**
   * How long, in seconds, a key that signs no more stays published and accepted.
   *
   * @default 604800, which is 7 days
   */
  keyGracePeriod?: number | undefined
}

/** Token options with every default filled in. */
export interface ResolvedTokenOptions {
  readonly audiences: readonly string[]
  readonly lifetime: number
  readonly rotateKeysEvery: number
  readonly keyGracePeriod: number
}

/** Fills in defaults, and refuses periods that would break tokens that are still good. */
export function resolveTokenOptions(options: TokenOptions = {}): ResolvedTokenOptions {
  const lifetime = seconds('lifetime', options.lifetime ?? 900, [1, 86_400])
  const rotateKeysEvery = options.rotateKeysEvery ?? 90 * 86_400
  return {
    audiences: options.audiences ?? [],
    lifetime,
    rotateKeysEvery:
      rotateKeysEvery === 0 ? 0 : seconds('rotateKeysEvery', rotateKeysEvery, [3600, 2 ** 31]),
    // A key must outlive the last token it signed.
    keyGracePeriod: seconds('keyGracePeriod', options.keyGracePeriod ?? 7 * 86_400, [
      lifetime + 60,
      2 ** 31,
    ]),
  }
}

function seconds(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new ConfigurationError(`\`tokens.${name}\` must be ${least} to ${most} seconds.`)
}
