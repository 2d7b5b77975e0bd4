import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'

/** What a relying party got at its back-channel logout endpoint. */
export interface RelyingParty {
  /** Its `backchannel_logout_uri`. */
  readonly uri: string
  /** Logout tokens, in the order they came. */
  readonly tokens: string[]
  /** What it answers. */
  status: number
  close(): Promise<void>
}

/** A relying party with a real HTTP server. */
export async function openRelyingParty(): Promise<RelyingParty> {
  const tokens: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      const token = new URLSearchParams(body).get('logout_token')
      if (token !== null) tokens.push(token)
      response.writeHead(party.status, { location: 'https://evil.example/' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const party: RelyingParty = {
    uri: `http://127.0.0.1:${port}/logout`,
    tokens,
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return party
}
