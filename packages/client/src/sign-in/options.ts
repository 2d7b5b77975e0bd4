import { readSecret } from '../config.ts'
import { OAuthError } from '../errors.ts'
import { createSealer } from './seal.ts'
import type { SignInResult } from '../attempt.ts'
import type { OAuthFlowConfig } from '../config.ts'
import type { KeyValueStorage } from '../key-value/key-value.ts'
import type { OAuthTokenResponse } from '../types.ts'
import type { Sealer } from './seal.ts'
import type { SessionUser } from './session-user.ts'

/** Where a signed-in person's tokens go. `KeyValueTokenStorage` is one. */
export interface SignInTokenStorage {
  set(key: string, tokens: OAuthTokenResponse): Promise<unknown>
  /** Revokes and removes the tokens, and answers with what was there. */
  invalidate(key: string): Promise<{ id_token?: unknown } | null | undefined>
}

/** Options of `createSignIn`. */
export interface SignInOptions {
  /** The provider. Whatever is missing comes from the environment. */
  config?: OAuthFlowConfig
  /**
   * Secrets of at least 32 characters that cookies are encrypted with; the first encrypts, all decrypt.
   *
   * @default COUNTERSIGN_SECRET or BETTER_AUTH_SECRET
   */
  secrets?: string | readonly string[]
  /**
   * The application's own origin, such as `https://app.example`. Set it behind a proxy.
   *
   * @default the origin of each request
   */
  baseURL?: string
  /**
   * Where the four routes are mounted.
   *
   * @default '/auth'
   */
  basePath?: string
  /**
   * Whether to believe `X-Forwarded-Proto` and `X-Forwarded-Host`. Only behind a proxy that sets both.
   *
   * @default false
   */
  trustProxy?: boolean
  /** Keeps sessions on the server, so that signing out ends them everywhere and not in the browser alone. */
  store?: Pick<KeyValueStorage, 'get' | 'set' | 'delete'>
  /** Keeps the person's tokens under their id, and revokes them at sign-out. Without it they are dropped. */
  tokenStorage?: SignInTokenStorage
  /**
   * Name of the session cookie.
   *
   * @default 'app_session'
   */
  cookieName?: string
  /**
   * How long a session lasts, in seconds.
   *
   * @default 86400
   */
  sessionTtl?: number
  /**
   * Path after signing in, unless the login link names one in `returnTo`.
   *
   * @default '/'
   */
  afterSignIn?: string
  /**
   * Path after signing out.
   *
   * @default '/'
   */
  afterSignOut?: string
  /** Path for a person whom the provider did not sign in; its code follows as `?error=`. */
  errorPath?: string
  /**
   * Whether signing out also ends the session at the provider.
   *
   * @default false
   */
  endProviderSession?: boolean
  /**
   * Runs before the session begins: to keep tokens, to create the account, or to answer with the
   * application's own user. Throwing refuses the sign-in.
   */
  onSignIn?: (result: SignInResult) => SessionUser | void | Promise<SessionUser | void>
  /**
   * Hears why a sign-in failed, or what went wrong while signing out. The browser is never told.
   *
   * @default writes to standard error
   */
  onError?: (error: unknown) => void
}

/** Options with every default, as the routes use them. */
export interface SignInContext {
  config: OAuthFlowConfig
  baseURL: string | undefined
  basePath: string
  trustProxy: boolean
  store: SignInOptions['store']
  tokenStorage: SignInTokenStorage | undefined
  cookieName: string
  sessionTtl: number
  afterSignIn: string
  afterSignOut: string
  errorPath: string | undefined
  endProviderSession: boolean
  onSignIn: SignInOptions['onSignIn']
  onError: (error: unknown) => void
  /** For attempts under way. Made at first use, since builds run without secrets. */
  attempts: () => Sealer
  /** For sessions. */
  sessions: () => Sealer
}

/** Completes the options, and refuses what can never work before the first request. */
export function resolveSignInOptions(options: SignInOptions): SignInContext {
  const { secrets, basePath = '/auth', cookieName = 'app_session', sessionTtl = 86_400 } = options
  if (!/^(\/[\w.~-]+)*$/.test(basePath)) fail('`basePath` must be a path without a final slash')
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(cookieName)) fail('`cookieName` is no cookie name')
  if (!Number.isSafeInteger(sessionTtl) || sessionTtl < 1)
    fail('`sessionTtl` must be whole seconds')
  if (secrets !== undefined) requireStrong(secrets)
  const chosen = (): readonly string[] => requireStrong(secrets ?? requireSecret())
  return {
    config: options.config ?? {},
    baseURL: options.baseURL === undefined ? undefined : requireOrigin(options.baseURL),
    basePath,
    trustProxy: options.trustProxy ?? false,
    store: options.store,
    tokenStorage: options.tokenStorage,
    cookieName,
    sessionTtl,
    afterSignIn: requirePath(options.afterSignIn ?? '/'),
    afterSignOut: requirePath(options.afterSignOut ?? '/'),
    errorPath: options.errorPath === undefined ? undefined : requirePath(options.errorPath),
    endProviderSession: options.endProviderSession ?? false,
    onSignIn: options.onSignIn,
    onError: options.onError ?? writeToStandardError,
    attempts: once(() => createSealer(chosen(), 'sign-in attempt')),
    sessions: once(() => createSealer(chosen(), 'session')),
  }
}

function requireSecret(): string {
  const secret = readSecret()
  if (secret !== undefined) return secret
  throw new OAuthError('missing_configuration', { message: 'COUNTERSIGN_SECRET is required' })
}

/** A secret that can be guessed lets anybody write themselves a session (CVE-2025-68158 and its kind). */
function requireStrong(secrets: string | readonly string[]): readonly string[] {
  const list = typeof secrets === 'string' ? [secrets] : secrets
  const strong = list.every((secret) => secret.length >= 32 && new Set(secret).size >= 8)
  if (list.length > 0 && strong) return list
  throw new OAuthError('invalid_configuration', {
    message: 'A secret needs at least 32 random characters: openssl rand -hex 32',
  })
}

function requireOrigin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const web = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (!url || !web || url.href !== `${url.origin}/`) {
    fail('`baseURL` must be an origin such as https://app.example')
  }
  return url.origin
}

function requirePath(value: string): string {
  if (!/^\/(?![/\\])/.test(value))
    fail('`afterSignIn`, `afterSignOut` and `errorPath` must be paths')
  return value
}

function fail(message: string): never {
  throw new TypeError(`createSignIn: ${message}`)
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function writeToStandardError(error: unknown): void {
  // oxlint-disable-next-line no-console -- Nobody else hears of it where no `onError` is given.
  console.error('Countersign sign-in:', error)
}
