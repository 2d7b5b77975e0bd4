import {
  authorizationCodeRequest,
  createAuthorizationURL,
  getOAuth2Tokens,
  refreshAccessTokenRequest,
} from '@better-auth/core/oauth2'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import { ProtocolError } from '@countersign/protocol'
import type { JWTPayload } from 'jose'
import { discovery } from './discovery.ts'
import { fetchJson } from './fetch-json.ts'
import type { ResolvedProvider } from './options.ts'
import { readClaims } from './read-claims.ts'
import { userOf } from './user-of.ts'

type Log = (message: string, error: unknown) => void

/**
 * An OpenID Connect provider for Better Auth: code flow with PKCE and nonce, metadata on first use,
 * and nobody signed in without an ID token that verifies (OpenID Connect Core 1.0, section 3.1.3.7).
 */
export function oidcProvider(
  config: ResolvedProvider & { issuer: string },
  log: Log,
): OAuthProvider {
  const { id, name, clientId, clientSecret } = config
  const options = { clientId, ...(clientSecret !== undefined && { clientSecret }) }
  const source = discovery(config.issuer)
  const metadata = () =>
    source.read().catch((cause: unknown) => {
      log(`Sign-in with ${id} is not available`, cause)
      const message = `Sign-in with ${name} is not available right now.`
      throw new ProtocolError('unavailable', { message, cause, headers: { 'retry-after': '5' } })
    })
  /** Where tokens are asked for, and how this server proves itself there. */
  const tokenRequest = async () => {
    const { tokenEndpoint, authentication } = await metadata()
    return { options, tokenEndpoint, ...(clientSecret !== undefined && { authentication }) }
  }
  return {
    id,
    name,
    requiresIdTokenNonce: true,
    options: { disableSignUp: !config.signUp },
    get issuer() {
      return source.issuer
    },
    accountSubject: ({ profile }) => (profile as JWTPayload).sub ?? '',
    async createAuthorizationURL({ state, codeVerifier, redirectURI, ...data }) {
      return createAuthorizationURL({
        id,
        options,
        authorizationEndpoint: (await metadata()).authorizationEndpoint,
        state,
        codeVerifier,
        redirectURI,
        scopes: [
          ...new Set(['openid', 'email', 'profile', ...config.scopes, ...(data.scopes ?? [])]),
        ],
        nonce: data.idTokenNonce,
        loginHint: data.loginHint,
      })
    },
    async validateAuthorizationCode({ code, codeVerifier, redirectURI }) {
      const request = { code, codeVerifier, redirectURI, ...(await tokenRequest()) }
      return askForTokens(request.tokenEndpoint, await authorizationCodeRequest(request))
    },
    async refreshAccessToken(refreshToken) {
      const request = { refreshToken, ...(await tokenRequest()) }
      return askForTokens(request.tokenEndpoint, await refreshAccessTokenRequest(request))
    },
    async getUserInfo(tokens) {
      try {
        const claims = await readClaims(await metadata(), clientId, tokens)
        return { user: userOf(claims, config), data: claims }
      } catch (error) {
        log(`Sign-in with ${id} was refused`, error)
        return null
      }
    },
  }
}

async function askForTokens(url: string, form: Pick<RequestInit, 'body' | 'headers'>) {
  return getOAuth2Tokens(await fetchJson(url, { method: 'POST', ...form }))
}
