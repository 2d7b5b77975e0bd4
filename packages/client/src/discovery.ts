import { requireSetting, resolveConfig } from './config.ts'
import { OAuthError } from './errors.ts'
import { guardedFetch, readJsonObject, requireSafeUrl } from './http.ts'
import type { JWKSCacheInput } from 'oauth4webapi'
import type { OAuthFlowConfig, ResolvedConfig } from './config.ts'

/** What a provider publishes about itself (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). */
export interface ProviderMetadata {
  issuer: string
  authorization_endpoint?: string
  token_endpoint?: string
  userinfo_endpoint?: string
  revocation_endpoint?: string
  end_session_endpoint?: string
  jwks_uri?: string
  token_endpoint_auth_methods_supported?: string[]
  id_token_signing_alg_values_supported?: string[]
  authorization_response_iss_parameter_supported?: boolean
  [name: string]: unknown
}

/** Metadata with the keys that have been read for it. */
export interface KnownProvider {
  /** Null where the provider publishes none. */
  metadata: ProviderMetadata | null
  /** Milliseconds since the epoch. */
  readAt: number
  jwks: JWKSCacheInput
}

const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'revocation_endpoint',
  'end_session_endpoint',
  'jwks_uri',
] as const

/** Milliseconds for which metadata is used without asking again. */
const freshFor = 10 * 60_000
/** Milliseconds after which a provider without metadata, or without an answer, is asked again. */
const retryAfter = 60_000
/** Milliseconds for which metadata outlives a provider that cannot be reached. */
const usableFor = 24 * 60 * 60_000
/** Issuers come from configuration, so this bounds a mistake. */
const maxProviders = 200

interface Entry {
  known?: KnownProvider
  /** Milliseconds since the epoch at which to ask again. */
  askAgainAt: number
  reading?: Promise<KnownProvider>
}

/** By `fetch`, so that a test or a proxy never answers for the real network. */
const caches = new WeakMap<typeof globalThis.fetch, Map<string, Entry>>()

/**
 * The provider's metadata, cached for ten minutes, or null where it publishes none.
 *
 * Throws `issuer_mismatch` when the document speaks for another issuer, and `provider_unavailable` or
 * `timeout` when nobody answers and nothing usable is known from before.
 */
export async function discover(config?: OAuthFlowConfig): Promise<ProviderMetadata | null> {
  const known = await knownProvider(resolveConfig(config))
  return known.metadata
}

/** What is known of the configured issuer. Parallel callers share one request. */
export async function knownProvider(config: ResolvedConfig): Promise<KnownProvider> {
  const entry = entryFor(config)
  if (entry.known && Date.now() < entry.askAgainAt) return entry.known
  entry.reading ??= refresh(entry, config).finally(() => {
    delete entry.reading
  })
  return unlessAborted(entry.reading, config.signal)
}

/** Whether two issuer identifiers differ in a trailing slash at most. */
function sameIssuer(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other)
}

/** The identifier without trailing slashes, so that a path can follow. */
export function withoutSlash(issuer: string): string {
  return issuer.replace(/\/+$/, '')
}

function entryFor(config: ResolvedConfig): Entry {
  const fetcher = config.fetch ?? globalThis.fetch
  const cache = caches.get(fetcher) ?? new Map<string, Entry>()
  caches.set(fetcher, cache)
  const key = `${withoutSlash(requireSetting(config, 'issuer'))} ${config.issuerTemplate ?? ''}`
  const entry = cache.get(key) ?? { askAgainAt: 0 }
  cache.set(key, entry)
  const [oldest] = cache.keys()
  if (cache.size > maxProviders && oldest !== undefined) cache.delete(oldest)
  return entry
}

async function refresh(entry: Entry, config: ResolvedConfig): Promise<KnownProvider> {
  try {
    const metadata = await readMetadata(config)
    entry.known = { metadata, readAt: Date.now(), jwks: {} }
    entry.askAgainAt = Date.now() + (metadata ? freshFor : retryAfter)
    return entry.known
  } catch (error) {
    const { known } = entry
    const usable = known !== undefined && Date.now() - known.readAt < usableFor
    if (!usable || !(error instanceof OAuthError) || !error.transient) throw error
    entry.askAgainAt = Date.now() + retryAfter
    return known
  }
}

/** OpenID Connect first, then plain OAuth (RFC 8414), then the conclusion that there is none. */
async function readMetadata(config: ResolvedConfig): Promise<ProviderMetadata | null> {
  // The request is shared, so no single caller's signal ends it.
  const { signal: _callers, ...shared } = config
  const get = guardedFetch(shared)
  for (const url of metadataUrls(requireSetting(config, 'issuer'))) {
    const response = await get(url, { headers: { accept: 'application/json' } })
    if (response.status >= 500 || response.status === 429) {
      throw new OAuthError('provider_unavailable', {
        message: `${url} answered ${response.status}`,
        providerStatus: response.status,
      })
    }
    const document = response.status === 200 ? await readJsonObject(response) : undefined
    if (document) return checkMetadata(document, config)
  }
  return null
}

function metadataUrls(issuer: string): readonly string[] {
  const base = requireSafeUrl(withoutSlash(issuer))
  const path = withoutSlash(base.pathname)
  return [
    `${base.origin}${path}/.well-known/openid-configuration`,
    `${base.origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/** A document that speaks for another issuer would direct codes and secrets elsewhere (RFC 8414 section 3.3). */
function checkMetadata(
  document: Record<string, unknown>,
  config: ResolvedConfig,
): ProviderMetadata {
  const expected = config.issuerTemplate ?? requireSetting(config, 'issuer')
  const { issuer } = document
  if (typeof issuer !== 'string' || !sameIssuer(issuer, expected)) {
    throw new OAuthError('issuer_mismatch', {
      message: `The metadata of ${expected} speaks for another issuer`,
    })
  }
  for (const name of endpointNames) {
    const endpoint = document[name]
    if (endpoint === undefined || endpoint === null) delete document[name]
    else requireSafeUrl(typeof endpoint === 'string' ? endpoint : '')
  }
  return { ...document, issuer }
}

async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (!signal) return work
  let stop = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(new OAuthError('aborted', { cause: signal.reason }))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
