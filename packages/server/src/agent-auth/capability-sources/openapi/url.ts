import { ProtocolError } from '@countersign/protocol'
import { isObject, own, text } from './json.ts'
import type { Operation } from './operations.ts'
import type { EncodedPair } from './parameter-style.ts'

/** Checks a base address: http(s), without credentials, query or fragment. */
export function parseBase(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`OpenAPI: "${baseUrl}" is no absolute http(s) address; give \`baseUrl\`.`)
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError(
      'OpenAPI: the base address must not hold credentials, a query or a fragment.',
    )
  }
  return url
}

/** The first server the document names for an operation, with the defaults of its variables. */
export function documentServer(operation: Operation): string {
  const server = operation.servers[0]
  const template = text(server?.['url']) ?? '/'
  return template.replaceAll(/\{([^{}]+)\}/g, (_match, name: string) => {
    const variables = server?.['variables']
    const variable = isObject(variables) ? own(variables, name) : undefined
    return isObject(variable) ? (text(variable['default']) ?? '') : ''
  })
}

/** What an address is made of. Path values and pairs are already encoded. */
export interface UrlParts {
  readonly base: URL
  readonly template: string
  readonly path: ReadonlyMap<string, string>
  readonly query: readonly EncodedPair[]
}

/**
 * Builds the address of a request, and proves that it is the one the document means.
 *
 * Every segment of the template stays one segment, and parsing the address again gives it back
 * unchanged: no value can climb out of its place or reach another server.
 */
export function buildUrl({ base, template, path, query }: UrlParts): string {
  const [pathTemplate = '', ...fixedQuery] = template.split('?')
  const segments = pathTemplate.split('/').map((segment) => fill(segment, path))
  if (segments.some(isDotSegment)) refuseUrl()

  const root = base.pathname.replace(/\/+$/, '')
  const pathname = `${root}${segments.join('/')}`
  const pairs = query.map(([name, value]) => `${name}=${value}`)
  const search = [...fixedQuery.map((part) => fill(part, path)), ...pairs].join('&')
  const built = `${base.origin}${pathname}${search === '' ? '' : `?${search}`}`

  const parsed = URL.canParse(built) ? new URL(built) : undefined
  const unchanged = parsed?.href === built && parsed.origin === base.origin && parsed.hash === ''
  if (!unchanged || parsed.pathname !== pathname || !pathname.startsWith(`${root}/`)) refuseUrl()
  return built
}

/** The query parameters a path of the document carries itself, as in `/messages?beta=true`. */
export function fixedQueryNames(template: string): string[] {
  return [...new URLSearchParams(template.split('?').slice(1).join('&')).keys()]
}

function fill(segment: string, values: ReadonlyMap<string, string>): string {
  return segment
    .split(/(\{[^{}]+\})/)
    .map((part) => (/^\{.+\}$/s.test(part) ? (values.get(part.slice(1, -1)) ?? '') : literal(part)))
    .join('')
}

// The document's own text: what a path may hold stays, the rest is encoded (`/#Action=Copy` is a path).
function literal(part: string): string {
  return part.replaceAll(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&()*+,;=:@%]+/g, encodeURIComponent)
}

function isDotSegment(segment: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(segment)
}

function refuseUrl(): never {
  throw new ProtocolError('invalid_request', {
    message: 'The arguments do not make an address of this service.',
  })
}
