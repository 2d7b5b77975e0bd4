import { OAuthError } from './errors.ts'
import type { OAuthUserInfo } from './types.ts'

/** How the client proves itself at the token endpoint (RFC 6749 section 2.3). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none'

/** Which provider to talk to, as whom. Whatever is missing comes from the environment. */
export interface OAuthFlowConfig {
  /** The provider's identifier, an https address. `OAUTH_ISSUER`. */
  issuer?: string
  /** `OAUTH_CLIENT_ID`. */
  clientId?: string
  /** `OAUTH_CLIENT_SECRET`. Taken from the environment only together with the client id there. */
  clientSecret?: string
  /**
   * What to ask for: names in a list, or in one string with spaces or commas. `OAUTH_SCOPES`.
   *
   * @default 'openid profile email'
   */
  scopes?: string | readonly string[]
  /** Wins over discovery and over `{issuer}/authorize`. `OAUTH_AUTHORIZE_URL`. */
  authorizeUrl?: string
  /** Wins over discovery and over `{issuer}/oauth/token`. `OAUTH_TOKEN_URL`. */
  tokenUrl?: string
  /** Wins over discovery and over `{issuer}/userinfo`; null: there is none. `OAUTH_USERINFO_URL`. */
  userinfoUrl?: string | null
  /** Wins over discovery and over `{issuer}/revoke`; null: there is none. `OAUTH_REVOKE_URL`. */
  revokeUrl?: string | null
  /** Wins over discovery and over `{issuer}/end_session`; null: there is none. `OAUTH_END_SESSION_URL`. */
  endSessionUrl?: string | null
  /** Where the keys of ID tokens are, for a provider without discovery. */
  jwksUrl?: string
  /** OpenID Connect `prompt`: `none`, `login`, `consent` or `select_account`. */
  prompt?: string
  /** Further parameters of the authorization request. The standard ones cannot be replaced. */
  parameters?: Readonly<Record<string, string>>
  /**
   * How the client proves itself. `none` is a public client, which has no secret.
   *
   * @default what the provider announces, else 'client_secret_post'
   */
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod
  /**
   * Whether to read the provider's metadata (OpenID Connect Discovery, RFC 8414).
   *
   * @default true
   */
  discovery?: boolean
  /**
   * The issuer in metadata and ID tokens where one provider serves many tenants: `{tenantid}` stands
   * for the token's `tid` claim.
   */
  issuerTemplate?: string
  /**
   * Turns the provider's own user format into OpenID Connect claims. `get` reads another address of the
   * provider with the same access token.
   */
  mapUserInfo?: (
    body: Readonly<Record<string, unknown>>,
    get: (url: string) => Promise<unknown>,
  ) => OAuthUserInfo | Promise<OAuthUserInfo>
  /**
   * How long one request to the provider may take, in seconds.
   *
   * @default 10
   */
  timeout?: number
  /** Gives up when it fires. */
  signal?: AbortSignal
  /** Replaces `fetch`, for a proxy or another runtime. */
  fetch?: typeof globalThis.fetch
}

/** The environment variable behind each setting. */
const variables = {
  issuer: 'OAUTH_ISSUER',
  clientId: 'OAUTH_CLIENT_ID',
  clientSecret: 'OAUTH_CLIENT_SECRET',
  authorizeUrl: 'OAUTH_AUTHORIZE_URL',
  tokenUrl: 'OAUTH_TOKEN_URL',
  userinfoUrl: 'OAUTH_USERINFO_URL',
  revokeUrl: 'OAUTH_REVOKE_URL',
  endSessionUrl: 'OAUTH_END_SESSION_URL',
} as const

type TextSetting = keyof typeof variables

const textSettings = Object.keys(variables) as readonly TextSetting[]

/** A configuration after {@link resolveConfig}: nothing blank, defaults in place. */
export interface ResolvedConfig extends OAuthFlowConfig {
  scopes: string
  timeout: number
}

/**
 * The call's settings completed from the environment and the defaults.
 *
 * What belongs together stays together: endpoints of the environment are those of the environment's
 * issuer, and its secret is that of its client, so neither ever reaches another provider.
 */
export function resolveConfig(config: OAuthFlowConfig = {}): ResolvedConfig {
  const timeout = config.timeout ?? 10
  if (!(timeout > 0)) {
    throw new OAuthError('invalid_configuration', { message: '`timeout` must be above 0 seconds' })
  }
  const scopes = parseScopes(config.scopes ?? readEnvironment('OAUTH_SCOPES')).join(' ')
  const resolved: ResolvedConfig = { ...config, scopes, timeout }
  for (const name of textSettings) {
    if (config[name] === null) continue
    const value = filled(config[name]) ?? fromEnvironment(name, config)
    if (value === undefined) delete resolved[name]
    else resolved[name] = value
  }
  return resolved
}

/** The setting, or `<NAME> is required` with the name of its environment variable. */
export function requireSetting(
  config: OAuthFlowConfig,
  name: 'issuer' | 'clientId' | 'clientSecret',
): string {
  const value = config[name]
  if (value !== undefined) return value
  throw new OAuthError('missing_configuration', { message: `${variables[name]} is required` })
}

/** One environment variable, or undefined where it is absent or blank. */
function readEnvironment(name: string): string | undefined {
  return filled(globalThis.process?.env[name])
}

/** The secret of the environment: `COUNTERSIGN_SECRET`, or under the name users of Better Auth know. */
export function readSecret(): string | undefined {
  return readEnvironment('COUNTERSIGN_SECRET') ?? readEnvironment('BETTER_AUTH_SECRET')
}

/** The names in a list, or in a string separated by spaces or commas; the default where there are none. */
export function parseScopes(scopes: string | readonly string[] = []): readonly string[] {
  const names = (typeof scopes === 'string' ? [scopes] : scopes)
    .flatMap((part) => part.split(/[\s,]+/))
    .filter((name) => name !== '')
  return names.length > 0 ? [...new Set(names)] : ['openid', 'profile', 'email']
}

function fromEnvironment(name: TextSetting, config: OAuthFlowConfig): string | undefined {
  if (name === 'issuer' || name === 'clientId') return readEnvironment(variables[name])
  const owner = name === 'clientSecret' ? 'clientId' : 'issuer'
  const chosen = filled(config[owner])
  const ofEnvironment = readEnvironment(variables[owner])
  // Where the environment names no owner, there is nobody else the value could belong to.
  const belongs = chosen === undefined || ofEnvironment === undefined || chosen === ofEnvironment
  return belongs ? readEnvironment(variables[name]) : undefined
}

function filled(value: string | null | undefined): string | undefined {
  const text = value?.trim()
  return text === '' ? undefined : text
}
