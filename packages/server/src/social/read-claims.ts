import type { OAuth2Tokens } from '@better-auth/core/oauth2'
import { jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { isCanonicalJwt } from '../jwt-spelling.ts'
import type { Metadata } from './discovery.ts'
import { fetchJson } from './fetch-json.ts'

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

/** Tokens of an answer, with the nonce its ID token has to repeat. */
type NoncedTokens = OAuth2Tokens & { expectedIdTokenNonce?: string | undefined }

/**
 * The claims of an ID token that verifies, with those of user info where it names no address.
 *
 * Throws for every other ID token (OpenID Connect Core 1.0, section 3.1.3.7).
 */
export async function readClaims(
  metadata: Metadata,
  clientId: string,
  tokens: NoncedTokens,
): Promise<JWTPayload> {
  const { idToken = '', accessToken, expectedIdTokenNonce } = tokens
  if (!isCanonicalJwt(idToken)) throw new Error('the ID token is missing or malformed')
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
