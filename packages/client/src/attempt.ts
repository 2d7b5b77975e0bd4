import {
  AuthorizationResponseError,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  validateAuthResponse,
} from 'oauth4webapi'
import { buildAuthorizeUrl, redeemCode } from './authorization-code.ts'
import { parseScopes, requireSetting, resolveConfig } from './config.ts'
import { OAuthError } from './errors.ts'
import { findEndpoint, openProvider, toClient, toServer } from './provider.ts'
import { printable } from './token-response.ts'
import { fetchUserInfo } from './user-info.ts'
import type { AuthorizeUrlOptions, VerifiedTokens } from './authorization-code.ts'
import type { OAuthFlowConfig, ResolvedConfig } from './config.ts'
import type { Provider } from './provider.ts'
import type { OAuthUserInfo } from './types.ts'

/**
 * One sign-in under way in one browser. Keep it where only that browser's next request finds it: it is
 * the proof that the answer was asked for here.
 */
export interface SignInAttempt {
  state: string
  nonce: string
  codeVerifier: string
  redirectUri: string
  /** Issuer and client the attempt was made with; no other provider's answer fits it. */
  provider: string
  /** Seconds since the last real sign-in that were asked for. */
  maxAge?: number
}

/** Who signed in, and with what. */
export interface SignInResult extends VerifiedTokens {
  /** Claims of the ID token and of user info together. `sub` is the same in both. */
  info: OAuthUserInfo
  /** The issuer that vouches: a person is issuer and `sub` together. */
  issuer: string
}

/** Begins a sign-in: the address to send the browser to, and the attempt to remember for it. */
export async function startSignIn(
  redirectUri: string,
  options: AuthorizeUrlOptions = {},
  config: OAuthFlowConfig = {},
): Promise<{ url: string; attempt: SignInAttempt }> {
  const resolved = resolveConfig({ ...options, ...config })
  const attempt: SignInAttempt = {
    state: generateRandomState(),
    nonce: generateRandomNonce(),
    codeVerifier: generateRandomCodeVerifier(),
    redirectUri,
    provider: providerKey(resolved),
    ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
  }
  const { state, nonce, codeVerifier } = attempt
  const codeChallenge = await calculatePKCECodeChallenge(codeVerifier)
  const asked = { ...options, state, codeChallenge, ...(usesOpenId(resolved) ? { nonce } : {}) }
  return { url: await buildAuthorizeUrl(redirectUri, asked, config), attempt }
}

/**
 * Ends a sign-in: checks that the answer belongs to the attempt, redeems the code, and reads who it is.
 *
 * Checks `state`, `iss` (RFC 9207), PKCE, the ID token with its nonce, and that user info speaks of the
 * same person. Throws `invalid_callback` for an answer that fits no attempt, and `authorization_error`
 * with the provider's code where the provider said no.
 */
export async function finishSignIn(
  answer: URL | URLSearchParams,
  attempt: SignInAttempt,
  config: OAuthFlowConfig = {},
): Promise<SignInResult> {
  const provider = await openProvider(config)
  // Checked before the code is shown to anybody (GHSA-x445-f3h2-j279).
  if (attempt.provider !== providerKey(provider.config)) throw new OAuthError('invalid_callback')
  const parameters = answer instanceof URL ? answer.searchParams : answer
  const code = requireCode(provider, parameters, attempt.state)

  const { redirectUri, codeVerifier, nonce, maxAge } = attempt
  const openId = usesOpenId(provider.config)
  const { tokens, claims } = await redeemCode(
    { code, redirectUri },
    {
      codeVerifier,
      ...(openId ? { nonce } : {}),
      ...(maxAge === undefined ? {} : { maxAge }),
    },
    config,
  )
  if (!claims && openId && provider.metadata?.jwks_uri !== undefined) {
    throw new OAuthError('invalid_id_token', { message: 'The provider sent no ID token' })
  }
  const info = await readUserInfo(provider, { tokens, claims }, config)
  return { tokens, claims, info, issuer: claims?.iss ?? issuerOf(provider) }
}

/** Names issuer and client, so that an attempt fits one provider only. */
function providerKey(config: ResolvedConfig): string {
  const place = config.issuer ?? config.authorizeUrl ?? requireSetting(config, 'issuer')
  return `${place} ${requireSetting(config, 'clientId')}`
}

function usesOpenId(config: ResolvedConfig): boolean {
  return parseScopes(config.scopes).includes('openid')
}

function issuerOf({ config, metadata }: Provider): string {
  return metadata?.issuer ?? config.issuer ?? config.authorizeUrl ?? ''
}

function requireCode(provider: Provider, parameters: URLSearchParams, state: string): string {
  // Nothing may come twice, since two readers could take different ones (RFC 6749 section 3.1).
  if (parameters.size !== new Set(parameters.keys()).size) throw new OAuthError('invalid_callback')
  const server = toServer(provider, responseIssuer(provider, parameters))
  try {
    const checked = validateAuthResponse(server, toClient(provider), parameters, state)
    const code = checked.get('code')
    if (code) return code
  } catch (error) {
    if (error instanceof AuthorizationResponseError) throw refusal(error)
    if (!(error instanceof Error)) throw error
    throw new OAuthError('invalid_callback', {
      message: `Invalid OAuth callback: ${error.message}`,
    })
  }
  throw new OAuthError('invalid_callback')
}

/** Of a provider with many tenants any one may answer; of every other only the issuer itself. */
function responseIssuer(provider: Provider, parameters: URLSearchParams): string {
  const { issuerTemplate } = provider.config
  const stated = parameters.get('iss')
  if (issuerTemplate === undefined || stated === null) return issuerOf(provider)
  const [before = '', after = ''] = issuerTemplate.split('{tenantid}')
  const tenant = stated.slice(before.length, stated.length - after.length)
  const fits = stated === `${before}${tenant}${after}` && /^[\da-f-]{36}$/i.test(tenant)
  return fits ? stated : issuerTemplate
}

function refusal(error: AuthorizationResponseError): OAuthError {
  const code = printable(error.error)
  return new OAuthError('authorization_error', {
    message: `The provider answered ${code}`,
    error: code,
  })
}

async function readUserInfo(
  provider: Provider,
  { tokens, claims }: VerifiedTokens,
  config: OAuthFlowConfig,
): Promise<OAuthUserInfo> {
  if (claims && findEndpoint(provider, 'userinfo') === undefined) return claims
  const info = await fetchUserInfo(tokens.access_token, config)
  if (claims && claims.sub !== info.sub) throw new OAuthError('subject_mismatch')
  return { ...claims, ...info }
}
