import { decodeProtectedHeader, UnsecuredJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  askToken,
  codeForm,
  conformanceRequest,
  endpoint,
  expectCode,
  expectError,
  type Party,
  redeemCode,
  signInAt,
  userInfo,
  verifyIdToken,
} from './support/conformance.ts'
import {
  authorize,
  Browser,
  createClient,
  locationOf,
  openPostgres,
  REDIRECT,
  type RequestParameters,
  signIn,
  signUp,
  type TestUser,
} from './support/flow.ts'
import { openServed, type ServedProvider } from './support/served.ts'
import { travel } from './support/token.ts'

/*
 * The modules of `oidcc-basic-certification-test-plan` by their names: what each of them sends over
 * HTTP, and what it checks. PKCE, which the plan leaves out, is always sent: this server requires it.
 */

const password = 'correct horse battery'

let provider: ServedProvider
let party: Party
/** The second client of the plan. */
let other: Party
let person: TestUser
/** Somebody with a password. */
let email: string

beforeAll(async () => {
  provider = await openServed(openPostgres, { dynamicRegistration: true })
  party = { provider, client: await createClient(provider) }
  other = { provider, client: await createClient(provider) }
  person = await signUp(provider)
  email = `${crypto.randomUUID()}@example.com`
  await new Browser(provider).post('/sign-up/email', { name: 'Ada', email, password })
})
afterAll(() => provider.close())

/** Signs in on the page that authorize led to, and returns where that leads. */
async function signInOn(page: URL, browser: Browser): Promise<URL> {
  expect(page.pathname).toBe('/sign-in')
  const oauth_query = page.search.slice(1)
  return locationOf(await browser.post('/sign-in/email', { email, password, oauth_query }))
}

/** A session that started a while ago, which a module waits for. */
function older(seconds: number): Promise<TestUser> {
  return signIn(provider, person, { createdAt: new Date(Date.now() - seconds * 1000) })
}

const expectErrorPage = (url: URL) => expect(url.pathname).toBe('/oauth-error')

describe('code flow', () => {
  it('PP6 oidcc-server', async () => {
    const browser = new Browser(provider)
    const request = conformanceRequest(party)
    const answer = await signInOn(await authorize(browser, request), browser)
    const { claims } = await redeemCode(party, request, answer)
    expect(claims.exp).toBeGreaterThan(Date.now() / 1000)
    expect(Math.abs((claims.iat ?? 0) - Date.now() / 1000)).toBeLessThan(300)
  })

  it('PP6 oidcc-response-type-missing', async () => {
    const request = conformanceRequest(party, { response_type: null })
    const answer = await authorize(person.browser, request)
    expect(expectError(party, request, answer)).toBe('invalid_request')
  })

  it('PP6 oidcc-server-client-secret-post', async () => {
    const client = await createClient(provider, { tokenEndpointAuthMethod: 'client_secret_post' })
    const posting = { provider, client }
    const request = conformanceRequest(posting)
    const answer = await authorize(person.browser, request)
    const { claims } = await redeemCode(posting, request, answer, 'body')
    expect(claims.sub).toBe(person.id)
  })

  it('PP6 oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { claims } = await signInAt(party, person, { nonce: null })
    expect(claims).not.toHaveProperty('nonce')
  })

  it('PP6 oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
    await signInAt(party, person)
    // RFC 9700 section 2.1.1: without PKCE there is no code.
    const request = conformanceRequest(party, { code_challenge: null, code_challenge_method: null })
    const answer = await authorize(person.browser, request)
    expect(expectError(party, request, answer)).toBe('invalid_request')
  })

  it('PP6 oidcc-ensure-post-request-succeeds', async () => {
    const request = conformanceRequest(party)
    const browser = new Browser(provider)
    // A form of another site brings no cookie, so it is sent on as a link.
    const posted = await browser.open(endpoint(provider, '/oauth2/authorize'), {
      method: 'POST',
      headers: { origin: 'https://app.example' },
      body: request.parameters,
    })
    expect(posted.status).toBe(303)
    const page = await authorize(browser, { url: posted.headers.get('location') ?? '' })
    await redeemCode(party, request, await signInOn(page, browser))
  })

  it('PP6 oidcc-ensure-registered-redirect-uri', async () => {
    const redirect_uri = `${REDIRECT}/${crypto.randomUUID()}`
    expectErrorPage(await authorize(person.browser, conformanceRequest(party, { redirect_uri })))
  })

  it('PP6 oidcc-alternate-happy-flow, oidcc-ensure-other-scope-order-succeeds', async () => {
    const request = conformanceRequest(party, { scope: 'email openid' })
    const reversed = new URLSearchParams([...request.parameters].toReversed())
    const url = `${endpoint(provider, '/oauth2/authorize')}?${reversed}`
    const answer = await authorize(person.browser, { url })
    const { tokens } = await redeemCode(party, request, answer)
    expect((await userInfo(party, tokens['access_token'])).body['email']).toBe(person.email)
  })

  it.each<[string, RequestParameters]>([
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
    ['oidcc-login-hint', { login_hint: 'bob@example.com' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
  ])('PP6 %s', async (_module, parameters) => {
    const { claims } = await signInAt(party, person, parameters)
    expect(claims.sub).toBe(person.id)
    const browser = new Browser(provider)
    const request = conformanceRequest(party, parameters)
    await redeemCode(party, request, await signInOn(await authorize(browser, request), browser))
  })

  it('PP6 oidcc-ensure-request-with-acr-values-succeeds, for a class that is known', async () => {
    const acr_values = '1 urn:countersign:acr:1'
    const { claims } = await signInAt(party, person, { acr_values })
    expect(acr_values.split(' ')).toContain(claims['acr'])
  })
})

