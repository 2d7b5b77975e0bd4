import { isOAuthError } from '../errors.ts'
import type { RefreshFailure } from './health.ts'
import type { StoredToken } from './stored-token.ts'

/** Codes that end a grant: RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6, and GitHub's own. */
const rejections = new Set([
  'invalid_grant',
  'bad_refresh_token',
  'interaction_required',
  'login_required',
  'consent_required',
])

const maxDelay = 300_000

/**
 * Judges a failed refresh. Only the provider's word ends a grant; whatever else went wrong is tried
 * again, after one second at first and five minutes at last. `luck` (0 to 1) spreads the attempts.
 */
export function judge(
  error: unknown,
  {
    now,
    luck,
    before,
    token,
  }: { now: number; luck: number; before: RefreshFailure | undefined; token: StoredToken },
): RefreshFailure {
  const known = isOAuthError(error) ? error : undefined
  const attempts = (before?.attempts ?? 0) + 1
  const code = harmless(known?.error, token)
  const base = { attempts, ...(code === undefined ? {} : { error: code }) }
  if (known && !known.transient && rejections.has(known.error ?? '')) {
    return { reason: 'rejected', ...base }
  }
  const delay = Math.min(1000 * 2 ** (attempts - 1), maxDelay) * (1 - luck / 2)
  const broken = !known || known.transient || known.code === 'bad_response'
  return { reason: broken ? 'unavailable' : 'misconfigured', ...base, retry_at: now + delay }
}

/** A provider's code goes into records, events and answers: it must look like one and repeat no token. */
function harmless(error: string | undefined, token: StoredToken): string | undefined {
  if (error === undefined || !/^[a-zA-Z][\w.-]{0,63}$/.test(error)) return undefined
  const secrets = [token.access_token, token.refresh_token, token.id_token]
  return secrets.some((secret) => secret !== undefined && error.includes(secret))
    ? undefined
    : error
}
