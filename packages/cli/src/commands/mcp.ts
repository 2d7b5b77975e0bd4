import { createAgentContext } from '@countersign/agent'
import { searchProviders } from '@countersign/agent/directory'
import type { SearchProviders } from '@countersign/agent/tools'
import type { Command, Input } from '../command.ts'
import { httpToken } from '../mcp/http-token.ts'
import { PendingRequests } from '../mcp/pending-requests.ts'
import type { ToolServerOptions } from '../mcp/tool-server.ts'
import { ToolSurface } from '../mcp/tool-surface.ts'
import { jsonLine } from '../output.ts'
import { homeFolder, openStorage } from '../storage.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { version } from '../version.ts'

const usualPort = 4180

/** Offers this machine's agents to MCP hosts, until the host or the person ends it. */
export const mcp: Command = {
  name: 'mcp',
  usage: 'countersign mcp [--http] [--port <number>]',
  summary: 'Offer your agents to an MCP host, over stdio or HTTP',
  words: [],
  options: {
    http: { type: 'boolean', summary: 'Serve over HTTP, for this machine only' },
    port: { type: 'string', value: '<number>', summary: `With --http; by default ${usualPort}` },
    directory: {
      type: 'string',
      value: '<url>',
      summary: 'Lets hosts search it; by default COUNTERSIGN_DIRECTORY',
    },
  },
  async run(input, { client, terminal }) {
    const directory = input.text('directory') ?? terminal.env['COUNTERSIGN_DIRECTORY']
    const surface = new ToolSurface(client, {
      ...(directory && { searchProviders: searchIn(directory, terminal) }),
    })
    const pending = new PendingRequests()
    const options = { version: await version(), surface, pending }
    try {
      if (input.flag('http')) await overHttp(options, input, terminal)
      else await overStdio(options, input, terminal)
    } finally {
      pending.close()
    }
    return { value: { event: 'stopped' }, lines: [] }
  },
}

function searchIn(directory: string, terminal: Terminal): SearchProviders {
  const context = createAgentContext({ storage: openStorage(terminal) })
  return ({ intent, signal }) => searchProviders(context, intent, { directory, signal })
}

async function overStdio(
  options: ToolServerOptions,
  input: Input,
  { signal }: Terminal,
): Promise<void> {
  if (input.text('port') !== undefined) throw new UsageError('--port goes with --http.')
  // Loaded here, so that other commands need not wait for it.
  const { serveStdio } = await import('../mcp/serve-stdio.ts')
  await serveStdio(options, signal)
}

async function overHttp(
  options: ToolServerOptions,
  input: Input,
  terminal: Terminal,
): Promise<void> {
  const port = readPort(input.text('port'))
  const { token, file } = await httpToken(
    homeFolder(terminal),
    terminal.env['COUNTERSIGN_MCP_TOKEN'],
  )
  const { serveHttp } = await import('../mcp/serve-http.ts')
  const { url, close } = await serveHttp({ ...options, port, token })
  // The token itself is never printed: terminals and logs remember.
  if (input.flag('json')) terminal.print(jsonLine({ event: 'listening', url, token_file: file }))
  else {
    terminal.print(`Listening on ${url}`)
    terminal.print(`Hosts send the token of ${file ?? 'COUNTERSIGN_MCP_TOKEN'} as a bearer token.`)
  }
  await new Promise<void>((resolve) => {
    terminal.signal.addEventListener('abort', () => resolve(), { once: true })
    if (terminal.signal.aborted) resolve()
  })
  await close()
}

function readPort(text: string | undefined): number {
  const port = Number(text ?? usualPort)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new UsageError('--port is a number from 0 to 65535.')
}
