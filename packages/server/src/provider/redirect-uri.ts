/** The longest redirect URI, in characters. */
const MAX_LENGTH = 2_000

/** What only a browser, a file system or another protocol gives a meaning to, never an application. */
const dangerous: ReadonlySet<string> = new Set([
  'about',
  'blob',
  'chrome',
  'chrome-extension',
  'data',
  'file',
  'filesystem',
  'ftp',
  'intent',
  'javascript',
  'jar',
  'mailto',
  'ms-settings',
  'resource',
  'sms',
  'tel',
  'vbscript',
  'view-source',
  'ws',
  'wss',
])

/** Printable ASCII without what URL parsers drop, turn around or leave to their reader. */
const plain = /^[!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]+$/

/** RFC 3986 section 3.1, then an authority or a path. */
const form = /^([a-z][a-z0-9+.-]*):(\/\/)?([^/?]*)(.*)$/i

/** What a redirect URI leads to, as far as its text tells. */
export type RedirectTarget =
  | { readonly kind: 'web'; readonly host: string }
  | { readonly kind: 'loopback'; readonly host: string }
  | { readonly kind: 'private_scheme'; readonly scheme: string }

/** Whether a URI may be registered, and if not, why in a few words. */
export type RedirectVerdict =
  | { readonly ok: true; readonly target: RedirectTarget }
  | { readonly ok: false; readonly reason: string }

/**
 * Decides whether a redirect URI may be registered (RFC 9700 section 4.1, RFC 8252 sections 7 and 8).
 *
 * https with a host; http for this computer only; private-use schemes with a dot in their name, as
 * RFC 8252 section 7.1 has them, or listed in `schemes`. Nothing that two parsers could read as two
 * places.
 */
export function judgeRedirectUri(uri: string, schemes: readonly string[]): RedirectVerdict {
  if (uri.length > MAX_LENGTH) return refused(`is longer than ${MAX_LENGTH} characters`)
  if (uri.includes('#')) return refused('has a fragment')
  if (uri.includes('*')) return refused('has a wildcard')
  if (!plain.test(uri)) return refused('has characters that a URL does not have')
  const [, scheme = '', slashes, authority = ''] = form.exec(uri) ?? []
  const name = scheme.toLowerCase()
  if (name === '' || !URL.canParse(uri)) return refused('is not an absolute URL')
  if (dangerous.has(name)) return refused(`has the scheme ${name}, which is no application`)
  if (slashes !== undefined && authority.includes('@')) return refused('has a user name')
  if (/%(?:00|0[ad]|2e|2f|5c)/i.test(uri.split('?')[0] ?? '')) {
    return refused('has an encoded dot, slash or control character')
  }
  const url = new URL(uri)
  if (name === 'https' || name === 'http') return judgeWeb(uri, url, authority)
  if (!name.includes('.') && !schemes.includes(name)) {
    return refused(
      `has the scheme ${name}: a private-use scheme is a domain name in reverse order, such as com.example.app`,
    )
  }
  return { ok: true, target: { kind: 'private_scheme', scheme: name } }
}

function judgeWeb(uri: string, url: URL, authority: string): RedirectVerdict {
  const host = url.hostname
  // The parser's reading and the text must be the same place: no dots at the end, no numbers for
  // addresses, no default port, no dot segments, no capital letters that a comparison would trip over.
  const read = `${url.protocol}//${url.host}`
  if (authority === '' || !uri.startsWith(read)) return refused('is not written in its plain form')
  const rest = uri.slice(read.length)
  if (rest !== '' && !/^[/?]/.test(rest)) return refused('is not written in its plain form')
  if (/^\/\/|\/\.{1,2}(?=[/?]|$)/.test(rest)) return refused('has empty or dot segments')
  if (host.endsWith('.')) return refused('has a host that ends with a dot')
  if (isLoopbackHost(host)) return { ok: true, target: { kind: 'loopback', host } }
  if (url.protocol === 'http:') return refused('must use https, or http on this computer')
  return { ok: true, target: { kind: 'web', host: url.host } }
}

/** What a registered redirect URI leads to, for people; null for what never could be registered. */
export function redirectTarget(uri: string): RedirectTarget | null {
  const [, scheme = ''] = form.exec(uri) ?? []
  const verdict = judgeRedirectUri(uri, [scheme.toLowerCase()])
  return verdict.ok ? verdict.target : null
}

/**
 * Whether a requested redirect URI is one of the registered ones: the same text.
 *
 * With one exception (RFC 8252 section 7.3): http on a loopback address or `localhost` may come with
 * another port, because a native application takes whichever is free. Host and all the rest are equal.
 */
export function isRegisteredRedirectUri(requested: string, registered: readonly string[]): boolean {
  if (registered.includes(requested)) return true
  const [base, port] = withoutLoopbackPort(requested)
  if (base === null || port === null) return false
  return registered.some((uri) => withoutLoopbackPort(uri)[0] === base)
}

/** A redirect URI without the port that may change: of http on this computer. */
export function portless(uri: string): string {
  const [base] = withoutLoopbackPort(uri)
  return base === null ? uri : `http://${base}`
}

/** A loopback URI without its port, and the port; nulls for anything else. */
function withoutLoopbackPort(uri: string): readonly [base: string | null, port: string | null] {
  const match = /^http:\/\/(localhost|\[::1\]|127(?:\.\d{1,3}){3})(?::(\d{1,5}))?(\/[^#]*)?$/.exec(
    uri,
  )
  const [, host = '', port = '', path = ''] = match ?? []
  if (!match || !isLoopbackHost(host) || Number(port) > 65_535 || !plain.test(uri)) {
    return [null, null]
  }
  return [`${host}${path}`, port]
}

/** `localhost`, 127.0.0.0/8 and ::1, in the one spelling that `URL` gives them. */
function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function refused(reason: string): RedirectVerdict {
  return { ok: false, reason }
}
