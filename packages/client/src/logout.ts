import { OAuthError } from './errors.ts'
import { requireSetting } from './config.ts'
import { openProvider, requireEndpoint } from './provider.ts'
import { postAsClient } from './token-request.ts'
import { parseBody, refuseErrors } from './token-response.ts'
import type { OAuthFlowConfig } from './config.ts'

/** What a provider is told when a person signs out there. */
export interface LogoutUrlOptions extends OAuthFlowConfig {
  /** The ID token of the session that ends: with it the provider need not ask whose that is. */
  idToken?: string
  /** Where the provider sends the browser afterwards; must be registered there. */
  postLogoutRedirectUri?: string
  /** Comes back with the browser. */
  state?: string
  /** Whose session ends, where there is no ID token. */
  logoutHint?: string
}

/**
 * Revokes an access or refresh token (RFC 7009). Prefer the refresh token: that ends the whole grant.
 *
 * Resolves for a token that is invalid already. Throws `unsupported` where the provider has no
 * revocation endpoint.
 */
export async function logout(token: string, config?: OAuthFlowConfig): Promise<void> {
  const provider = await openProvider(config, 'revoke')
  const response = await postAsClient(provider, 'revoke', { token })
  try {
    refuseErrors(response, response.ok ? {} : parseBody(await response.text()))
  } catch (error) {
    // Some providers report a dead token; section 2.2 calls that success.
    if (!(error instanceof OAuthError) || error.error !== 'invalid_token') throw error
  }
}

/**
 * The address where a person ends their session at the provider (OpenID Connect RP-Initiated Logout 1.0).
 *
 * Throws `unsupported` where the provider has none.
 */
export async function buildLogoutUrl(
  options: LogoutUrlOptions = {},
  config: OAuthFlowConfig = {},
): Promise<string> {
  const provider = await openProvider({ ...options, ...config }, 'endSession')
  const url = new URL(requireEndpoint(provider, 'endSession'))
  const fields = {
    client_id: requireSetting(provider.config, 'clientId'),
    id_token_hint: options.idToken,
    post_logout_redirect_uri: options.postLogoutRedirectUri,
    state: options.state,
    logout_hint: options.logoutHint,
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value)
  }
  return url.href
}
