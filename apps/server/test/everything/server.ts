import { randomUUID } from 'node:crypto'
import { withMcpAuth } from '@countersign/resource/fetch'
import { authInfoOf, requireMcpAuth } from '@countersign/resource/oauth'
import type { Auth } from '@countersign/server'
import {
  createMcpHandler,
  createRequestStateCodec,
  isLegacyRequest,
  type McpHttpHandler,
  McpServer,
} from '@modelcontextprotocol/server'
import { mcpResource } from '../../src/provider.ts'
import { addAskingTools } from './asking.ts'
import { addContent } from './content.ts'
import { sessions } from './sessions.ts'
import { addTools } from './tools.ts'

/** An MCP server with everything that the conformance suite calls, behind our guard. */
export function everythingServer(
  auth: Auth,
  settings: { readonly baseURL: string },
): (request: Request) => Promise<Response> {
  const guard = requireMcpAuth({
    issuer: settings.baseURL,
    resource: mcpResource(settings),
    name: 'Everything',
    scopes: ['mcp:read'],
    fetch: (input, init) => auth.handler(new Request(input, init)),
  })
  const states = createRequestStateCodec<string>({ key: randomUUID() })
  const build = () => {
    const server = new McpServer(
      { name: 'everything', version: '1.0.0' },
      {
        capabilities: {
          logging: {},
          completions: {},
          tools: { listChanged: true },
          prompts: { listChanged: true },
          resources: { subscribe: true, listChanged: true },
        },
        requestState: { verify: states.verify },
      },
    )
    addTools(server, () => modern.notify)
    addAskingTools(server, states)
    addContent(server)
    return server
  }
  const modern: McpHttpHandler = createMcpHandler(build, { legacy: 'reject' })
  const older = sessions(build)
  return withMcpAuth(guard, async (request, accessToken) => {
    const options = { authInfo: authInfoOf(accessToken) }
    return (await isLegacyRequest(request))
      ? older(request, options)
      : modern.fetch(request, options)
  })
}
