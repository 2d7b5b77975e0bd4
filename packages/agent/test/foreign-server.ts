import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PublicJwk } from '@countersign/protocol'
import { answerHonestly } from './foreign-server/answer.ts'
import { approve } from './foreign-server/grants.ts'
import type {
  Answer,
  ForeignAgent,
  ForeignJob,
  ForeignState,
  Json,
  SeenRequest,
} from './foreign-server/state.ts'

/**
 * A server of somebody else that follows the specification: it verifies every JWT, accepts each
 * `jti` once and knows nothing of this client. `answers` lets a test make it misbehave.
 */
export class ForeignServer implements ForeignState {
  readonly agents = new Map<string, ForeignAgent>()
  readonly hosts = new Map<string, PublicJwk>()
  readonly seen = new Set<string>()
  readonly jobs = new Map<string, ForeignJob>()
  readonly locations = new Map<string, string>()
  readonly requests: SeenRequest[] = []
  /** By path: an answer, or `undefined` for the honest one. */
  readonly answers = new Map<string, (request: SeenRequest) => Answer | undefined>()
  discovery: ForeignState['discovery'] = {}
  approval: Json = {}
  jobPolls = 2
  url = ''
  readonly #server = createServer((request, response) => void this.#handle(request, response))

  static async start(): Promise<ForeignServer> {
    const server = new ForeignServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    server.url = `http://localhost:${(server.#server.address() as AddressInfo).port}`
    return server
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The last agent that registered. */
  get agent(): ForeignAgent {
    const agent = [...this.agents.values()].at(-1)
    if (!agent) throw new Error('No agent registered.')
    return agent
  }

  /** A person decides: capabilities that are not named are denied. */
  approve(agent: ForeignAgent, grants: Record<string, Json | null>): void {
    approve(agent, grants)
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await this.#read(request)
    this.requests.push(seen)
    const answer = this.answers.get(seen.path)?.(seen) ?? (await answerHonestly(this, seen))
    if (answer.cut) return void request.socket.destroy()
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {})
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...answer.headers,
    })
    response.end(body)
  }

  async #read(request: IncomingMessage): Promise<SeenRequest> {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', this.url)
    return {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? {} : (JSON.parse(text) as Json),
      token: request.headers.authorization?.replace('Bearer ', ''),
    }
  }
}
