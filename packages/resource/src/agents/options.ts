import type { ReplayStore } from '../replay.ts'
import { isSafeUrl } from '../safe-url.ts'

/** How a guard finds and asks the authority, and what it lets in. */
export interface AgentGuardOptions {
  /** Origin of the authority, such as `https://auth.example`. */
  issuer: string
  /** URL of this service as the capabilities name it. JWTs count here when it is exactly their `aud`. */
  location: string
  introspection: {
    /** One of the authority's `introspectionSecrets`. */
    secret: string
    /** The endpoint. @default what the discovery document of the issuer says */
    url?: string
    /** How long to wait for an answer, in milliseconds. @default 5000 */
    timeout?: number
  }
  /**
   * `introspect` asks the authority about every request. `local` believes an answer for up to five
   * seconds: a revocation takes that long to reach this service, executions in between are neither
   * in the authority's audit log nor checked against the input schema. Grants that are counted are
   * decided by the authority in both.
   *
   * @default 'introspect'
   */
  mode?: 'introspect' | 'local'
  /** Names of the capabilities executed here; others are 404 without asking. @default what the authority says */
  capabilities?: readonly string[]
  /**
   * Where used JWTs are remembered. Several processes need one that they share, in mode `local` and
   * where the guard is asked for no capability; decisions are remembered by the authority.
   *
   * @default the memory of this process
   */
  replayStore?: ReplayStore
  /** Called with every failure of the authority, so that an operator sees more than a 503. */
  onError?: (error: unknown) => void
  /** @default the global one */
  fetch?: typeof fetch
}

/** The options of a guard, checked, with every default in place. */
export type ResolvedOptions = Readonly<
  Required<Pick<AgentGuardOptions, 'location' | 'mode' | 'onError' | 'fetch'>>
> & {
  /** The origin of the authority. */
  readonly issuer: string
  readonly secret: string
  readonly url: string | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly capabilities: ReadonlySet<string> | undefined
}

/** Fills in the defaults. Throws a `TypeError` for options that cannot work or are not safe. */
export function resolveOptions(options: AgentGuardOptions): ResolvedOptions {
  const { issuer, location, introspection, capabilities } = options
  const { secret, url, timeout = 5000 } = introspection
  const origin = safeUrl('issuer', issuer).origin
  if (issuer !== origin && issuer !== `${origin}/`) {
    throw new TypeError('createAgentGuard: `issuer` must be an origin, without a path')
  }
  // Compared as text with the `aud` of every JWT, so it stays as it was written.
  safeUrl('location', location)
  if (url !== undefined) safeUrl('introspection.url', url)
  if (secret.length < 32) {
    throw new TypeError('createAgentGuard: `introspection.secret` has 32 characters or more')
  }
  return {
    issuer: origin,
    location,
    secret,
    url,
    timeout,
    mode: options.mode ?? 'introspect',
    capabilities: capabilities && new Set(capabilities),
    onError: options.onError ?? (() => {}),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  }
}

function safeUrl(name: string, value: string): URL {
  if (isSafeUrl(value)) return new URL(value)
  throw new TypeError(`createAgentGuard: \`${name}\` must be an https URL, or http on this machine`)
}
