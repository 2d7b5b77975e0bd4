import type { OAuthFlowConfig } from '../config.ts'
import { logout } from '../logout.ts'
import type { StoredToken } from './stored-token.ts'

/**
 * Revokes a grant at the provider and tells whether that worked (RFC 7009). The refresh token goes
 * first, because the whole grant ends with it; the access token only where there is none or it fails.
 */
export async function revoke(token: StoredToken, config: OAuthFlowConfig): Promise<boolean> {
  for (const value of [token.refresh_token, token.access_token]) {
    if (value === undefined) continue
    try {
      await logout(value, config)
      return true
    } catch {
      // Best effort: the token is gone from here already, and the caller hears of it.
    }
  }
  return false
}
