import { createRemoteJWKSet } from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import { fetchJson } from './fetch-json.ts'
import { isSecureUrl } from './options.ts'

/** What a provider says about itself (OpenID Connect Discovery 1.0, section 3). */
export interface Metadata {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly userInfoEndpoint: string | undefined
  /** How a client with a secret proves itself at the token endpoint. */
  readonly authentication: 'basic' | 'post'
  readonly keys: JWTVerifyGetKey
}

/** A provider's metadata, read when first needed. */
export interface Discovery {
  /** Rejects while the provider cannot be read; the next call tries again. */
  read(): Promise<Metadata>
  /** The issuer that was read; undefined before. */
  readonly issuer: string | undefined
}

const maxAge = 3_600_000

/**
 * Reads the metadata of an issuer once an hour, however many ask.
 *
 * A provider that is away at start is asked again later, instead of being left out until a restart.
 */
export function discovery(issuer: string): Discovery {
  let current: { readonly metadata: Metadata; readonly readAt: number } | undefined
  let reading: Promise<Metadata> | undefined
  const load = async () => {
    const metadata = await readMetadata(issuer)
    current = { metadata, readAt: Date.now() }
    return metadata
  }
  return {
    read: async () => {
      if (current && Date.now() - current.readAt < maxAge) return current.metadata
      reading ??= load().finally(() => (reading = undefined))
      return reading
    },
    get issuer() {
      return current?.metadata.issuer
    },
  }
}

async function readMetadata(configured: string): Promise<Metadata> {
  const base = configured.replace(/\/$/, '')
  const document = await fetchJson(`${base}/.well-known/openid-configuration`)
  const issuer = document['issuer']
  // Another issuer's document would have us believe another issuer's tokens.
  if (typeof issuer !== 'string' || issuer.replace(/\/$/, '') !== base) {
    throw new Error(`the discovery document at ${new URL(base).host} is another issuer's`)
  }
  const methods = document['token_endpoint_auth_methods_supported']
  const userInfo = document['userinfo_endpoint']
  return {
    issuer,
    authorizationEndpoint: endpoint(document, 'authorization_endpoint'),
    tokenEndpoint: endpoint(document, 'token_endpoint'),
    userInfoEndpoint: userInfo === undefined ? undefined : endpoint(document, 'userinfo_endpoint'),
    authentication:
      Array.isArray(methods) && !methods.includes('client_secret_basic') ? 'post' : 'basic',
    keys: createRemoteJWKSet(new URL(endpoint(document, 'jwks_uri')), { timeoutDuration: 5_000 }),
  }
}

function endpoint(document: Readonly<Record<string, unknown>>, name: string): string {
  const value = document[name]
  if (isSecureUrl(value)) return value
  throw new Error(`the discovery document has no secure ${name}`)
}
