import type { ReplayStore } from '../replay.ts'
import { isSafeUrl } from '../safe-url.ts'
import type { AccessToken } from './access-token.ts'
import type { AuthenticationRequirement } from './error.ts'

/** How a resource server asks the issuer about a token (RFC 7662). */
export interface TokenIntrospectionOptions {
  /** The resource server's own client at the issuer. */
  clientId: string
  clientSecret: string
  /** The endpoint. @default what the metadata of the issuer says */
  url?: string
  /** Asks about JWTs too, so that a revocation counts before they expire. @default false */
  live?: boolean
  /** For how many seconds a yes is believed, 60 at most. @default 0 */
  cacheFor?: number
}

/** Whose access tokens count, and where. */
export interface AccessTokenOptions {
  /** The issuer, exactly as its metadata and its tokens write it. */
  issuer: string
  /** The one audience that counts here (RFC 8707): the URL of this API, exactly as tokens name it. */
  resource: string
  /** Needed for tokens that are no JWT. @default JWTs alone are taken */
  introspection?: TokenIntrospectionOptions
  /**
   * Asked about every token that is verified, such as a server that is its own issuer can: `false`
   * refuses it. @default what is verified counts
   */
  isLive?: (token: string, verified: AccessToken) => boolean | Promise<boolean>
  /** How the person behind a token must have signed in (RFC 9470). @default however they did */
  authentication?: AuthenticationRequirement
  /** Where used DPoP proofs are remembered; several processes share one. @default this process */
  replayStore?: ReplayStore
  /** How long to wait for the issuer, in milliseconds. @default 5000 */
  timeout?: number
  /** Called with every failure of the issuer, so that an operator sees more than a 503. */
  onError?: (error: unknown) => void
  /** @default the global one */
  fetch?: typeof fetch
}

/** {@link TokenIntrospectionOptions} with every default in place. */
export interface ResolvedIntrospection {
  readonly clientId: string
  readonly clientSecret: string
  readonly url: string | undefined
  readonly live: boolean
  readonly cacheFor: number
}

/** {@link AccessTokenOptions}, checked, with every default in place. */
export interface ResolvedAccessTokenOptions {
  readonly issuer: string
  readonly resource: string
  readonly introspection: ResolvedIntrospection | null
  readonly authentication: AuthenticationRequirement
  readonly timeout: number
  readonly onError: (error: unknown) => void
  readonly fetch: typeof fetch
}

const MAX_CACHE = 60

/** Fills in the defaults. Throws a `TypeError` for options that cannot work or are not safe. */
export function resolveAccessTokenOptions(options: AccessTokenOptions): ResolvedAccessTokenOptions {
  const { issuer, resource, introspection, timeout = 5000 } = options
  // RFC 8414 section 2 and RFC 8707 section 2: both are compared as text, so they stay as written.
  if (/[?#]/.test(issuer)) throw new TypeError('`issuer` has no query and no fragment')
  if (resource.includes('#')) throw new TypeError('`resource` has no fragment')
  requireSafeUrl('issuer', issuer)
  requireSafeUrl('resource', resource)
  return {
    issuer,
    resource,
    introspection: introspection ? resolveIntrospection(introspection) : null,
    authentication: checkAuthentication(options.authentication),
    timeout,
    onError: options.onError ?? (() => {}),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  }
}

/** What goes into a challenge: names without spaces and quotes, and whole seconds. */
function checkAuthentication(required: AuthenticationRequirement = {}): AuthenticationRequirement {
  const { acrValues, maxAge = 0 } = required
  const isNamed = acrValues?.every((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) ?? true
  if (!isNamed || acrValues?.length === 0) {
    throw new TypeError('`authentication.acrValues` must be classes of a sign-in, at least one')
  }
  if (!Number.isSafeInteger(maxAge) || maxAge < 0) {
    throw new TypeError('`authentication.maxAge` must be whole seconds')
  }
  return required
}

function resolveIntrospection({
  clientId,
  clientSecret,
  url,
  live = false,
  cacheFor = 0,
}: TokenIntrospectionOptions): ResolvedIntrospection {
  if (url !== undefined) requireSafeUrl('introspection.url', url)
  if (!(cacheFor >= 0 && cacheFor <= MAX_CACHE)) {
    throw new TypeError(`\`introspection.cacheFor\` must be seconds, ${MAX_CACHE} at most`)
  }
  return { clientId, clientSecret, url, live, cacheFor }
}

/** Throws a `TypeError` for a URL that is neither https nor http on this machine. */
export function requireSafeUrl(name: string, value: unknown): string {
  if (isSafeUrl(value)) return value
  throw new TypeError(`\`${name}\` must be an https URL, or http on this machine`)
}
