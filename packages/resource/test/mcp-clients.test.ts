import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { createMcpEndpoint } from '../../../apps/server/src/mcp-server.ts'
import { describeMcpClients, followTo } from './describe-mcp-clients.ts'
import { startOidcIssuer } from './oidc-issuer.ts'

describeMcpClients('an independent authorization server (PP3, M34)', async () => {
  const issuer = await startOidcIssuer()
  const requests: string[] = []
  let endpoint = async (_request: Request) => new Response(null, { status: 503 })
  const server = createAdaptorServer({
    fetch: (request) => {
      requests.push(`${request.method} ${new URL(request.url).pathname}`)
      return endpoint(request)
    },
  }) as Server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  endpoint = createMcpEndpoint({
    issuer: issuer.issuer,
    resource: url,
    connectedApps: async ({ clientId }) => [{ clientId, name: 'Host', scopes: ['mcp:read'] }],
  })
  return {
    url,
    issuer: issuer.issuer,
    requests,
    tokenRequests: () => issuer.requests.filter((path) => path === 'POST /token').length,
    visit: (start) => followTo(start, new Map()),
    person: { user_id: 'ada', email: 'ada@example.com', organization_id: 'org_1' },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await issuer.close()
    },
  }
})
