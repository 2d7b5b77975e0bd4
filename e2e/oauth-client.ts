import { createHash, randomBytes } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { vi } from 'vitest'

/** The only place this client is sent back to: a website that answers inside the test's browser. */
export const redirectUri = 'https://ledger.example/callback'

/** One authorization request of a client, with what it keeps for the answer. */
export interface AskedAuthorization {
  readonly url: string
  readonly state: string
  readonly verifier: string
}

interface Credentials {
  readonly client_id: string
  readonly client_secret?: string | null
}

/** A website that people sign in to with this server. */
export class OAuthClient {
  readonly #server: string
  readonly #credentials: Credentials

  constructor(server: string, credentials: Credentials) {
    this.#server = server
    this.#credentials = credentials
  }

  /** Makes an authorization request; `parameters` come on top of what every one has. */
  ask(parameters: Readonly<Record<string, string>> = {}): AskedAuthorization {
    const verifier = randomBytes(32).toString('base64url')
    const state = `${randomBytes(8).toString('base64url')} & = +`
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: this.#credentials.client_id,
      redirect_uri: redirectUri,
      scope: 'openid email',
      state,
      nonce: 'n-1',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    })
    return { url: `${this.#server}/api/auth/oauth2/authorize?${query}`, state, verifier }
  }

  /** Exchanges the code that the browser brought back. */
  async redeem(page: Page, asked: AskedAuthorization): Promise<Record<string, unknown>> {
    const answer = await answerAt(page)
    const { state, verifier } = asked
    if (answer.get('state') !== state) throw new Error(`wrong state in ${answer}`)
    return this.post('/oauth2/token', {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    })
  }

  /** Posts a form to an endpoint of machines as this client. */
  async post(
    path: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Record<string, unknown>> {
    const { client_id: id, client_secret: secret } = this.#credentials
    const basic = Buffer.from(`${id}:${secret}`).toString('base64')
    const response = await fetch(`${this.#server}/api/auth${path}`, {
      method: 'POST',
      headers: secret ? { authorization: `Basic ${basic}` } : {},
      body: new URLSearchParams(secret ? form : { ...form, client_id: id }),
    })
    return { ...((await response.json()) as object), status: response.status }
  }

  /** What the user info endpoint says to an access token. */
  async userInfo(accessToken: unknown): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${String(accessToken)}` }
    const response = await fetch(`${this.#server}/api/auth/oauth2/userinfo`, { headers })
    const body = (await response.json().catch(() => ({}))) as object
    return { ...body, status: response.status }
  }
}

/** Sets a client up as the administrator of a page. */
export async function registerClient(
  server: string,
  admin: Page,
  client: Readonly<Record<string, unknown>>,
): Promise<OAuthClient> {
  const headers = { origin: server }
  const url = `${server}/api/auth/oidc/clients`
  const response = await admin.request.post(url, { headers, data: client })
  if (response.status() !== 201) throw new Error(await response.text())
  const made = (await response.json()) as { client: { client_id: string }; client_secret: string }
  return new OAuthClient(server, {
    client_id: made.client.client_id,
    client_secret: made.client_secret,
  })
}

/** The claims of an ID token, which came from the token endpoint itself. */
export function claimsOf(idToken: unknown): Record<string, unknown> {
  const [, claims = ''] = String(idToken).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
}

const answers = new WeakMap<BrowserContext, string[]>()

/** Waits until the browser comes back to the client, and reads the answer that it brings. */
export async function answerAt(page: Page): Promise<URLSearchParams> {
  const url = await vi.waitFor(() => {
    const next = answers.get(page.context())?.at(-1)
    // What was asked for is there a moment later, and would end whatever the page does next.
    const hasArrived = /^(?:https:\/\/ledger\.example\/|chrome-error:)/.test(page.url())
    if (next === undefined || !hasArrived) throw new Error(`not there but at ${page.url()}`)
    return next
  }, 30_000)
  answers.get(page.context())?.splice(0)
  return new URL(url).searchParams
}

/** Makes a request that is answered at once: the browser finds no website where it comes out. */
export async function askSilently(page: Page, { url }: AskedAuthorization): Promise<void> {
  // From where the last answer ended nobody would see this one arrive.
  await page.goto('about:blank')
  await page.goto(url).catch((error: unknown) => {
    if (!String(error).includes('ERR_NAME_NOT_RESOLVED')) throw error
  })
}

/**
 * Stands for the website of the client in a browser. Its name leads nowhere, so nobody outside is
 * asked; a redirect of the server gets no page for it, but what it brings is noticed.
 */
export async function serveClient(context: BrowserContext): Promise<void> {
  const seen: string[] = []
  answers.set(context, seen)
  context.on('request', (request) => {
    if (request.url().startsWith(`${redirectUri}?`)) seen.push(request.url())
  })
  await context.route('https://ledger.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Ledger</title><h1>Ledger</h1>' }),
  )
}
