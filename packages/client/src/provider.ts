import { allowInsecureRequests, clockTolerance, customFetch, jwksCache } from 'oauth4webapi'
import { requireSetting, resolveConfig } from './config.ts'
import { knownProvider, withoutSlash } from './discovery.ts'
import { OAuthError } from './errors.ts'
import { guardedFetch, requireSafeUrl } from './http.ts'
import type { AuthorizationServer, Client, JWKSCacheInput } from 'oauth4webapi'
import type { OAuthFlowConfig, ResolvedConfig } from './config.ts'
import type { ProviderMetadata } from './discovery.ts'

/** Seconds by which clocks may differ when times in a token are compared. */
const tolerance = 30

/** The settings, environment names, metadata names and derived paths of the five endpoints. */
const endpoints = {
  authorize: ['authorizeUrl', 'authorization_endpoint', '/authorize'],
  token: ['tokenUrl', 'token_endpoint', '/oauth/token'],
  userinfo: ['userinfoUrl', 'userinfo_endpoint', '/userinfo'],
  revoke: ['revokeUrl', 'revocation_endpoint', '/revoke'],
  endSession: ['endSessionUrl', 'end_session_endpoint', '/end_session'],
} as const

/** Names an endpoint of a provider. */
export type EndpointName = keyof typeof endpoints

/** A provider as one call sees it: settings, environment, metadata and derivation merged. */
export interface Provider {
  config: ResolvedConfig
  /** Null where discovery is off, impossible, or answered with nothing. */
  metadata: ProviderMetadata | null
  jwks: JWKSCacheInput
  fetch: ReturnType<typeof guardedFetch>
}

/**
 * Completes the settings of one call.
 *
 * An endpoint is the explicit setting, else what metadata says, else derived from the issuer. With
 * metadata, an endpoint missing there does not exist. Discovery is skipped for a call whose
 * `needed` endpoint is set explicitly.
 */
export async function openProvider(
  config: OAuthFlowConfig | undefined,
  needed?: EndpointName,
): Promise<Provider> {
  const resolved = resolveConfig(config)
  const fetch = guardedFetch(resolved)
  const explicit = needed !== undefined && resolved[endpoints[needed][0]] !== undefined
  if (explicit || resolved.discovery === false || resolved.issuer === undefined) {
    return { config: resolved, metadata: null, jwks: {}, fetch }
  }
  const { metadata, jwks } = await knownProvider(resolved)
  return { config: resolved, metadata, jwks, fetch }
}

/** The endpoint's address, or undefined where the provider has none. */
export function findEndpoint(provider: Provider, name: EndpointName): string | undefined {
  const [setting, field, path] = endpoints[name]
  const explicit = provider.config[setting]
  if (explicit === null) return undefined
  if (explicit !== undefined) return requireSafeUrl(explicit).href
  if (provider.metadata) return provider.metadata[field]
  return requireSafeUrl(`${withoutSlash(requireSetting(provider.config, 'issuer'))}${path}`).href
}

/** The endpoint's address; throws `unsupported` where the provider has none. */
export function requireEndpoint(provider: Provider, name: EndpointName): string {
  const url = findEndpoint(provider, name)
  if (url !== undefined) return url
  throw new OAuthError('unsupported', { message: `The provider has no ${name} endpoint` })
}

/** The provider in the form oauth4webapi takes; the issuer as tokens spell it. */
export function toServer(provider: Provider, issuer: string): AuthorizationServer {
  const { metadata, config } = provider
  return {
    ...metadata,
    issuer,
    ...(config.jwksUrl === undefined ? {} : { jwks_uri: requireSafeUrl(config.jwksUrl).href }),
  }
}

/** The client in the form oauth4webapi takes. */
export function toClient(provider: Provider): Client {
  return {
    client_id: requireSetting(provider.config, 'clientId'),
    [clockTolerance]: tolerance,
  }
}

/** Options that route every request of oauth4webapi through the guarded fetch. */
export function requestOptions(provider: Provider) {
  return {
    [customFetch]: (url: string, init: object) => provider.fetch(url, init),
    // The guarded fetch decides: plain http on the loopback interface only.
    [allowInsecureRequests]: true,
    [jwksCache]: provider.jwks,
  }
}
