import {
  authorizationCodeRequest,
  createAuthorizationURL,
  getOAuth2Tokens,
  refreshAccessTokenRequest,
} from '@better-auth/core/oauth2'
import type { OAuth2Tokens, OAuthProvider } from '@better-auth/core/oauth2'
import { ProtocolError } from '@countersign/protocol'
import { jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { discovery } from './discovery.ts'
import type { Metadata } from './discovery.ts'
import { fetchJson } from './fetch-json.ts'
import type { ResolvedProvider } from './options.ts'
import { userOf } from './user-of.ts'

/** Public-key signatures alone: the client secret must not be able to sign an ID token. */
const algorithms = [
  'RS256',
  'PS256',
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS384',
  'RS512',
  'PS384',
  'PS512',
  'ES384',
  'ES512',
]

type Log = (message: string, error: unknown) => void

/** Tokens of an answer, with the nonce its ID token has to repeat. */
type NoncedTokens = OAuth2Tokens & { expectedIdTokenNonce?: string | undefined }

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
      const { tokenEndpoint, authentication } = await metadata()
      const { body, headers } = await authorizationCodeRequest({
        code,
        codeVerifier,
        redirectURI,
        options,
        tokenEndpoint,
        ...(clientSecret !== undefined && { authentication }),
      })
      return getOAuth2Tokens(await fetchJson(tokenEndpoint, { method: 'POST', body, headers }))
    },
    async refreshAccessToken(refreshToken) {
      const { tokenEndpoint, authentication } = await metadata()
      const { body, headers } = await refreshAccessTokenRequest({
        refreshToken,
        options,
        tokenEndpoint,
        ...(clientSecret !== undefined && { authentication }),
      })
      return getOAuth2Tokens(await fetchJson(tokenEndpoint, { method: 'POST', body, headers }))
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

async function readClaims(
  metadata: Metadata,
  clientId: string,
  tokens: NoncedTokens,
): Promise<JWTPayload> {
  const { idToken = '', accessToken, expectedIdTokenNonce } = tokens
  const { payload } = await jwtVerify(idToken, metadata.keys, {
    algorithms,
    issuer: metadata.issuer,
    audience: clientId,
    requiredClaims: ['sub', 'exp', 'iat'],
    clockTolerance: 30,
  })
  if (expectedIdTokenNonce === undefined || payload['nonce'] !== expectedIdTokenNonce) {
    throw new Error('the ID token is not for this sign-in')
  }
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload['azp'] !== clientId) {
    throw new Error('the ID token is for another client')
  }
  if (payload['email'] !== undefined || !metadata.userInfoEndpoint || !accessToken) return payload
  const headers = { authorization: `Bearer ${accessToken}` }
  const more = await fetchJson(metadata.userInfoEndpoint, { headers })
  // Another person's answer would be believed otherwise (OpenID Connect Core 1.0, section 5.3.2).
  if (more['sub'] !== payload.sub) throw new Error('the user info is about somebody else')
  return { ...more, ...payload }
}
