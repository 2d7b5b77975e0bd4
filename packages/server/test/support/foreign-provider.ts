import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { baseURL } from './auth.ts'

/** What a person is at the provider. Their id is the login hint that signs them in. */
export type ForeignPerson = Readonly<Record<string, unknown>>

/** An OpenID Connect provider of somebody else, over real HTTP. */
export interface ForeignProvider {
  readonly issuer: string
  /** Where it listens; the same as `issuer`, unless that is a name of its own. */
  readonly origin: string
  readonly people: Map<string, ForeignPerson>
  readonly client: { readonly clientId: string; readonly clientSecret: string }
  /** How often each path was asked for. */
  readonly requests: string[]
  close(): Promise<void>
}

interface ForeignOptions {
  /** Id under which we know it. */
  readonly id: string
  readonly issuer?: string
  /** Whether claims stand in the ID token, not only in the user info. */
  readonly claimsInIdToken?: boolean
  readonly authentication?: 'client_secret_basic' | 'client_secret_post'
  /** Origin of our server, to which people come back. @default that of the tests without HTTP */
  readonly app?: string
}

interface Interaction {
  readonly prompt: { readonly name: string }
  readonly params: {
    readonly client_id: string
    readonly scope: string
    readonly login_hint?: string
  }
  readonly session?: { readonly accountId: string }
}

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

interface OidcProvider {
  proxy: boolean
  callback(): RequestListener
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
  ): Promise<void>
  Grant: new (of: { accountId: string | undefined; clientId: string }) => Grant
}

/** Starts `oidc-provider`. It asks nothing: whoever the login hint names is signed in and consents. */
export async function startForeignProvider(options: ForeignOptions): Promise<ForeignProvider> {
  const people = new Map<string, ForeignPerson>()
  const requests: string[] = []
  const client = { clientId: 'countersign', clientSecret: 'a-secret-of-at-least-32-characters' }
  let answer: RequestListener = () => {}
  const server = createServer((request, response) => {
    requests.push(new URL(request.url ?? '/', 'http://localhost').pathname)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = options.issuer ?? origin

  const provider = await createProvider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [`${options.app ?? baseURL}/api/auth/callback/${options.id}`],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: options.authentication ?? 'client_secret_basic',
      },
    ],
    clientAuthMethods: [options.authentication ?? 'client_secret_basic'],
    conformIdTokenClaims: options.claimsInIdToken !== true,
    issueRefreshToken: async () => true,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...people.get(id) }),
    }),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['a key of a test'] },
  })
  const callback = provider.callback()
  const mount = new URL(issuer).pathname.replace(/\/$/, '')
  answer = (request, response) => {
    // As a web server does that serves it under a path.
    const url = request.url?.startsWith(mount) ? request.url.slice(mount.length) : request.url
    Object.assign(request, { originalUrl: request.url, url })
    if (request.url?.startsWith('/interaction/')) {
      finish(provider, request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error))
      })
    } else callback(request, response)
  }
  return {
    issuer,
    origin,
    people,
    client,
    requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function createProvider(issuer: string, configuration: object): Promise<OidcProvider> {
  // The package has no types.
  const name: string = 'oidc-provider'
  const { Provider } = (await import(name)) as {
    Provider: new (issuer: string, configuration: object) => OidcProvider
  }
  const provider = new Provider(issuer, configuration)
  provider.proxy = true
  return provider
}

async function finish(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    const result = { login: { accountId: params.login_hint ?? 'nobody' } }
    return provider.interactionFinished(request, response, result)
  }
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  const result = { consent: { grantId: await grant.save() } }
  await provider.interactionFinished(request, response, result)
}
