import { AgentClientError, badResponse } from './errors.ts'

/** Whether a URL stays on this machine: `localhost`, 127.0.0.0/8 or `[::1]`. */
function isLoopback(url: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
}

/** Whether a URL names an address of a private network. Names are not looked up here. */
function isPrivate(url: URL): boolean {
  return /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^\[(::|f[cd]|fe[89ab])|^localhost$/.test(
    url.hostname,
  )
}

/**
 * Reads what a person or an agent typed as a provider, and returns the origin to ask.
 *
 * A missing scheme becomes https, or http on this machine. Paths are dropped: discovery belongs to
 * the origin.
 */
export function parseProviderUrl(text: string): URL {
  const trimmed = text.trim()
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
  const url = tryParse(withScheme ? trimmed : `https://${trimmed}`)
  if (!url) throw new AgentClientError('invalid_url', `"${text}" is not a web address.`)
  if (!withScheme && isLoopback(url)) url.protocol = 'http:'
  assertSecure(url, isLoopback(url))
  return new URL(url.origin)
}

/**
 * Parses a URL a server returned and refuses what must not be fetched or opened (§8.12).
 *
 * https only, except that a server on this machine may point at this machine. Only a server on a
 * private network may point into one.
 */
export function parseServerUrl(text: unknown, issuer: string): URL {
  const url = typeof text === 'string' ? tryParse(text) : undefined
  if (!url) throw badResponse('something that is not a URL')
  const home = new URL(issuer)
  // Otherwise a stranger's server could make this client knock on doors of the local network.
  if (isPrivate(url) && !isPrivate(home)) {
    throw new AgentClientError('insecure_url', `The server points into this network: ${url.href}`)
  }
  assertSecure(url, isLoopback(home))
  return url
}

/** Like {@link parseServerUrl}, for URLs that may be paths and must stay on the issuer's origin. */
export function parseIssuerUrl(text: unknown, issuer: string): URL {
  const resolved = typeof text === 'string' ? tryParse(text, issuer)?.href : undefined
  const url = parseServerUrl(resolved, issuer)
  if (url.origin === new URL(issuer).origin) return url
  throw new AgentClientError('issuer_mismatch', `The server points elsewhere: ${url.href}`)
}

function assertSecure(url: URL, allowLoopback: boolean): void {
  const isPlain = url.username === '' && url.password === ''
  const isLocal = url.protocol === 'http:' && allowLoopback && isLoopback(url)
  if (isPlain && (url.protocol === 'https:' || isLocal)) return
  // The name and password of a URL are not repeated.
  const shown = `${url.protocol}//${url.host}`
  throw new AgentClientError('insecure_url', `${shown} is refused: use https and no user name.`)
}

/** Parses a URL, or returns nothing. */
export function tryParse(text: string, base?: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined
}
