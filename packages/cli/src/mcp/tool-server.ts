import { mcpResult, mcpTools } from '@countersign/agent/tools'
import { Server } from '@modelcontextprotocol/server'
import { askPerson, asksPerson } from './ask-person.ts'
import type { PendingRequests } from './pending-requests.ts'
import type { ToolSurface } from './tool-surface.ts'

const instructions =
  'Tools to act at services that a person allowed you to use. list_agents tells what is connected; connect_agent asks a person for more. Never ask anybody for a password or a token: none is needed here.'

/** What the MCP servers of one process share. */
export interface ToolServerOptions {
  readonly version: string
  readonly surface: ToolSurface
  readonly pending: PendingRequests
}

/** Makes an MCP server for one connection. It tells its host when the tools change, until it closes. */
export function createToolServer({ version, surface, pending }: ToolServerOptions): Server {
  const server = new Server(
    { name: 'countersign', title: 'Countersign', version },
    { capabilities: { tools: { listChanged: true } }, instructions },
  )
  server.setRequestHandler('tools/list', async () => ({ tools: mcpTools(await surface.tools()) }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const call = { name: params.name, arguments: params.arguments }
    if (asksPerson(call)) return askPerson(call, { context, server, surface, pending })
    const { signal } = context.mcpReq
    return mcpResult(await surface.call(call, { signal }))
  })
  const stop = surface.onChanged(() => {
    // A connection that just ended has nobody to tell.
    server.sendToolListChanged().catch(() => undefined)
  })
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the server is no event target
  server.onclose = stop
  return server
}
