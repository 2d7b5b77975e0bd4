import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { once } from 'node:events'
import type { AgentPrincipal } from '../src/authenticate/principal.ts'
import type { Capability } from '../src/agent-auth/capability.ts'

/** The agent that calls in these tests. */
export const agent: AgentPrincipal = {
  kind: 'agent',
  method: 'agent',
  agentId: 'agent_1',
  hostId: 'host_1',
  userId: 'user_1',
  mode: 'delegated',
  name: 'Test agent',
}

/** What reached the service. */
export interface Received {
  method: string
  /** Path and query, byte for byte. */
  url: string
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
}

/** A real HTTP service on its own port that records what it gets. */
export interface Service {
  url: string
  received: Received[]
  last(): Received
  stop(): Promise<void>
}

/** Starts a service; `answer` writes the response, 204 when there is none. */
export async function startService(
  answer?: (request: Received, response: ServerResponse) => void,
): Promise<Service> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const { method = '', url = '', headers, rawHeaders } = request
      const entry = { method, url, headers, rawHeaders, body }
      received.push(entry)
      if (answer) answer(entry, response)
      else response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    last() {
      const entry = received.at(-1)
      if (!entry) throw new Error('Nothing reached the service.')
      return entry
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Finds a capability that must be there. */
export function capabilityNamed(capabilities: readonly Capability[], name: string): Capability {
  const capability = capabilities.find((candidate) => candidate.name === name)
  if (!capability) throw new Error(`There is no capability ${name}.`)
  return capability
}

/** Executes a capability as the test agent. */
export async function execute(
  capability: Capability,
  args: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<unknown> {
  if (!capability.execute) throw new Error(`${capability.name} does not execute.`)
  return capability.execute(args, { agent, capability, signal })
}

/** A document with one operation, `POST /things` unless told otherwise. */
export function documentWith(
  operation: Record<string, unknown>,
  place: { path?: string; method?: string; rest?: Record<string, unknown> } = {},
): Record<string, unknown> & { paths: Record<string, unknown> } {
  const { path = '/things', method = 'post', rest = {} } = place
  return {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    paths: { [path]: { [method]: { operationId: 'doThing', responses: {}, ...operation } } },
    ...rest,
  }
}
