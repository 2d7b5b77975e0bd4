import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server on this machine that has documents about clients. */
export interface DocumentServer {
  readonly origin: string
  /** What is answered at each path; absent is 404. */
  readonly pages: Map<string, Page>
  /** The paths that were asked for, in order. */
  readonly requests: string[]
  close(): Promise<void>
}

/** One answer. */
export interface Page {
  /** JSON, or text that is sent as it is. */
  readonly body: unknown
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Starts a server of documents on a free port. */
export async function documentServer(): Promise<DocumentServer> {
  const pages = new Map<string, Page>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    requests.push(path)
    send(response, pages.get(path) ?? { status: 404, body: {} })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    pages,
    requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, { body, status = 200, headers = {} }: Page): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
