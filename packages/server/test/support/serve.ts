import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Handler } from './http.ts'

/** A world behind a real HTTP server, for what a handler called in the same process cannot show. */
export interface Served {
  /** Base URL of the endpoints. */
  readonly base: string
  close(): Promise<void>
}

/** Serves a world, whichever is the current one, on a free port. */
export async function serveWorld(current: () => { readonly handler: Handler }): Promise<Served> {
  const { origin, close } = await listen((request) => current().handler(request))
  return { base: `${origin}/api/auth`, close }
}

/** The same handler behind a real HTTP server: every request goes there, wherever its URL points. */
export async function serveHandler(
  handler: Handler,
): Promise<{ readonly handler: Handler; close(): Promise<void> }> {
  const { origin, close } = await listen(handler)
  return {
    handler: (request) => {
      const { pathname, search } = new URL(request.url)
      return fetch(`${origin}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        signal: request.signal,
        redirect: 'manual',
        ...(request.body && { duplex: 'half' }),
      })
    },
    close,
  }
}

async function listen(handler: Handler) {
  const server = createAdaptorServer({
    fetch: async (request) => withEnd(await handler(request)),
    // Longer than a test: a client must not find a connection closed that it has just taken up.
    serverOptions: { keepAliveTimeout: 600_000 },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What is left of a body that is too large is not read, so the connection cannot be used again. */
function withEnd(response: Response): Response {
  if (response.status !== 413) return response
  const headers = new Headers(response.headers)
  headers.set('connection', 'close')
  return new Response(response.body, { status: response.status, headers })
}

/** One server-sent event; comments have the name `:`. */
export interface SentEvent {
  readonly event: string
  readonly data: string
}

/**
 * Reads server-sent events one by one.
 *
 * @yields Events and comments.
 */
export async function* sentEvents(response: Response): AsyncGenerator<SentEvent> {
  if (!response.body) throw new Error('no body')
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) yield parse(block)
  }
  if (text !== '') throw new Error(`cut off: ${text}`)
}

function parse(block: string): SentEvent {
  if (block.startsWith(':')) return { event: ':', data: block.slice(2) }
  const lines = block.split('\n')
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 2))
  return { event: field('event').join(), data: field('data').join('\n') }
}
