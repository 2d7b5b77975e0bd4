import { OAuthError } from './errors.ts'
import { verifyIdToken } from './id-token.ts'
import { openProvider } from './provider.ts'
import { postAsClient } from './token-request.ts'
import { readTokenResponse } from './token-response.ts'
import type { OAuthFlowConfig } from './config.ts'
import type { OAuthTokenResponse } from './types.ts'

/**
 * Trades a refresh token for new tokens (RFC 6749 section 6). The client secret goes along where there
 * is one, and is not required.
 *
 * The answer always has a refresh token: the new one, or the old one where the provider keeps it. An
 * ID token that cannot be verified is left out, so that it never costs the grant.
 */
export async function refreshToken(
  value: string,
  config?: OAuthFlowConfig,
): Promise<OAuthTokenResponse> {
  const provider = await openProvider(config, 'token')
  const response = await postAsClient(provider, 'token', {
    grant_type: 'refresh_token',
    refresh_token: value,
  })
  const { id_token: idToken, ...tokens } = await readTokenResponse(response)
  const kept = { ...tokens, refresh_token: tokens.refresh_token ?? value }
  if (idToken === undefined || provider.config.issuer === undefined) return kept
  const verified = await isVerified(idToken, kept.access_token, config)
  return verified ? { ...kept, id_token: idToken } : kept
}

async function isVerified(
  idToken: string,
  accessToken: string,
  config: OAuthFlowConfig | undefined,
): Promise<boolean> {
  try {
    await verifyIdToken(idToken, { accessToken }, config)
    return true
  } catch (error) {
    if (error instanceof OAuthError) return false
    throw error
  }
}
