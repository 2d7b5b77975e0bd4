import type { AccessToken } from '@countersign/resource/oauth'
import { type Auth, ProtocolError } from '@countersign/server'
import { log } from './log.ts'
import { type ConnectedApp, createMcpEndpoint } from './mcp-server.ts'
import { mcpResource } from './provider.ts'

/** The MCP server beside the authority: it reaches its issuer without a network, and asks it live. */
export function ownMcpServer(
  auth: Auth,
  settings: { readonly baseURL: string },
): (request: Request) => Promise<Response> {
  const resource = mcpResource(settings)
  return createMcpEndpoint({
    issuer: settings.baseURL,
    resource,
    connectedApps: (accessToken) => connectedApps(auth, accessToken),
    isLive: (token, { confirmation }) =>
      isLive(auth, token, { resource, ...(confirmation ?? undefined) }),
    fetch: (input, init) => auth.handler(new Request(input, init)),
    onError: (error) => log('error', 'The MCP server cannot verify tokens', error),
  })
}

async function isLive(auth: Auth, token: string, needs: { resource: string; jkt?: string }) {
  try {
    await auth.verifyAccessToken(token, needs)
    return true
  } catch (error) {
    if (error instanceof ProtocolError && error.status === 401) return false
    throw error
  }
}

interface Consent {
  readonly clientId: string
  readonly scopes: readonly string[]
}

/** What a person consented to; nothing for a client that acts for itself. */
async function connectedApps(
  auth: Auth,
  { subject }: AccessToken,
): Promise<readonly ConnectedApp[]> {
  const { adapter } = await auth.$context
  const consents = await adapter.findMany<Consent>({
    model: 'oauthConsent',
    where: [{ field: 'userId', value: subject }],
  })
  const clients = await adapter.findMany<{ clientId: string; name?: string | null }>({
    model: 'oauthClient',
    where: [{ field: 'clientId', operator: 'in', value: consents.map(({ clientId }) => clientId) }],
  })
  const names = new Map(clients.map(({ clientId, name }) => [clientId, name]))
  return consents.map(({ clientId, scopes }) => ({
    clientId,
    name: names.get(clientId) ?? clientId,
    scopes,
  }))
}
