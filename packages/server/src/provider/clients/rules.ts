import { redirectTarget } from '../redirect-uri.ts'
import type { ClientAuthenticationMethod } from './client.ts'

/** The grant without redirects that clients may have which nobody vouched for. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

/** Grant types that a client can be given. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE_CODE,
  'urn:openid:params:grant-type:ciba',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const

/** A grant type of this server. */
export type GrantType = (typeof grantTypes)[number]

/** Those that need nobody to prove anything but a code: a person approves each of them. */
export const publicGrantTypes: ReadonlySet<string> = new Set<GrantType>([
  'authorization_code',
  'refresh_token',
  DEVICE_CODE,
])

/** How clients prove who they are at the endpoints of machines. */
export const authenticationMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const satisfies readonly ClientAuthenticationMethod[]

/** Whether a client of this method has a secret. */
export function hasSecret(method: ClientAuthenticationMethod): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}

/**
 * Whether a URL may be shown to people as a link, or be called by this server: https, or http on this
 * computer. Nothing that a browser runs, no user name, nothing invisible.
 */
export function isPageUrl(text: string): boolean {
  const kind = redirectTarget(text)?.kind
  return kind === 'web' || kind === 'loopback'
}

/** Whether a URL may be an image that browsers of people load: https. */
export function isImageUrl(text: string): boolean {
  return redirectTarget(text)?.kind === 'web'
}

const MAX_KEYS = 10

/** The members of private and symmetric keys (RFC 7518 section 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * A JWK Set of public signing keys as the text to store, or null for anything else: a private key,
 * a symmetric one, too many, or none.
 */
export function publicKeySet(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return null
  const { keys } = value
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS) return null
  const isPublic = (key: unknown) =>
    typeof key === 'object' &&
    key !== null &&
    'kty' in key &&
    typeof key.kty === 'string' &&
    ['RSA', 'EC', 'OKP'].includes(key.kty) &&
    !secretMembers.some((member) => Object.hasOwn(key, member))
  if (!keys.every(isPublic)) return null
  const text = JSON.stringify({ keys })
  return text.length > 20_000 ? null : text
}

/** Whether a client is a program on somebody's device, by where its answers go (RFC 8252). */
export function applicationTypeOf(redirectUris: readonly string[]): 'web' | 'native' {
  const leavesBrowser = redirectUris.some((uri) => redirectTarget(uri)?.kind !== 'web')
  return leavesBrowser ? 'native' : 'web'
}

/** The hosts that answers go to; those of pairwise subjects must be one (OpenID Connect Core, 8.1). */
export function redirectHosts(redirectUris: readonly string[]): readonly string[] {
  const hosts = redirectUris.map((uri) => {
    const target = redirectTarget(uri)
    if (target?.kind === 'private_scheme') return `${target.scheme}:`
    return target?.kind === 'loopback' ? 'loopback' : (target?.host ?? '')
  })
  return [...new Set(hosts)].toSorted()
}
