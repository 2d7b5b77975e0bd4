import { isTokenExpired, type Received, type StoredToken } from './stored-token.ts'

/** Why the last refresh failed, as far as it matters for what to do next. */
export interface RefreshFailure {
  /**
   * `rejected`: the provider says the grant is over. `unavailable`: it cannot be reached, is out of
   * order or talks nonsense. `misconfigured`: it does not accept this client, or the settings are wrong.
   */
  readonly reason: 'rejected' | 'unavailable' | 'misconfigured'
  /** The provider's error code, such as `invalid_grant`. */
  readonly error?: string
  /** How many refreshes have failed in a row. */
  readonly attempts: number
  /** When the next one may start, in milliseconds since 1970; absent when there will be none. */
  readonly retry_at?: number
}

/** What the vault keeps of one grant. */
export interface VaultRecord extends Received {
  /** Made up when the person signed in; stays the same over every refresh. */
  readonly grant: string
  /** When to refresh, in milliseconds since 1970; absent when the token tells no expiry. */
  readonly refreshAt?: number
  readonly failure?: RefreshFailure
}

/** How a token stands after a refresh failed. */
export type FailedHealth =
  /** The next refresh may succeed. The token may still be usable. */
  | {
      readonly status: 'retrying'
      readonly reason: 'unavailable' | 'misconfigured'
      readonly error?: string
      /** How many refreshes have failed in a row. */
      readonly attempts: number
      /** When the next one may start, in seconds since 1970. */
      readonly retry_at: number
    }
  /** The provider ended the grant: the person has to sign in again. */
  | { readonly status: 'reauthorise'; readonly reason: 'rejected'; readonly error?: string }

/** How a token stands, and why. */
export type TokenHealth =
  /** Usable, nothing is wrong. */
  | { readonly status: 'ok' }
  /** Expired, and nobody refreshed it: refreshing is off, or somebody else is still at it. */
  | { readonly status: 'stale'; readonly reason: 'refresh_disabled' | 'refresh_in_progress' }
  /** Expired, and nothing to refresh it with: the person has to sign in again. */
  | { readonly status: 'reauthorise'; readonly reason: 'no_refresh_token' }
  | FailedHealth

/** A stored token and how it stands. */
export type VaultToken = StoredToken & { readonly health: TokenHealth }

/** Whether a record is due: it can be refreshed, its time has come, and no failure forbids it. */
export function isDue(record: VaultRecord, now: number): boolean {
  const { token, refreshAt, failure } = record
  if (token.refresh_token === undefined || refreshAt === undefined || now < refreshAt) return false
  if (!failure) return true
  return failure.retry_at !== undefined && now >= failure.retry_at
}

/** Says how a record stands. `refreshing` tells whether refreshing is switched on. */
export function healthOf(record: VaultRecord, refreshing: boolean): TokenHealth {
  const { token, failure } = record
  if (failure) return afterFailure(failure)
  if (!isTokenExpired(token)) return { status: 'ok' }
  if (token.refresh_token === undefined) {
    return { status: 'reauthorise', reason: 'no_refresh_token' }
  }
  return { status: 'stale', reason: refreshing ? 'refresh_in_progress' : 'refresh_disabled' }
}

/** Says how a record stands after a failure. */
export function afterFailure(failure: RefreshFailure): FailedHealth {
  const { reason, error, attempts, retry_at = 0 } = failure
  const code = error === undefined ? {} : { error }
  if (reason === 'rejected') return { status: 'reauthorise', reason, ...code }
  return { status: 'retrying', reason, ...code, attempts, retry_at: Math.ceil(retry_at / 1000) }
}

/**
 * Returns the moment to refresh a token just received: early, and each at a moment of its own. `luck`
 * (0 to 1) spreads tokens that were received together over half of the early time.
 */
export function refreshTime(
  { lifetime }: Received,
  { now, early, luck }: { now: number; early: number; luck: number },
): { readonly refreshAt?: number } {
  if (lifetime === undefined) return {}
  // A fifth at most: a token that lives for a minute is not refreshed all the time.
  const lead = Math.min(early, lifetime / 5) * (1 - luck / 2)
  return { refreshAt: now + (lifetime - lead) * 1000 }
}
