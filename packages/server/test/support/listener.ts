import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { certificate } from './certificate.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A real server on this machine, for documents that the server under test fetches. */
export interface Listener {
  /** Origin with `127.0.0.1`. */
  readonly origin: string
  readonly port: number
  /** Paths that were asked for. */
  readonly requests: string[]
  /** How many connections reached it. */
  readonly connections: () => number
  /** Decides what a path answers: JSON, or a function that writes. Without one it is 404. */
  readonly answers: Map<string, unknown>
  close(): Promise<void>
}

/** Starts a listener on every address of this machine. */
export async function listen({ tls = false } = {}): Promise<Listener> {
  const requests: string[] = []
  const answers = new Map<string, unknown>()
  let connections = 0
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? ''
    requests.push(path)
    const answer = answers.get(path.split('?')[0] ?? '')
    if (typeof answer === 'function') return (answer as Answer)(response, request)
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? null))
  }
  const server = tls ? createTlsServer(certificate, handle) : createServer(handle)
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '::', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http${tls ? 's' : ''}://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    answers,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with a redirect. */
export function redirectTo(location: string): Answer {
  return (response) => response.writeHead(302, { location }).end()
}
