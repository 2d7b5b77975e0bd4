import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands before a protected server, for a client that can send no token. */
export interface TokenProxy {
  /** The URL of the server, by way of the proxy. */
  readonly url: string
  close(): void
}

/** Forwards what comes, its headers too, and adds the token. */
export async function withToken(target: string, token: string): Promise<TokenProxy> {
  const { host, pathname } = new URL(target)
  const server = createServer((incoming, response) => {
    // A foreign name is what it is: the server has to refuse it.
    const asked = incoming.headers.host === ownHost ? host : incoming.headers.host
    const headers = { ...incoming.headers, host: asked, authorization: `Bearer ${token}` }
    const outgoing = request(target, { method: incoming.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ownHost = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${ownHost}${pathname}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
