import { ConfigurationError, isLoopback } from '../env.ts'

/** One provider that people may sign in with, registered there under a client id. */
export interface SocialProvider {
  readonly clientId: string
  /** Required, except for a public client of a provider with `issuer`. */
  readonly clientSecret?: string
  /**
   * The issuer of an OpenID Connect provider, as it names itself: endpoints and keys come from its
   * discovery document. Not needed for `google` and `github`.
   */
  readonly issuer?: string
  /** What pages call it. @default its id */
  readonly name?: string
  /** Scopes besides those that identify the person. @default [] */
  readonly scopes?: readonly string[]
  /**
   * Lets the provider sign people in to an account that already exists, by the e-mail address alone.
   * The provider must say that it verified the address, and so must we have. Only for a provider that
   * nobody can make vouch for a stranger's address.
   *
   * @default false
   */
  readonly linkByEmail?: boolean
  /** Whether it may create accounts. @default true */
  readonly signUp?: boolean
  /**
   * Takes every address of the provider for verified, for directories that never send
   * `email_verified` and whose administrators alone choose addresses.
   *
   * @default false
   */
  readonly dangerouslyAssumeEmailVerified?: boolean
}

/** Providers by id: `google`, `github`, or any name of yours for one with an `issuer`. */
export type SocialProviders = Readonly<Record<string, SocialProvider>>

/** A provider with every default filled in. */
export interface ResolvedProvider {
  readonly id: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Absent for GitHub, which speaks no OpenID Connect. */
  readonly issuer: string | undefined
  readonly name: string
  readonly scopes: readonly string[]
  readonly linkByEmail: boolean
  readonly signUp: boolean
  readonly assumeEmailVerified: boolean
}

const known: Readonly<Record<string, { name: string; issuer?: string }>> = {
  google: { name: 'Google', issuer: 'https://accounts.google.com' },
  github: { name: 'GitHub' },
}

/** Fills in defaults, and refuses a provider that could not work, naming it. */
export function resolveProviders(providers: SocialProviders = {}): readonly ResolvedProvider[] {
  return Object.entries(providers).map(([id, given]) => resolveProvider(id, given))
}

function resolveProvider(id: string, given: SocialProvider): ResolvedProvider {
  const fail = (rule: string): never => {
    throw new ConfigurationError(`\`socialProviders.${id}\` ${rule}.`)
  }
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id) || id === 'credential') {
    fail('must have an id of lower-case letters, digits and hyphens')
  }
  const preset = known[id]
  if (preset && given.issuer !== undefined) fail('has an issuer of its own: leave `issuer` out')
  const issuer = preset ? preset.issuer : given.issuer
  if (!preset && !isIssuer(issuer))
    fail('needs the `issuer`, a URL such as https://login.example.com')
  if (!given.clientId?.trim()) fail('needs a `clientId`')
  const isPublic = given.clientSecret === undefined && !preset
  if (!isPublic && !given.clientSecret?.trim()) fail('needs a `clientSecret`')
  return {
    id,
    clientId: given.clientId,
    clientSecret: given.clientSecret,
    issuer,
    name: given.name ?? preset?.name ?? id,
    scopes: given.scopes ?? [],
    linkByEmail: given.linkByEmail ?? false,
    signUp: given.signUp ?? true,
    assumeEmailVerified: given.dangerouslyAssumeEmailVerified ?? false,
  }
}

function isIssuer(value: string | undefined): boolean {
  if (value === undefined || !isSecureUrl(value)) return false
  const { search, hash, username, password } = new URL(value)
  return `${search}${hash}${username}${password}` === ''
}

/** Whether a URL is https, or http on this machine. */
export function isSecureUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}
