import type { Client } from './clients/client.ts'
import type { ProviderLifetimes } from './options.ts'

/** Refresh tokens presented again within these seconds of their use are taken for a repeated request. */
export const REUSE_WINDOW = 30

/**
 * A code that comes again from its own client within these seconds of its redemption is taken for one
 * request that was sent twice: it is refused, and what the code opened goes on.
 */
export const REPEAT_WINDOW = 2

/** How long, in seconds, what a client gets is good: its own setting, or that of the server. */
export function lifetimesOf(client: Client, defaults: ProviderLifetimes): ProviderLifetimes {
  return {
    ...defaults,
    accessToken: client.accessTokenLifetime ?? defaults.accessToken,
    refreshToken: client.refreshTokenLifetime ?? defaults.refreshToken,
  }
}

/**
 * Until when, in milliseconds, a family is kept that begins or is used at `now`.
 *
 * Longer than its tokens: back-channel logout has to know who was signed in with a session, and a code
 * that comes again finds what it opened. One that is refreshed is told to live on before it ends, and
 * only once in the life of a token.
 */
export function familyEnd(
  now: number,
  { refreshToken }: Pick<ProviderLifetimes, 'refreshToken'>,
  isRefreshed: boolean,
): number {
  return now + (isRefreshed ? 2 : 1) * refreshToken * 1000
}
