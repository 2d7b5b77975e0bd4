import type { Permissions } from '../authenticate/principal.ts'
import { ConfigurationError } from '../env.ts'

/** How often a key may be used. */
export interface KeyLimit {
  /** Uses in one window. */
  readonly max: number
  /** Length of a window in seconds. It starts with the first use. */
  readonly window: number
}

/** What people may do with API keys, and what keys look like. */
export interface ApiKeyOptions {
  /**
   * What people may let a key reach, such as `{ invoices: ['read'] }`. Code on this server may give
   * any permission.
   *
   * @default {}, so that only code on this server makes keys that reach something
   */
  permissions?: Permissions | undefined
  /**
   * What every new key starts with, so that people and scanners of leaks recognize it.
   *
   * @default `csk_`
   */
  prefix?: string | undefined
  /**
   * The longest a key may live, in seconds; one without an end gets this one.
   *
   * @default none: a key without an end is valid until it is revoked
   */
  maxExpiresIn?: number | undefined
  /**
   * How long, in seconds, a rotated key is still valid beside the new one: at most 30 days.
   *
   * @default 86400
   */
  overlap?: number | undefined
  /** How often each new key may be used, unless it is made with a limit of its own. @default no limit */
  rateLimit?: KeyLimit | undefined
}

/** API-key options with every default filled in. */
export interface ResolvedApiKeyOptions {
  readonly permissions: Permissions
  readonly prefix: string
  readonly maxExpiresIn: number | undefined
  readonly overlap: number
  readonly rateLimit: KeyLimit | undefined
}

/** The longest a rotated key is valid beside the new one, in seconds. */
export const maxOverlap = 30 * 86_400

/** Fills in defaults, and refuses what would make keys that cannot work. */
export function resolveApiKeyOptions(options: ApiKeyOptions = {}): ResolvedApiKeyOptions {
  const { permissions = {}, prefix = 'csk_', maxExpiresIn, overlap = 86_400, rateLimit } = options
  if (!/^[\w-]{0,32}$/.test(prefix)) {
    throw new ConfigurationError(
      '`apiKeys.prefix` must be at most 32 letters, digits, "-" and "_".',
    )
  }
  if (maxExpiresIn !== undefined) checkNumber('maxExpiresIn', maxExpiresIn, [1, 2 ** 31])
  checkNumber('overlap', overlap, [0, maxOverlap])
  if (rateLimit) {
    checkNumber('rateLimit.max', rateLimit.max, [1, 2 ** 31])
    checkNumber('rateLimit.window', rateLimit.window, [1, 2 ** 31])
  }
  return { permissions, prefix, maxExpiresIn, overlap, rateLimit }
}

function checkNumber(name: string, value: number, [least, most]: readonly [number, number]): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new ConfigurationError(`\`apiKeys.${name}\` must be ${least} to ${most}.`)
}
