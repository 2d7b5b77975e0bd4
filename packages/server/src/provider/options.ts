import { checkSecret, ConfigurationError } from '../env.ts'
import { type ResolvedScope, resolveScopes, type ScopeCatalogue } from './scopes.ts'
import { checkTrustedIssuers } from './trusted-issuers/check.ts'
import type { AssertionAudience, TrustedIssuer } from './trusted-issuers/options.ts'

export type { AssertionAudience, TrustedIssuer } from './trusted-issuers/options.ts'

/** Something that access tokens are made for (RFC 8707): an API, or an MCP server. */
export interface ProtectedResource {
  /** The `resource` parameter and the audience of its tokens: an absolute URL without fragment. */
  readonly identifier: string
  /** What people are shown. @default the identifier */
  readonly name?: string | undefined
  /** The scopes that mean something there. @default every scope */
  readonly scopes?: readonly string[] | undefined
  /** How its JWTs are signed. @default `EdDSA` */
  readonly signingAlgorithm?: 'EdDSA' | 'RS256' | undefined
  /** Whether only tokens bound to a key are made for it (RFC 9449). @default false */
  readonly requireDpop?: boolean | undefined
  /** Ids of the confidential clients that may introspect its tokens: the API itself. @default those linked in the database */
  readonly resourceServers?: readonly string[] | undefined
}

/** How long, in seconds, what this server hands out is good. */
export interface ProviderLifetimes {
  readonly code: number
  readonly accessToken: number
  readonly idToken: number
  readonly refreshToken: number
}

/** What `createAuth({ provider })` and `provider()` take. */
export interface ProviderOptions {
  /** Where people sign in, and so on: paths of the pages. @default those of the console */
  readonly pages?: Partial<ProviderPages> | undefined
  /** What clients may ask for, in a person's words. The standard scopes are always there. @default {} */
  readonly scopes?: ScopeCatalogue | undefined
  /** What access tokens are made for. @default [] */
  readonly resources?: readonly (string | ProtectedResource)[] | undefined
  readonly lifetimes?: Partial<ProviderLifetimes> | undefined
  /** Lets anybody register a client (RFC 7591), within limits. @default false */
  readonly dynamicRegistration?: boolean | undefined
  /** Accepts URLs of metadata documents as client ids. @default true */
  readonly metadataDocuments?: boolean | undefined
  /** Also fetches metadata documents from this machine. For development and tests. @default false */
  readonly dangerouslyAllowLoopback?: boolean | undefined
  /** Exact private-use redirect schemes that dynamic clients may register, such as `cursor`. @default those of known MCP clients */
  readonly redirectSchemes?: readonly string[] | undefined
  readonly trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Whom ID-JAGs are issued for, by token exchange. @default [] */
  readonly assertionAudiences?: readonly AssertionAudience[] | undefined
  /** Requires a nonce of this server in DPoP proofs (RFC 9449 section 8). @default false */
  readonly dpopNonce?: boolean | undefined
  /** Slows down whoever asks the token endpoint too often. @default true */
  readonly rateLimit?: boolean | undefined
  /**
   * What the subjects of pairwise clients are made with. Whoever changes the secret of the server keeps
   * the one before here: else those clients know nobody again. @default the secret of the server
   */
  readonly pairwiseSecret?: string | undefined
  /** Whether somebody administers clients. @default the role `admin` */
  readonly isAdministrator?: ((user: { readonly id: string }) => boolean) | undefined
  /** Asks a person on another device (CIBA): sends them to `url`. Absent, the inbox alone shows it. */
  readonly onBackchannelRequest?:
    | ((notice: { userId: string; clientName: string; url: string }) => Promise<void>)
    | undefined
}

/** Where the pages stand, as paths of the origin. */
export interface ProviderPages {
  readonly signIn: string
  readonly signUp: string
  readonly consent: string
  readonly selectAccount: string
  readonly device: string
  readonly error: string
  readonly signedOut: string
  readonly connectedApps: string
  /** Where applications are looked after; each has its page below. */
  readonly applications: string
}

/** Options with every default filled in. */
export interface ResolvedProviderOptions extends Omit<
  ProviderOptions,
  'pages' | 'scopes' | 'resources' | 'lifetimes'
> {
  readonly pages: ProviderPages
  readonly scopes: ReadonlyMap<string, ResolvedScope>
  readonly resources: readonly ProtectedResource[]
  readonly lifetimes: ProviderLifetimes
  readonly dynamicRegistration: boolean
  readonly metadataDocuments: boolean
  readonly redirectSchemes: readonly string[]
  readonly trustedIssuers: readonly TrustedIssuer[]
  readonly assertionAudiences: readonly AssertionAudience[]
  readonly rateLimit: boolean
}

const pages: ProviderPages = {
  signIn: '/sign-in',
  signUp: '/sign-up',
  consent: '/consent',
  selectAccount: '/select-account',
  device: '/device',
  error: '/oauth-error',
  signedOut: '/signed-out',
  connectedApps: '/connected-apps',
  applications: '/applications',
}

const lifetimes: ProviderLifetimes = {
  code: 60,
  accessToken: 600,
  idToken: 600,
  refreshToken: 30 * 86_400,
}

/** Fills in defaults and refuses what cannot work. Throws `ConfigurationError`. */
export function resolveProviderOptions(options: ProviderOptions = {}): ResolvedProviderOptions {
  const resolved = {
    ...options,
    pages: { ...pages, ...options.pages },
    scopes: resolveScopes(options.scopes ?? {}),
    resources: (options.resources ?? []).map(resolveResource),
    lifetimes: { ...lifetimes, ...options.lifetimes },
    dynamicRegistration: options.dynamicRegistration ?? false,
    metadataDocuments: options.metadataDocuments ?? true,
    redirectSchemes: options.redirectSchemes ?? ['cursor', 'vscode', 'vscode-insiders', 'windsurf'],
    trustedIssuers: options.trustedIssuers ?? [],
    assertionAudiences: options.assertionAudiences ?? [],
    rateLimit: options.rateLimit ?? true,
  }
  if (resolved.pairwiseSecret !== undefined) {
    checkSecret(resolved.pairwiseSecret, '`provider.pairwiseSecret`')
  }
  for (const [name, value] of Object.entries(resolved.lifetimes)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigurationError(`\`provider.lifetimes.${name}\` must be seconds, 1 or more.`)
    }
  }
  for (const { identifier, scopes = [] } of resolved.resources) {
    const unknown = scopes.find((scope) => !resolved.scopes.has(scope))
    if (unknown !== undefined) {
      throw new ConfigurationError(
        `The resource ${identifier} names the scope \`${unknown}\`: describe it in \`provider.scopes\`.`,
      )
    }
  }
  checkTrustedIssuers(resolved)
  return resolved
}

function resolveResource(resource: string | ProtectedResource): ProtectedResource {
  const resolved = typeof resource === 'string' ? { identifier: resource } : resource
  if (!URL.canParse(resolved.identifier) || resolved.identifier.includes('#')) {
    throw new ConfigurationError(
      '`provider.resources` must be absolute URLs without a fragment (RFC 8707).',
    )
  }
  return resolved
}
