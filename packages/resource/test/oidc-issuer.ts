import { generateKeyPairSync } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error The package ships no types.
import * as untyped from 'oidc-provider'

interface Interaction {
  readonly prompt: {
    readonly name: string
    readonly details: {
      readonly missingOIDCScope?: string[]
      readonly missingResourceScopes?: Record<string, string[]>
    }
  }
  readonly params: { readonly client_id: string }
  readonly session?: { readonly accountId: string }
}

interface Grant {
  addOIDCScope(scope: string): void
  addResourceScope(resource: string, scope: string): void
  save(): Promise<string>
}

/** The parts of oidc-provider this needs; it ships no types of its own. */
interface OidcProvider {
  callback(): RequestListener
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
  ): Promise<void>
  Grant: new (of: { accountId: string; clientId: string }) => Grant
}

/** An independent authorization server, over real HTTP. Whoever comes is `ada` and consents. */
export interface OidcIssuer {
  readonly issuer: string
  /** Method and path of what reached it. */
  readonly requests: string[]
  /** The resource server's own client, for introspection. */
  readonly resourceServer: { readonly clientId: string; readonly clientSecret: string }
  /** An access token of a client that acts for itself. */
  token(resource: string, options?: { scope?: string; dpop?: string }): Promise<string>
  /** Ends an opaque token. */
  revoke(token: string): Promise<void>
  close(): Promise<void>
}

const service = { clientId: 'service', clientSecret: 'the-secret-of-a-service-of-the-tests' }
const resourceServer = { clientId: 'rs: 1', clientSecret: 'a secret + signs: 100% & more' }
const scopes = 'mcp:read mcp:write mcp:apps'

/** Starts the issuer on a free port. Tokens for a resource whose path begins with `/opaque` are opaque. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  const requests: string[] = []
  let answer: RequestListener = () => {}
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { Provider } = untyped as {
    Provider: new (issuer: string, configuration: object) => OidcProvider
  }
  const provider = new Provider(issuer, configuration())
  const callback = provider.callback()
  answer = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response)
    finish(provider, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  }

  const post = async (path: string, form: Record<string, string>, dpop?: string) => {
    const { clientId: client_id, clientSecret: client_secret } = service
    return fetch(issuer + path, {
      method: 'POST',
      headers: dpop === undefined ? {} : { dpop },
      body: new URLSearchParams({ client_id, client_secret, ...form }),
    })
  }
  return {
    issuer,
    requests,
    resourceServer,
    async token(resource, { scope = 'mcp:read', dpop } = {}) {
      const form = { grant_type: 'client_credentials', resource, scope }
      const response = await post('/token', form, dpop)
      const { access_token: token } = (await response.json()) as { access_token?: string }
      if (token === undefined) throw new Error(`The issuer answered ${response.status}.`)
      return token
    },
    async revoke(token) {
      const { status } = await post('/token/revocation', { token })
      if (status !== 200) throw new Error(`The issuer answered ${status}.`)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configuration(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const clients = [
    { ...service, grant_types: ['client_credentials'] },
    { ...resourceServer, grant_types: [] },
  ].map(({ clientId: client_id, clientSecret: client_secret, grant_types }) => ({
    client_id,
    client_secret,
    grant_types,
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method:
      client_id === service.clientId ? 'client_secret_post' : 'client_secret_basic',
  }))
  return {
    clients,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id }),
    }),
    scopes: ['openid', 'offline_access', ...scopes.split(' ')],
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    extraTokenClaims: (_context: unknown, { accountId }: { accountId?: string }) =>
      accountId === undefined ? {} : { org_id: 'org_1', email: `${accountId}@example.com` },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    // Clients register with what they ask for first; that must not bind them for ever.
    extraClientMetadata: {
      properties: ['client_name'],
      validator: (
        _context: unknown,
        _name: string,
        _value: unknown,
        client: { scope?: string },
      ) => {
        delete client.scope
      },
    },
    clientBasedCORS: () => true,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      registration: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: scopes,
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: new URL(resource).pathname.startsWith('/opaque') ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }
}

/** Signs `ada` in, and consents to whatever is asked. */
async function finish(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } })
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? 'ada',
    clientId: params.client_id,
  })
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details
  grant.addOIDCScope(missingOIDCScope.join(' '))
  for (const [resource, missing] of Object.entries(missingResourceScopes)) {
    grant.addResourceScope(resource, missing.join(' '))
  }
  await provider.interactionFinished(request, response, {
    consent: { grantId: await grant.save() },
  })
}
