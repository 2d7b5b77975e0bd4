import { randomUUID } from 'node:crypto'
import {
  isInitializeRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { Server } from '@modelcontextprotocol/server'

/** Hosts that are connected at once. The one that was quiet the longest makes room. */
const mostSessions = 32

type Transport = WebStandardStreamableHTTPServerTransport

/**
 * Serves hosts of the 2025 protocol revisions, which ask their user through a session. The current
 * revision has none.
 */
export class LegacySessions {
  readonly #open = new Map<string, Transport>()
  readonly #createServer: () => Server

  constructor(createServer: () => Server) {
    this.#createServer = createServer
  }

  async handle(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const transport = id === null ? undefined : this.#open.get(id)
    if (id !== null && transport) {
      // Again at the end: the first of the map was quiet the longest.
      this.#open.delete(id)
      this.#open.set(id, transport)
      return transport.handleRequest(request)
    }
    if (id !== null) return refusal(404, 'There is no such session.')
    const body: unknown = await request.json().catch(() => undefined)
    if (!isInitializeRequest(body)) return refusal(400, 'Initialize a session first.')
    return (await this.#start()).handleRequest(request, { parsedBody: body })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((transport) => transport.close()))
  }

  async #start(): Promise<Transport> {
    const [quietest] = this.#open
    if (quietest && this.#open.size >= mostSessions) {
      this.#open.delete(quietest[0])
      await quietest[1].close()
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#open.set(id, transport),
      onsessionclosed: (id) => void this.#open.delete(id),
    })
    await this.#createServer().connect(transport)
    return transport
  }
}

function refusal(status: number, message: string): Response {
  const body = { jsonrpc: '2.0', id: null, error: { code: -32000, message } }
  return Response.json(body, { status })
}
