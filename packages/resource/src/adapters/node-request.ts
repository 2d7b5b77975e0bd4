import type { IncomingMessage } from 'node:http'

/** A request of Node, with the body that a parser before has read. */
export interface ParsedRequest {
  readonly raw: Pick<IncomingMessage, 'headers' | 'method'>
  /** Path and query, before any router took a part away. */
  readonly url: string
  readonly body: unknown
}

/**
 * The Fetch request a guard reads. Its origin is a placeholder: nothing trusts a `Host`.
 *
 * The body is the one a parser has read, as JSON unless it is text or bytes: the same for guard and
 * handler.
 */
export function toFetchRequest({ raw, url, body }: ParsedRequest): Request {
  const method = raw.method ?? 'GET'
  const hasBody = !['GET', 'HEAD'].includes(method) && body !== undefined && body !== null
  // A target in another form has no path that counts (RFC 9112 section 3.2).
  return new Request(`http://localhost${url.startsWith('/') ? url : '/'}`, {
    method,
    headers: headersOf(raw),
    ...(hasBody && { body: bodyOf(body) }),
  })
}

function bodyOf(body: unknown): BodyInit {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return isRaw ? (body as BodyInit) : JSON.stringify(body)
}

function headersOf(raw: ParsedRequest['raw']): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(raw.headers)) {
    // The length was that of the body on the wire.
    if (value === undefined || name.startsWith(':') || name === 'content-length') continue
    headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}
