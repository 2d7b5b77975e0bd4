import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Bytes of a request that are read. */
const mostBytes = 1024 * 1024

/** What answers a request. */
export type Handler = (request: Request) => Promise<Response>

/** Answers one request of Node's HTTP server with a web handler. */
export async function answerWith(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const body = await readBody(incoming)
  const response = body
    ? await handler(toRequest(incoming, body, gone.signal))
    : new Response('The request is too large.', { status: 413 })
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  // A stream may have nothing to say for a while; its listener wants to know that it is there.
  outgoing.flushHeaders()
  if (!response.body) {
    outgoing.end()
    return
  }
  // Whoever goes away in the middle has read enough.
  await pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => undefined)
}

function toRequest(
  incoming: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Request {
  const { method = 'GET', url = '/' } = incoming
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, [value].flat().join(', '))
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  // Only the path counts. The host was sent by the caller and is checked as a header.
  const address = new URL(url.startsWith('/') ? url : '/', 'http://127.0.0.1')
  return new Request(address, { method, headers, signal, ...(hasBody && { body }) })
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > mostBytes) return undefined
    chunks.push(chunk)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}
