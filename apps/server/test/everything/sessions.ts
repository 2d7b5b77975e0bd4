import { randomUUID } from 'node:crypto'
import {
  type EventStore,
  type JSONRPCMessage,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

type Handle = WebStandardStreamableHTTPServerTransport['handleRequest']

/** Clients of 2025 have sessions, so that the server can ask them in the middle of a call. */
export function sessions(build: () => McpServer): Handle {
  const open = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return async (request, options) => {
    const id = request.headers.get('mcp-session-id')
    if (id !== null) {
      const known = open.get(id)
      if (known) return known.handleRequest(request, options)
      const error = { code: -32001, message: 'Session not found' }
      return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 })
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new Events(),
      retryInterval: 100,
      onsessioninitialized: (created) => {
        open.set(created, transport)
      },
      onsessionclosed: (ended) => {
        open.delete(ended)
      },
    })
    await build().connect(transport)
    return transport.handleRequest(request, options)
  }
}

/** What was sent, for clients that come back for the rest. */
class Events implements EventStore {
  readonly #events: { streamId: string; message: JSONRPCMessage }[] = []

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    this.#events.push({ streamId, message })
    return String(this.#events.length)
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const last = Number(lastEventId)
    const streamId = this.#events[last - 1]?.streamId ?? ''
    for (const [index, event] of this.#events.entries()) {
      if (index >= last && event.streamId === streamId) await send(`${index + 1}`, event.message)
    }
    return streamId
  }
}
