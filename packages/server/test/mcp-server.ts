import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import {
  createMcpHandler,
  fromJsonSchema,
  isInitializeRequest,
  McpServer,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

/** What a tool of these tests does with its arguments. */
export type ToolWork = (args: Record<string, unknown>) => unknown

/** A tool as the wire has it, and what it does. */
export interface TestTool {
  name: string
  title?: string
  description?: string
  inputSchema?: Record<string, unknown>
  outputSchema?: Record<string, unknown>
  annotations?: Record<string, unknown>
  run?: ToolWork
}

const object = (properties: Record<string, unknown>, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
})

/** An MCP server of the official SDK with the tools a note-taking service might have. */
export function notesServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const text = { type: 'string' }
  server.registerTool(
    'findNotes',
    {
      title: 'Find notes',
      description: 'Finds notes by a word.',
      inputSchema: fromJsonSchema<{ word: string }>(object({ word: text }, ['word']) as never),
      outputSchema: fromJsonSchema(
        object({ notes: { type: 'array', items: text } }, ['notes']) as never,
      ),
      annotations: { readOnlyHint: true },
    },
    ({ word }) => {
      const notes = ['buy milk', 'call Ada'].filter((note) => note.includes(word))
      return { content: [{ type: 'text', text: 'found' }], structuredContent: { notes } }
    },
  )
  server.registerTool(
    'add-note',
    {
      description: 'Adds a note.',
      inputSchema: fromJsonSchema<{ note: string }>(object({ note: text }, ['note']) as never),
    },
    ({ note }) =>
      note === ''
        ? { content: [{ type: 'text', text: 'A note cannot be empty.' }], isError: true }
        : { content: [{ type: 'text', text: `Added: ${note}` }] },
  )
  return server
}

/** A low-level MCP server that lists exactly these tools, `pageSize` at a time. */
export function rawServer(tools: readonly TestTool[], pageSize = 100): Server {
  const server = new Server({ name: 'raw', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', async ({ params }) => {
    const start = Number(params?.cursor ?? 0)
    const page = tools.slice(start, start + pageSize)
    const next = start + pageSize
    return {
      tools: page.map(({ run: _run, inputSchema = { type: 'object' }, ...tool }) => ({
        ...tool,
        inputSchema: inputSchema as { type: 'object' },
      })),
      ...(next < tools.length && { nextCursor: String(next) }),
    }
  })
  server.setRequestHandler('tools/call', async ({ params }) => {
    const tool = tools.find(({ name }) => name === params.name)
    return (await tool?.run?.(params.arguments ?? {})) as never
  })
  return server
}

/** An MCP server on its own port. */
export interface McpService {
  readonly url: string
  readonly requests: { headers: IncomingHttpHeaders; body: string }[]
  stop(): Promise<void>
}

/** What answers one HTTP request. */
export type Fetch = (request: Request) => Response | Promise<Response>

/** The current protocol revision, which has no sessions, with a fallback for older clients. */
export function stateless(make: () => McpServer | Server): Fetch {
  const handler = createMcpHandler(() => make())
  return (request) => handler.fetch(request)
}

/** The 2025 revisions: a session per client, unknown after a restart. */
export function sessions(make: () => McpServer | Server): Fetch {
  const open = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return async (request) => {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? undefined : open.get(id)
    if (known) return known.handleRequest(request)
    if (id !== null) return new Response('session not found', { status: 404 })
    const body: unknown = await request.json().catch(() => undefined)
    if (!isInitializeRequest(body)) return new Response('no session', { status: 400 })
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => void open.set(session, transport),
    })
    await make().connect(transport)
    return transport.handleRequest(request, { parsedBody: body })
  }
}

/** Serves a handler over HTTP, on a given port when a server restarts. */
export async function serveMcp(fetch: Fetch, port = 0): Promise<McpService> {
  const requests: McpService['requests'] = []
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of incoming) chunks.push(chunk as Uint8Array)
      const body = Buffer.concat(chunks).toString()
      requests.push({ headers: incoming.headers, body })
      const { method = 'GET', url = '/' } = incoming
      const hasBody = method === 'POST'
      const response = await fetch(
        new Request(`http://localhost${url}`, {
          method,
          headers: incoming.headers as Record<string, string>,
          ...(hasBody && { body }),
        }),
      )
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.flushHeaders()
      if (!response.body) return void outgoing.end()
      Readable.fromWeb(response.body as never)
        .on('error', () => outgoing.destroy())
        .pipe(outgoing)
    })()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
