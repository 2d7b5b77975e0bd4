import {
  getValidatedIdTokenClaims,
  processGenericTokenEndpointResponse,
  validateApplicationLevelSignature,
} from 'oauth4webapi'
import { fromBase64Url, toBase64Url } from './base64url.ts'
import { requireSetting } from './config.ts'
import { OAuthError } from './errors.ts'
import { isObject } from './http.ts'
import { openProvider, requestOptions, toClient, toServer } from './provider.ts'
import type { OAuthFlowConfig } from './config.ts'
import type { Provider } from './provider.ts'
import type { IdTokenClaims } from './types.ts'

/** What an ID token has to match besides the configuration. */
export interface IdTokenExpectations {
  /** The nonce of this sign-in. `null` expects a token without one; left out, it is not looked at. */
  nonce?: string | null
  /** The access token that came with it: where the ID token has an `at_hash`, it must fit. */
  accessToken?: string
  /** Seconds since the person last proved who they are, at most. */
  maxAge?: number
}

/**
 * The claims of an ID token, once everything about it is checked (OpenID Connect Core section 3.1.3.7).
 *
 * Signature by a key of the issuer's JWKS with an asymmetric algorithm the issuer announces (else RS256), `iss`, `aud`, `azp`,
 * `exp`, `nbf`, and whatever is expected. Throws `invalid_id_token`; `unsupported` where the provider
 * publishes no keys and `jwksUrl` is not set.
 */
export async function verifyIdToken(
  idToken: string,
  expected: IdTokenExpectations = {},
  config?: OAuthFlowConfig,
): Promise<IdTokenClaims> {
  const provider = await openProvider(config)
  const { header, claims: unverified } = parse(idToken)
  const server = toServer(provider, expectedIssuer(provider, unverified))
  if (server.jwks_uri === undefined) {
    throw new OAuthError('unsupported', {
      message: 'The provider publishes no keys for ID tokens: set `jwksUrl`',
    })
  }

  // oauth4webapi checks an ID token as part of a token response, so it gets one that holds nothing else.
  const response = Response.json({ access_token: '-', token_type: 'bearer', id_token: idToken })
  const claims = await explained(async () => {
    const body = await processGenericTokenEndpointResponse(server, toClient(provider), response)
    await validateApplicationLevelSignature(server, response, requestOptions(provider))
    return getValidatedIdTokenClaims(body)
  })
  if (!claims) throw invalid('is missing')

  requireNonce(claims['nonce'], expected.nonce)
  requireRecent(claims['auth_time'], expected.maxAge)
  await requireTokenHash(claims['at_hash'], expected.accessToken, header['alg'])
  requireAuthorizedParty(claims['azp'], requireSetting(provider.config, 'clientId'))
  return claims
}

function expectedIssuer(provider: Provider, unverified: Record<string, unknown>): string {
  const { issuerTemplate } = provider.config
  if (issuerTemplate === undefined) {
    return provider.metadata?.issuer ?? requireSetting(provider.config, 'issuer')
  }
  const tenant = unverified['tid']
  // A tenant is a GUID; anything else could turn the template into another address.
  if (typeof tenant !== 'string' || !/^[\da-f-]{36}$/i.test(tenant)) throw invalid('has no tenant')
  return issuerTemplate.replace('{tenantid}', tenant)
}

/** Every part must be canonical base64url: a token that was changed in any character is another token. */
function parse(token: string): {
  header: Record<string, unknown>
  claims: Record<string, unknown>
} {
  const parts = token.split('.').map(fromBase64Url)
  const [header, claims, signature] = parts
  if (parts.length !== 3 || !header || !claims || !signature?.length) throw invalid('is malformed')
  return { header: parseObject(header), claims: parseObject(claims) }
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isObject(value)) return value
  } catch {
    // Falls through to the one answer for everything malformed.
  }
  throw invalid('is malformed')
}

function requireNonce(nonce: unknown, expected: string | null | undefined): void {
  if (expected !== undefined && nonce !== (expected ?? undefined)) {
    throw invalid('was issued for another sign-in')
  }
}

function requireRecent(authTime: unknown, maxAge: number | undefined): void {
  if (maxAge === undefined) return
  const age = typeof authTime === 'number' ? Date.now() / 1000 - authTime : Infinity
  if (age > maxAge + 30) throw invalid('speaks of too old a sign-in')
}

/** A token of several audiences must name this client as the one it was issued to; any token may. */
function requireAuthorizedParty(party: unknown, clientId: string): void {
  if (party !== undefined && party !== clientId) throw invalid('was issued to another client')
}

/** `at_hash` is the left half of the access token's digest (OpenID Connect Core section 3.1.3.6). */
async function requireTokenHash(
  hash: unknown,
  accessToken: string | undefined,
  algorithm: unknown,
): Promise<void> {
  if (hash === undefined || accessToken === undefined) return
  const bits = /^(?:RS|PS|ES)(256|384|512)$/.exec(String(algorithm))?.[1] ?? '512'
  const digest = await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(accessToken))
  const half = new Uint8Array(digest, 0, digest.byteLength / 2)
  if (toBase64Url(half) !== hash) throw invalid('belongs to another access token')
}

async function explained<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OAuthError) throw error
    // The library's causes hold whole tokens and claims, so only its sentence is kept.
    throw invalid(`is refused: ${error instanceof Error ? error.message : 'unknown reason'}`)
  }
}

function invalid(reason: string): OAuthError {
  return new OAuthError('invalid_id_token', { message: `The ID token ${reason}` })
}