describe('ID tokens', () => {
  it('PP6 oidcc-idtoken-signature', async () => {
    const { tokens } = await signInAt(party, person)
    const { alg, kid } = decodeProtectedHeader(String(tokens['id_token']))
    expect([alg, typeof kid]).toEqual(['RS256', 'string'])
  })

  it('PP6 oidcc-idtoken-unsigned: there are none', async () => {
    const document = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
    expect(await document.json()).toMatchObject({
      id_token_signing_alg_values_supported: ['RS256'],
    })
    const registered = await fetch(endpoint(provider, '/oauth2/register'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [REDIRECT], id_token_signed_response_alg: 'none' }),
    })
    expect(registered.status).toBe(400)
    expect(await registered.json()).toMatchObject({ error: 'invalid_client_metadata' })
  })
})

describe('user info', () => {
  it.each(['get', 'post-header', 'post-body'] as const)('PP6 oidcc-userinfo-%s', async (way) => {
    const { tokens, claims } = await signInAt(party, person)
    const { status, body } = await userInfo(party, tokens['access_token'], way)
    expect([status, body]).toEqual([200, { sub: claims.sub }])
  })

  it.each<[string, string, readonly string[]]>([
    ['oidcc-scope-profile', 'openid profile', ['name', 'updated_at']],
    ['oidcc-scope-email', 'openid email', ['email', 'email_verified']],
    ['oidcc-scope-all', 'openid profile email', ['email', 'email_verified', 'name', 'updated_at']],
  ])('PP6 %s', async (_module, scope, names) => {
    const { tokens, claims } = await signInAt(party, person, { scope })
    const { status, body } = await userInfo(party, tokens['access_token'])
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual([...names, 'sub'].sort())
    expect(body['sub']).toBe(claims.sub)
    expect(body['updated_at'] ?? 0).toBeTypeOf('number')
    expect(body['email_verified'] ?? true).toBeTypeOf('boolean')
    // PG10: the plan only warns; the ID token says the same, for the many that read nothing else.
    expect(claims).toMatchObject(body)
  })

  it.each(['address', 'phone'])('PP6 oidcc-scope-%s: not known, and not offered', async (scope) => {
    const document = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
    const { scopes_supported } = (await document.json()) as { scopes_supported: string[] }
    expect(scopes_supported).not.toContain(scope)
    const request = conformanceRequest(party, { scope: `openid ${scope}` })
    const answer = await authorize(person.browser, request)
    expect(expectError(party, request, answer)).toBe('invalid_scope')
  })

  it('PP6 oidcc-claims-essential', async () => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } })
    const signedIn = await signInAt(party, person, { claims })
    const { body } = await userInfo(party, signedIn.tokens['access_token'])
    expect(body).toEqual({ sub: person.id, name: person.name })
    expect(signedIn.claims).not.toHaveProperty('name')
  })
})

