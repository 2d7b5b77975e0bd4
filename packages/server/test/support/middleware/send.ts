import { request as httpRequest } from 'node:http'
import { parseJson } from '../http.ts'

/** A request as it is written to the wire. */
export interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** What came back; the body is parsed where it is JSON. */
export interface Received {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  // Tests look into whatever came back; every look is an assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** Sends a request exactly as written: a client that parses URLs would tidy the path. */
export function send(
  origin: string,
  path: string,
  { method = 'GET', headers = {}, body }: Sent = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    // A connection each: after a request it cannot read a server closes its own.
    const target = { hostname, port, path, method, headers, agent: false }
    const outgoing = httpRequest(target, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => (text += chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: parseJson(text),
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
