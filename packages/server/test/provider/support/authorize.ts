import { randomBytes, randomUUID } from 'node:crypto'
import { BASE, ISSUER } from '../../support/http.ts'
import type { Browser } from './browser.ts'
import { hashed, type TestClient } from './client.ts'
import { membersOf } from './json.ts'
import type { TestUser } from './people.ts'

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
  const body = membersOf(text)
  const url = body['redirect_uri'] ?? body['url']
  if (typeof url === 'string') return new URL(url, ISSUER)
  throw new Error(`leads nowhere: ${response.status} ${text}`)
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
