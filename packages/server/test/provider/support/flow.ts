import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Client } from '../../../src/provider/clients/client.ts'
import { BASE, ISSUER } from '../../support/http.ts'
import type { ProviderWorld } from './world.ts'

export { BASE, ISSUER } from '../../support/http.ts'
export {
  openEmbedded,
  openMemory,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
} from './world.ts'

/** Where the clients of these tests get their answers. */
export const REDIRECT = 'https://app.example/callback'

type AnyWorld = Pick<ProviderWorld, 'handler' | 'adapter' | 'context'>

/** A browser without a screen: it keeps cookies, and follows nothing on its own. */
export class Browser {
  readonly #world: AnyWorld
  readonly cookies = new Map<string, string>()

  constructor(world: AnyWorld) {
    this.#world = world
  }

  /** Sends a request to a path of the origin, or to a whole URL, with what a navigation has. */
  async open(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('accept')) headers.set('accept', 'text/html')
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '))
    }
    const request = new Request(new URL(target, ISSUER), { ...init, headers, redirect: 'manual' })
    const response = await this.#world.handler(request)
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  /** Posts JSON as a page of ours does. */
  async post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.open(`/api/auth${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        origin: ISSUER,
        ...headers,
      },
      body: JSON.stringify(body),
    })
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    if (/max-age=0(;|$)|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(pair.indexOf('=') + 1))
  }
}

/** Somebody who has an account, and the browser they are signed in with. */
export interface TestUser {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly browser: Browser
  readonly sessionId: string
}

/** A new person with a session that started now, without the half second a password takes. */
export async function signUp(
  world: AnyWorld,
  session: Record<string, unknown> = {},
): Promise<TestUser> {
  const email = `${randomUUID()}@example.com`
  const user = await world.context.internalAdapter.createUser(
    { email, name: 'Ada Lovelace', emailVerified: true },
    { method: 'email-password' },
  )
  return signIn(world, { id: user.id, email, name: user.name }, session)
}

/** Another session of somebody, in another browser; `session` sets columns of its row. */
export async function signIn(
  world: AnyWorld,
  { id, email, name }: Pick<TestUser, 'id' | 'email' | 'name'>,
  session: Record<string, unknown> = {},
): Promise<TestUser> {
  const { internalAdapter, authCookies, secret } = world.context
  const row = await internalAdapter.createSession(id, false, session, true)
  const signature = createHmac('sha256', secret).update(row.token).digest('base64')
  const browser = new Browser(world)
  browser.cookies.set(
    authCookies.sessionToken.name,
    encodeURIComponent(`${row.token}.${signature}`),
  )
  return { id, email, name, browser, sessionId: row.id }
}

/** A client with its secret, and the row it is stored as. */
export interface TestClient {
  readonly clientId: string
  /** Null for public clients. */
  readonly secret: string | null
  readonly redirectUri: string
}

/** base64url SHA-256, as secrets of clients are stored. */
export function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * Stores a client: confidential, trusted (no consent page), with every standard scope.
 *
 * `skipConsent: false` brings the consent page, `tokenEndpointAuthMethod: 'none'` a public client.
 */
export async function createClient(
  { adapter }: Pick<AnyWorld, 'adapter'>,
  row: Partial<Client> = {},
): Promise<TestClient> {
  const isConfidential = (row.tokenEndpointAuthMethod ?? 'client_secret_basic').startsWith('client')
  const secret = isConfidential ? `cs_cs_${randomBytes(32).toString('base64url')}` : null
  const clientId = row.clientId ?? randomUUID()
  const redirectUris = [...(row.redirectUris ?? [REDIRECT])]
  await adapter.create({
    model: 'oauthClient',
    data: {
      clientId,
      clientSecret: secret && hashed(secret),
      registration: 'manual',
      disabled: false,
      skipConsent: true,
      tokenEndpointAuthMethod: 'client_secret_basic',
      subjectType: 'public',
      name: 'Example App',
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      responseTypes: ['code'],
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      createdAt: new Date(),
      updatedAt: new Date(),
      ...row,
      redirectUris,
    },
  })
  return { clientId, secret, redirectUri: redirectUris[0] ?? REDIRECT }
}

/** Parameters of a request; a null one is left out, a list comes several times. */
export type RequestParameters = Readonly<
  Record<string, string | readonly string[] | null | undefined>
>

/** An authorization request, and what the client remembers about it. */
export interface TestRequest {
  readonly url: string
  readonly parameters: URLSearchParams
  readonly verifier: string
  readonly state: string
}

/** Makes an authorization request with PKCE; `more` replaces or removes parameters. */
export function authorizationRequest(
  client: TestClient,
  more: RequestParameters = {},
): TestRequest {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomUUID()
  const all: RequestParameters = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: 'openid profile email',
    state,
    code_challenge: hashed(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(all)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) {
      parameters.append(name, one)
    }
  }
  return { url: `${BASE}/oauth2/authorize?${parameters}`, parameters, verifier, state }
}

/** Where a response leads: its `Location`, or the `url` of its JSON. */
export async function locationOf(response: Response): Promise<URL> {
  const location = response.headers.get('location')
  if (location) return new URL(location, ISSUER)
  const text = await response.text()
  const body = parse(text)
  const url = body['redirect_uri'] ?? body['url']
  if (typeof url === 'string') return new URL(url, ISSUER)
  throw new Error(`leads nowhere: ${response.status} ${text}`)
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Opens the authorization endpoint and returns where it leads: a page, or back to the client. */
export async function authorize(browser: Browser, request: Pick<TestRequest, 'url'>): Promise<URL> {
  return locationOf(await browser.open(request.url))
}

/** What a person answers on the consent page. */
export interface Decision {
  readonly decision?: 'allow' | 'deny'
  readonly scopes?: readonly string[]
  readonly organization_id?: string
}

/** Answers the consent page that authorize led to, and returns where that leads. */
export async function decide(browser: Browser, page: URL, decision: Decision = {}): Promise<URL> {
  const look = await browser.open(`/api/auth/oidc/interaction${page.search}`, {
    headers: { accept: 'application/json' },
  })
  if (look.status !== 200) throw new Error(`interaction: ${look.status} ${await look.text()}`)
  const { ticket } = (await look.json()) as { ticket: string }
  return locationOf(
    await browser.post('/oidc/interaction', {
      oauth_query: page.search.slice(1),
      ticket,
      decision: 'allow',
      ...decision,
    }),
  )
}

/** A code with what it takes to redeem it. */
export interface TestCode {
  readonly code: string
  readonly verifier: string
  readonly redirectUri: string
}

/** Gets a code for somebody who is signed in, through the consent page when there is one. */
export async function codeFor(
  { browser }: Pick<TestUser, 'browser'>,
  client: TestClient,
  more: RequestParameters = {},
): Promise<TestCode> {
  const request = authorizationRequest(client, more)
  const first = await authorize(browser, request)
  const last = first.pathname === '/consent' ? await decide(browser, first) : first
  const code = last.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${last.href}`)
  const redirectUri = request.parameters.get('redirect_uri') ?? client.redirectUri
  return { code, verifier: request.verifier, redirectUri }
}