describe('sessions', () => {
  it('PP6 oidcc-prompt-login', async () => {
    const { browser } = await older(10)
    const first = await signInAt(party, { browser })
    const request = conformanceRequest(party, { prompt: 'login' })
    const answer = await signInOn(await authorize(browser, request), browser)
    const second = await redeemCode(party, request, answer)
    expect(second.claims['auth_time']).toBeGreaterThan(Number(first.claims['auth_time']))
  })

  it('PP6 oidcc-prompt-none-not-logged-in', async () => {
    const request = conformanceRequest(party, { prompt: 'none' })
    const answer = await authorize(new Browser(provider), request)
    expect(expectError(party, request, answer)).toBe('login_required')
  })

  it('PP6 oidcc-prompt-none-logged-in', async () => {
    const first = await signInAt(party, person)
    const second = await signInAt(party, person, { prompt: 'none' })
    expect(sameSignIn(second)).toEqual(sameSignIn(first))
  })

  it('PP6 oidcc-max-age-1', async () => {
    const { browser } = await older(10)
    const first = await signInAt(party, { browser })
    const request = conformanceRequest(party, { max_age: '1' })
    const answer = await signInOn(await authorize(browser, request), browser)
    const second = await redeemCode(party, request, answer)
    expect(second.claims['auth_time']).toBeGreaterThan(Number(first.claims['auth_time']))
    expect(second.claims['auth_time']).toBeGreaterThan(Date.now() / 1000 - 300)
  })

  it('PP6 oidcc-max-age-10000', async () => {
    const waiting = await older(10)
    const first = await signInAt(party, waiting, { max_age: '15000' })
    const second = await signInAt(party, waiting, { max_age: '10000' })
    expect(first.claims['auth_time']).toBeTypeOf('number')
    expect(sameSignIn(second)).toEqual(sameSignIn(first))
  })

  it('PP6 oidcc-id-token-hint', async () => {
    const first = await signInAt(party, person)
    const id_token_hint = String(first.tokens['id_token'])
    const second = await signInAt(party, person, { prompt: 'none', id_token_hint })
    expect(sameSignIn(second)).toEqual(sameSignIn(first))
    // Somebody else's is no silent sign-in.
    const request = conformanceRequest(party, { prompt: 'none', id_token_hint })
    const answer = await authorize((await signUp(provider)).browser, request)
    expect(expectError(party, request, answer)).toBe('login_required')
  })

  const sameSignIn = ({ claims }: { claims: Record<string, unknown> }) => [
    claims['sub'],
    claims['auth_time'],
  ]
})

describe('codes and tokens', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  const reuse = async (afterSeconds: number) => {
    // Only this moves the clock, however slow the machine is.
    travel(0)
    const request = conformanceRequest(party, { scope: 'openid offline_access' })
    const answer = await authorize(person.browser, request)
    const { tokens } = await redeemCode(party, request, answer)
    travel(afterSeconds)
    const again = await askToken(party, codeForm(request, expectCode(party, request, answer)))
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const { status } = await userInfo(party, tokens['access_token'])
    const refresh_token = String(tokens['refresh_token'])
    return {
      status,
      refreshed: await askToken(party, { grant_type: 'refresh_token', refresh_token }),
    }
  }

  it('PP6 oidcc-codereuse: at once it is a client that asked twice, and PG13 keeps its tokens', async () => {
    expect(await reuse(0)).toMatchObject({ status: 200, refreshed: { status: 200 } })
  })

  it('PP6 PG2 oidcc-codereuse-30seconds: it was stolen, and nothing of it is left', async () => {
    expect(await reuse(30)).toMatchObject({
      status: 401,
      refreshed: { status: 400, body: { error: 'invalid_grant' } },
    })
  })

  it('PP6 oidcc-refresh-token', async () => {
    const first = await signInAt(party, person, { scope: 'openid offline_access' })
    const refresh_token = String(first.tokens['refresh_token'])
    const form = { grant_type: 'refresh_token', refresh_token }
    // Of another client, and it is still good.
    expect(await askToken(other, form)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    const { status, body } = await askToken(party, form)
    expect(status).toBe(200)
    expect(body['access_token']).not.toBe(first.tokens['access_token'])
    const claims = await verifyIdToken(party, body)
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) {
      expect([name, claims[name]]).toEqual([name, first.claims[name]])
    }
    expect(claims.iat).toBeGreaterThanOrEqual(first.claims.iat ?? Infinity)
  })
})

describe('request objects, which this server says it does not take', () => {
  const unsigned = (claims: Record<string, unknown>) =>
    new UnsecuredJWT({ ...claims, iss: party.client.clientId, aud: provider.issuer }).encode()

  it('PP6 oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    const { parameters } = conformanceRequest(party)
    const request = conformanceRequest(party, {
      request: unsigned(Object.fromEntries(parameters)),
    })
    const answer = await authorize(person.browser, request)
    expect(expectError(party, request, answer)).toBe('request_not_supported')
  })

  it('PP6 oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    const request = conformanceRequest(party, { request_uri: 'https://app.example/request.jwt' })
    const answer = await authorize(person.browser, request)
    expect(expectError(party, request, answer)).toBe('request_uri_not_supported')
  })

  it('PP6 oidcc-ensure-request-object-with-redirect-uri', async () => {
    const redirect_uri = `${REDIRECT}/${crypto.randomUUID()}`
    const request = conformanceRequest(party, {
      redirect_uri,
      request: unsigned({ redirect_uri: REDIRECT }),
    })
    // Neither address counts: the one is not registered, the other is not read.
    expectErrorPage(await authorize(person.browser, request))
    const swapped = conformanceRequest(party, { request: unsigned({ redirect_uri }) })
    const answer = await authorize(person.browser, swapped)
    expect(expectError(party, swapped, answer)).toBe('request_not_supported')
  })
})
