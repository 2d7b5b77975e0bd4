import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OAuthFlowConfig } from '../../src/index.ts'

/** One request that arrived. */
export interface Received {
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

/** An answer: status and JSON, or a function that does what it likes with the response. */
export type Answer = { status?: number; body?: unknown } | ((response: ServerResponse) => unknown)

/** A provider under the hand of the test: it answers refreshes and revocations as told. */
export interface TokenEndpoint {
  readonly config: OAuthFlowConfig
  /** Everything that arrived, in order. */
  readonly requests: Received[]
  refreshes(): Received[]
  revocations(): Received[]
  /** What the next and all further refreshes get. */
  answerRefresh(answer: Answer): void
  answerRevocation(answer: Answer): void
  close(): Promise<void>
}

/** Starts a provider that answers refreshes with `access-1`, `access-2`, ... until told otherwise. */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const requests: Received[] = []
  const refreshes = () => requests.filter(({ path }) => path === '/oauth/token')
  let refresh: Answer | undefined
  let revocation: Answer = {}
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      const path = request.url ?? ''
      requests.push({ path, form })
      const count = refreshes().length
      const fresh = { access_token: `access-${count}`, token_type: 'Bearer', expires_in: 3600 }
      send(response, path === '/revoke' ? revocation : (refresh ?? { body: fresh }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    config: {
      issuer: `http://127.0.0.1:${port}`,
      clientId: 'app',
      clientSecret: 'client-secret',
      discovery: false,
    },
    requests,
    refreshes,
    revocations: () => requests.filter(({ path }) => path === '/revoke'),
    answerRefresh: (answer) => (refresh = answer),
    answerRevocation: (answer) => (revocation = answer),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An answer that waits for the test: `arrived` when it is asked for, `release` lets it go. */
export function heldAnswer(answer: { status?: number; body?: unknown }) {
  let arrive = () => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  let waiting: ServerResponse[] = []
  return {
    arrived,
    answer: (response: ServerResponse) => {
      waiting.push(response)
      arrive()
    },
    release: () => {
      for (const response of waiting) send(response, answer)
      waiting = []
    },
  }
}

function send(response: ServerResponse, answer: Answer): void {
  if (typeof answer === 'function') return void answer(response)
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer.body ?? {}))
}
