import type { Parameter } from './operations.ts'

/** Names (in lower case) that belong to the operator's credentials. */
export interface Reserved {
  readonly headers: ReadonlySet<string>
  readonly query: ReadonlySet<string>
  readonly cookies: ReadonlySet<string>
}

/**
 * Headers that say who is asking, where the request goes, how it is framed or what it really is. An
 * OpenAPI document may declare them; an agent still never sets them.
 */
const HEADERS = new Set([
  'accept',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'max-forwards',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'true-client-ip',
  'upgrade',
  'via',
  'x-client-ip',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
])

const HEADER_PREFIXES = ['proxy-', 'x-forwarded-', 'cf-connecting-', 'sec-']

/** Whether a header is out of reach for agents. */
function isReservedHeader(name: string, reserved: Reserved): boolean {
  // Some servers read `_` as `-`, so `x_api_key` must not slip past `x-api-key`.
  const header = name.toLowerCase().replaceAll('_', '-')
  return (
    HEADERS.has(header) ||
    HEADER_PREFIXES.some((prefix) => header.startsWith(prefix)) ||
    [...reserved.headers].some((own) => own.replaceAll('_', '-') === header)
  )
}

/** Whether a query parameter is out of reach for agents, also as `key[]` or `key[0]`. */
export function isReservedQuery(name: string, reserved: Reserved): boolean {
  return reserved.query.has(baseName(name))
}

/** Whether a cookie is out of reach for agents. */
export function isReservedCookie(name: string, reserved: Reserved): boolean {
  return reserved.cookies.has(name.toLowerCase())
}

/** Whether a parameter is offered to agents at all. */
export function isOffered(parameter: Parameter, reserved: Reserved): boolean {
  switch (parameter.in) {
    case 'path':
      return true
    case 'query':
      return !isReservedQuery(parameter.name, reserved)
    case 'cookie':
      return !isReservedCookie(parameter.name, reserved)
    case 'header':
      return isHeaderName(parameter.name) && !isReservedHeader(parameter.name, reserved)
  }
}

/** The name that servers with bracket notation file a query parameter under. */
export function baseName(name: string): string {
  return (name.trim().split('[')[0] ?? '').toLowerCase()
}

// RFC 9110, 5.6.2: anything else could not be sent.
function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
}
