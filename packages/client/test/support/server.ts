import { createServer } from 'node:http'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'

/** A real HTTP server on a free port of the loopback interface. */
export interface TestServer {
  origin: string
  /** Replaces what answers; a provider learns its own address only after listening. */
  answerWith: (listener: RequestListener) => void
  close: () => Promise<void>
}

export async function openServer(
  listener: RequestListener = (_request, response) => response.writeHead(404).end(),
): Promise<TestServer> {
  let current = listener
  const server: Server = createServer((request, response) => current(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    answerWith: (next) => {
      current = next
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One request a test server received. */
export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** Answers by path, and keeps what arrived. A path that is not named answers 404. */
export interface Script {
  [path: string]: Answer | ((received: Received) => Answer)
}

export interface Answer {
  status?: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: unknown
}

/** A provider that does exactly what its script says, well or badly. */
export async function openScripted(
  script: Script | ((origin: string) => Script),
): Promise<TestServer & { received: Received[] }> {
  const received: Received[] = []
  const server = await openServer()
  const answers = typeof script === 'function' ? script(server.origin) : script
  server.answerWith((request, response) => {
    void answer(request, response, { answers, received })
  })
  return { ...server, received }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, received }: { answers: Script; received: Received[] },
): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  const seen: Received = {
    method: request.method ?? '',
    path: new URL(request.url ?? '/', 'http://x').pathname,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  }
  received.push(seen)
  const found = answers[seen.path] ?? { status: 404 }
  const { status = 200, headers = {}, body } = typeof found === 'function' ? found(seen) : found
  const isText = typeof body === 'string' || body === undefined
  const type: Record<string, string> = isText ? {} : { 'content-type': 'application/json' }
  response.writeHead(status, { ...type, ...headers })
  response.end(isText ? body : JSON.stringify(body))
}
