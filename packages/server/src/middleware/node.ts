import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { AuthRequest } from '../authenticate/server.ts'
import { parsedBody } from './parsed-body.ts'

/** One request of Node and where its answer goes. */
export interface NodeExchange {
  /** A body that a parser has read is its `body`, as Express and others leave it. */
  readonly incoming: IncomingMessage & { readonly body?: unknown }
  readonly outgoing: ServerResponse
  /** The target, before any router took a part of the path away. */
  readonly target: string
  /** The configured origin: nothing trusts a `Host`. */
  readonly origin: string
}

/** What the front door reads of a request, without its body. */
export function toAuthRequest({
  incoming,
  target,
  origin,
}: Pick<NodeExchange, 'incoming' | 'target' | 'origin'>): AuthRequest {
  return {
    method: incoming.method ?? 'GET',
    url: origin + pathAndQueryOf(target),
    headers: headersOf(incoming),
  }
}

/** The whole request for a Fetch handler. Its body streams, unless a parser has read it before. */
export function toFetchRequest({ incoming, outgoing, target, origin }: NodeExchange): Request {
  const method = incoming.method ?? 'GET'
  const headers = headersOf(incoming)
  const body = method === 'GET' || method === 'HEAD' ? undefined : bodyOf(incoming, headers)
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  return new Request(origin + pathAndQueryOf(target), {
    method,
    headers,
    signal: gone.signal,
    ...(body !== undefined && { body, duplex: 'half' }),
  })
}

/** Sends an answer as it comes: every header, each cookie by itself, the body chunk by chunk. */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  const isWanted = !outgoing.destroyed && outgoing.req.method !== 'HEAD'
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie') outgoing.appendHeader(name, value)
    else outgoing.setHeader(name, value)
  }
  if (!response.body || !isWanted) {
    outgoing.end()
    await response.body?.cancel()
    return
  }
  // A stream of events may have nothing to say for a while, and its reader waits for the headers.
  outgoing.flushHeaders()
  try {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}

/** Path and query of a target in origin or absolute form (RFC 9112 section 3.2); `/` for other forms. */
function pathAndQueryOf(target: string): string {
  const path = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '')
  if (path.startsWith('/')) return path
  return path.startsWith('?') ? `/${path}` : '/'
}

/** Headers as middleware before has left them: some remove what nobody may send from outside. */
function headersOf({ headers: all }: Pick<IncomingMessage, 'headers'>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const one of [value].flat()) headers.append(name, one)
  }
  return headers
}

function bodyOf(incoming: NodeExchange['incoming'], headers: Headers): BodyInit | undefined {
  if (!incoming.readableDidRead && !incoming.readableEnded) {
    const isSent = incoming.httpVersionMajor > 1 || headers.has('transfer-encoding')
    if (!isSent && !(Number(headers.get('content-length')) > 0)) return undefined
    return Readable.toWeb(incoming) as ReadableStream<Uint8Array>
  }
  // They told of the bytes on the wire, which a parser has decoded.
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) {
    headers.delete(name)
  }
  return parsedBody(incoming.body, headers.get('content-type') ?? '')
}