/** Posts a form to an endpoint of machines, as a client with its secret. */
export async function postForm(
  { handler }: Pick<AnyWorld, 'handler'>,
  path: `/${string}`,
  parameters: RequestParameters,
  client?: Pick<TestClient, 'clientId' | 'secret'>,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const form = new URLSearchParams()
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
  if (client?.secret) {
    const pair = [client.clientId, client.secret].map(encodeURIComponent).join(':')
    headers.set('authorization', `Basic ${btoa(pair)}`)
  } else if (client) {
    form.set('client_id', client.clientId)
  }
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) form.append(name, one)
  }
  const request = new Request(`${BASE}${path}`, { method: 'POST', headers, body: form.toString() })
  const response = await handler(request)
  const body = parse(await response.text())
  return { status: response.status, headers: response.headers, body }
}

/** Redeems a code at the token endpoint. */
export async function redeem(
  world: AnyWorld,
  client: TestClient,
  { code, verifier, redirectUri }: TestCode,
) {
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  }
  return postForm(world, '/oauth2/token', form, client)
}

/** Goes all the way: authorize, consent, code, tokens. */
export async function tokensFor(
  world: AnyWorld,
  user: Pick<TestUser, 'browser'>,
  client: TestClient,
  more: RequestParameters = {},
): Promise<Record<string, unknown>> {
  const { status, body } = await redeem(world, client, await codeFor(user, client, more))
  if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(body)}`)
  return body
}
