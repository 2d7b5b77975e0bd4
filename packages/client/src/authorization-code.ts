import { OAuthError } from './errors.ts'
import { requireSetting } from './config.ts'
import { verifyIdToken } from './id-token.ts'
import { openProvider, requireEndpoint } from './provider.ts'
import { postAsClient, requireSecretUnlessPublic } from './token-request.ts'
import { readTokenResponse } from './token-response.ts'
import type { OAuthFlowConfig } from './config.ts'
import type { IdTokenClaims, OAuthTokenResponse } from './types.ts'

/** What one authorization request asks for. Settings of {@link OAuthFlowConfig} may stand here too. */
export interface AuthorizeUrlOptions extends OAuthFlowConfig {
  /** Comes back with the answer, and ties it to the browser that asked. */
  state?: string
  /** Comes back in the ID token. */
  nonce?: string
  /** The S256 challenge of a code verifier (RFC 7636). */
  codeChallenge?: string
  /** Who is probably signing in, such as an e-mail address. */
  loginHint?: string
  /** Seconds since the last real sign-in, at most. */
  maxAge?: number
}

/** What an authorization code is redeemed with. Settings of {@link OAuthFlowConfig} may stand here too. */
export interface ExchangeOptions extends OAuthFlowConfig {
  /** The verifier behind the request's `codeChallenge` (RFC 7636). */
  codeVerifier?: string
  /** The request's nonce. Without one, an ID token that has a nonce is refused. */
  nonce?: string
  /** The request's `maxAge`, in seconds. */
  maxAge?: number
}

/** Tokens together with what the ID token among them says. */
export interface VerifiedTokens {
  tokens: OAuthTokenResponse
  /** Null where the provider sent no ID token. */
  claims: IdTokenClaims | null
}

/**
 * The address at the provider where a person signs in (RFC 6749 section 4.1.1).
 *
 * Asynchronous, since the provider's own metadata says where that is. State, nonce and PKCE are the
 * caller's to make and to check here; `startSignIn` and `createSignIn` do so themselves.
 */
export async function buildAuthorizeUrl(
  redirectUri: string,
  options: AuthorizeUrlOptions = {},
  config: OAuthFlowConfig = {},
): Promise<string> {
  const provider = await openProvider(merge(options, config), 'authorize')
  const url = new URL(requireEndpoint(provider, 'authorize'))
  const { prompt, scopes, parameters } = provider.config
  const { state, nonce, codeChallenge, loginHint, maxAge } = options
  const fields = {
    ...parameters,
    response_type: 'code',
    client_id: requireSetting(provider.config, 'clientId'),
    redirect_uri: redirectUri,
    scope: scopes,
    state,
    nonce,
    code_challenge: codeChallenge,
    code_challenge_method: codeChallenge === undefined ? undefined : 'S256',
    prompt,
    login_hint: loginHint,
    max_age: maxAge?.toString(),
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value)
  }
  return url.href
}

/**
 * Redeems an authorization code for tokens (RFC 6749 section 4.1.3).
 *
 * An ID token in the answer is verified. One that nobody can verify, because no issuer is configured,
 * is left out. Needs the client secret unless `tokenEndpointAuthMethod` is `none`.
 */
export async function exchangeToken(
  code: string,
  redirectUri: string,
  options: ExchangeOptions = {},
  config: OAuthFlowConfig = {},
): Promise<OAuthTokenResponse> {
  const { tokens } = await redeemCode({ code, redirectUri }, options, config)
  return tokens
}

/** Redeems a code, and tells what the ID token says. */
export async function redeemCode(
  { code, redirectUri }: { code: string; redirectUri: string },
  options: ExchangeOptions,
  config: OAuthFlowConfig,
): Promise<VerifiedTokens> {
  if (!code) throw new OAuthError('missing_code')
  const settings = merge(options, config)
  const provider = await openProvider(settings, 'token')
  requireSecretUnlessPublic(provider)
  const { codeVerifier, nonce = null, maxAge } = options
  const response = await postAsClient(provider, 'token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }),
  })
  const { id_token: idToken, ...tokens } = await readTokenResponse(response)
  if (idToken === undefined || provider.config.issuer === undefined) return { tokens, claims: null }

  const accessToken = tokens.access_token
  const expected = { nonce, accessToken, ...(maxAge === undefined ? {} : { maxAge }) }
  const claims = await verifyIdToken(idToken, expected, settings)
  return { tokens: { ...tokens, id_token: idToken }, claims }
}

/** The last argument wins; what it leaves undefined does not. */
function merge(options: OAuthFlowConfig, config: OAuthFlowConfig): OAuthFlowConfig {
  const stated = Object.entries(config).filter(([, value]) => value !== undefined)
  return { ...options, ...Object.fromEntries(stated) }
}
