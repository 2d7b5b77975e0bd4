import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorizationRequest,
  authorize,
  Browser,
  BASE,
  codeFor,
  createClient,
  decide,
  ISSUER,
  locationOf,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  REDIRECT,
  redeem,
  type RequestParameters,
  signIn,
  signUp,
  type TestClient,
  type TestUser,
} from './support/flow.ts'
import { redirectCorpus } from './support/redirect-corpus.ts'

/** What an answer to the client says. */
function answerOf(url: URL) {
  const { error, state, iss, code } = Object.fromEntries(url.searchParams)
  return { to: url.href.split('?')[0], error, state, iss, code }
}

describe.each(providerWorlds)('the way to a code: $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open()
  })
  afterAll(() => world.close())

  it('P1 M38 gives a code, names the issuer, and repeats the state', async () => {
    const client = await createClient(world)
    const { browser } = await signUp(world)
    const request = authorizationRequest(client)
    const { to, code, iss, state } = answerOf(await authorize(browser, request))
    expect({ to, iss, state }).toEqual({ to: REDIRECT, iss: ISSUER, state: request.state })
    expect(code).toMatch(/^\w{32}$/)
  })

  it('M39 asks for a sign-in and for consent, and loses no parameter', async () => {
    const client = await createClient(world, { skipConsent: false })
    const email = `${crypto.randomUUID()}@example.com`
    const password = 'correct horse battery'
    const browser = new Browser(world)
    const made = await browser.post('/sign-up/email', { name: 'Ada', email, password })
    expect(made.status).toBe(200)
    browser.cookies.clear()

    const request = authorizationRequest(client, {
      nonce: 'n-0S6',
      login_hint: email,
      ui_locales: 'de',
    })
    const page = await authorize(browser, request)
    expect(page.pathname).toBe('/sign-in')
    for (const name of ['client_id', 'scope', 'state', 'nonce', 'login_hint', 'ui_locales']) {
      expect(page.searchParams.get(name)).toBe(request.parameters.get(name))
    }
    const signedIn = await browser.post('/sign-in/email', {
      email,
      password,
      oauth_query: page.search.slice(1),
    })
    const consent = await locationOf(signedIn)
    expect(consent.pathname).toBe('/consent')
    const { to, state, code } = answerOf(await decide(browser, consent))
    expect({ to, state }).toEqual({ to: REDIRECT, state: request.state })
    const { verifier } = request
    const redeemed = await redeem(world, client, {
      code: code ?? '',
      verifier,
      redirectUri: REDIRECT,
    })
    expect(redeemed.status).toBe(200)
    expect(redeemed.body['scope']).toBe('openid profile email')
  })
})

describe('an authorization request', () => {
  let world: ProviderWorld
  let client: TestClient
  let person: TestUser
  beforeAll(async () => {
    world = await openPostgres({
      scopes: { 'bank:read': { title: 'Read accounts' } },
      resources: ['https://api.example/'],
    })
    client = await createClient(world)
    person = await signUp(world)
  })
  afterAll(() => world.close())

  const ask = (more: RequestParameters, by: TestClient = client) =>
    authorize(person.browser, authorizationRequest(by, more))

  const verifier43 = 'a'.repeat(43)
  it.each<[string, RequestParameters, string]>([
    ['GHSA-9h47-pqcx-hjr4 M38 without a challenge', { code_challenge: null }, 'invalid_request'],
    ['M38 with plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['M38 without a method, which means plain', { code_challenge_method: null }, 'invalid_request'],
    ['M38 with a short challenge', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['M38 with a long challenge', { code_challenge: 'a'.repeat(129) }, 'invalid_request'],
    ['with padding in the challenge', { code_challenge: `${verifier43}=` }, 'invalid_request'],
    ['without a response type', { response_type: null }, 'invalid_request'],
    ['for a token', { response_type: 'token' }, 'unsupported_response_type'],
    ['for a code and an ID token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['CVE-2026-7571 in another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['in an unknown response mode', { response_mode: 'jwt' }, 'invalid_request'],
    ['PG12 with authorization details', { authorization_details: '[]' }, 'invalid_request'],
    ['PG12 with a duplicate', { nonce: ['a', 'b'] }, 'invalid_request'],
    ['PG12 with a duplicate scope', { scope: ['openid', 'email'] }, 'invalid_request'],
    ['with a request object', { request: 'e30.e30.' }, 'request_not_supported'],
    [
      'with a request URI that nobody pushed here',
      { request_uri: 'https://evil.example/request' },
      'request_uri_not_supported',
    ],
    ['with a registration', { registration: '{}' }, 'registration_not_supported'],
    ['with an unknown scope', { scope: 'openid nonsense' }, 'invalid_scope'],
    ['with a scope that is not its own', { scope: 'openid bank:read' }, 'invalid_scope'],
    ['with an unknown resource', { resource: 'https://other.example/' }, 'invalid_target'],
    ['with claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['with prompts that contradict', { prompt: 'none login' }, 'invalid_request'],
    ['with an unknown prompt', { prompt: 'dance' }, 'invalid_request'],
    ['with an age that is no number', { max_age: 'old' }, 'invalid_request'],
  ])('%s is refused at the client', async (_, more, error) => {
    const request = authorizationRequest(client, more)
    const url = await authorize(person.browser, request)
    expect(answerOf(url)).toEqual({
      to: REDIRECT,
      error,
      state: request.state,
      iss: ISSUER,
      code: undefined,
    })
  })

  it.each([
    ['request', 'e30.e30.'],
    ['request_uri', 'https://evil.example/request'],
    ['registration', '{}'],
    ['authorization_details', '[]'],
  ])('PG12 %s is refused by its name', async (name, value) => {
    const url = await ask({ [name]: value })
    expect(url.searchParams.get('error_description')).toBe(`\`${name}\` is not supported.`)
  })

  it.each<[string, RequestParameters]>([
    ['CVE-2025-4143 an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }],
    ['no redirect URI', { redirect_uri: null }],
    ['two redirect URIs', { redirect_uri: [REDIRECT, 'https://evil.example/'] }],
    ['two clients', { client_id: ['one', 'two'] }],
    ['no client', { client_id: null }],
    ['an unknown client', { client_id: 'nobody' }],
    ['a client with a NUL', { client_id: 'a\u0000b' }],
    ['a state with a line break', { state: 'a\nb' }],
    ['a state that is too long', { state: 'a'.repeat(9_000) }],
    [
      'a request URI of somebody else without a redirect URI of ours',
      { request_uri: 'https://evil.example/request', redirect_uri: null },
    ],
  ])('%s is shown on the error page, and leads nowhere', async (_, more) => {
    const url = await ask(more)
    expect(url.origin + url.pathname).toBe(`${ISSUER}/oauth-error`)
    expect(url.href).not.toContain('evil.example')
  })

  it('a client that is switched off gets nothing', async () => {
    const off = await createClient(world, { disabled: true })
    expect((await ask({}, off)).pathname).toBe('/oauth-error')
  })

  it('vulnerability 20: a client without the grant type gets no code', async () => {
    const machine = await createClient(world, { grantTypes: ['client_credentials'] })
    expect(answerOf(await ask({}, machine)).error).toBe('unauthorized_client')
  })

  it('somebody who may not use the client is told the client, and nobody else', async () => {
    const closed = await createClient(world, { allowedUsers: ['somebody-else'] })
    expect(answerOf(await ask({}, closed)).error).toBe('access_denied')
    const open = await createClient(world, { allowedUsers: [person.id] })
    expect(answerOf(await ask({}, open)).code).toBeDefined()
  })

  it('errors go to the loopback port that asked, and keep what stands in the redirect URI', async () => {
    const native = await createClient(world, {
      tokenEndpointAuthMethod: 'none',
      redirectUris: ['http://127.0.0.1/cb?from=cli'],
    })
    const redirectUri = 'http://127.0.0.1:51004/cb?from=cli'
    const url = await ask({ redirect_uri: redirectUri, response_type: 'token' }, native)
    expect(url.href.startsWith(`${redirectUri}&error=unsupported_response_type&`)).toBe(true)
    const good = await codeFor(person, native, { redirect_uri: redirectUri })
    expect((await redeem(world, native, good)).status).toBe(200)
  })

  it.each([
    ['PG16 no scope', null],
    ['PG12 an empty scope', ''],
    ['PG12 a blank scope', '   '],
  ])('%s means the defaults of the client, or of the catalogue', async (_, scope) => {
    const own = await createClient(world, { defaultScopes: ['openid'] })
    const one = await redeem(world, own, await codeFor(person, own, { scope }))
    expect(one.body['scope']).toBe('openid')
    const other = await redeem(world, client, await codeFor(person, client, { scope }))
    expect(other.body['scope']).toBe('openid profile email')
  })

  it('PG12 a padded scope is trimmed', async () => {
    const scope = '  openid   email '
    const { body } = await redeem(world, client, await codeFor(person, client, { scope }))
    expect(body['scope']).toBe('openid email')
  })

  it('PG16 a client without scopes gets a token that allows nothing', async () => {
    const bare = await createClient(world, { scopes: [] })
    const { body } = await redeem(world, bare, await codeFor(person, bare, { scope: null }))
    expect(body).toMatchObject({ scope: '' })
    expect(body['id_token']).toBeUndefined()
  })

  it('takes several resources, and asks the engine for them', async () => {
    const resource = ['https://api.example/', 'https://api.example/']
    expect(answerOf(await ask({ resource })).code).toBeDefined()
  })

  it('may come as a form of another site, and then finds who is signed in', async () => {
    const { parameters } = authorizationRequest(client)
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://app.example',
    }
    // Cookies with SameSite=Lax do not come with such a form.
    const posted = await new Browser(world).open('/api/auth/oauth2/authorize', {
      method: 'POST',
      headers,
      body: parameters.toString(),
    })
    expect(posted.status).toBe(303)
    const location = posted.headers.get('location') ?? ''
    expect(location.startsWith(`${BASE}/oauth2/authorize?`)).toBe(true)
    expect(answerOf(await locationOf(await person.browser.open(location))).code).toBeDefined()
  })

  it('PP2 redirects programs too, whatever they accept (RFC 6749 section 4.1.2)', async () => {
    const asked: Record<string, string>[] = [
      { accept: '*/*', 'sec-fetch-mode': 'cors' },
      { accept: 'application/json' },
      { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    ]
    for (const headers of asked) {
      const response = await person.browser.open(authorizationRequest(client).url, { headers })
      expect([response.status, await response.text()]).toEqual([302, ''])
      expect(answerOf(await locationOf(response)).code).toBeDefined()
    }
  })

  it('is answered by pages that nobody frames, caches or leaks', async () => {
    const response = await person.browser.open(authorizationRequest(client).url)
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('GHSA-x732-6j76-qmhm has one path', async () => {
    const { parameters } = authorizationRequest(client)
    for (const path of [
      '//oauth2/authorize',
      '/oauth2//authorize',
      '/oauth2/authorize/',
      '/oauth2%2fauthorize',
      '/OAuth2/authorize',
    ]) {
      const response = await person.browser.open(`${BASE}${path}?${parameters}`)
      expect([path, response.status]).toEqual([path, 404])
    }
  })

  it("the engine's own endpoints are closed", async () => {
    for (const path of [
      '/oauth2/consent',
      '/oauth2/continue',
      '/oauth2/create-client',
      '/oauth2/public-client?client_id=x',
      '/oauth2/get-consents',
      '/admin/oauth2/create-client',
      '/admin/oauth2/resources',
    ]) {
      const posted = await person.browser.post(path, { accept: true, postLogin: true })
      expect([path, posted.status]).toEqual([path, 404])
      const got = await person.browser.open(`/api/auth${path}`)
      expect([path, got.status]).toEqual([path, 404])
    }
  })

  it('a banned person gets no code', async () => {
    const banned = await signUp(world)
    await world.adapter.update({
      model: 'user',
      where: [{ field: 'id', value: banned.id }],
      update: { banned: true },
    })
    const url = await authorize(banned.browser, authorizationRequest(client))
    expect(url.searchParams.get('code')).toBeNull()
  })

  it(
    'O26 GHSA-86j7-9j95-vpqj goes to nothing that only looks like a registered redirect URI',
    { timeout: 120_000 },
    async () => {
      const registered = [
        'https://app.example/callback',
        'https://app.example/callback?tenant=1',
        'http://127.0.0.1/cb',
        'http://[::1]:8080/cb',
        'http://localhost:3000/cb',
        'com.example.app:/oauth',
        'cursor://anysphere.cursor-mcp/oauth/callback',
      ]
      const wide = await createClient(world, { redirectUris: registered })
      const corpus = redirectCorpus(registered)
      expect(corpus.refused.length).toBeGreaterThan(400)
      for (const redirectUri of corpus.refused) {
        const url = await ask({ redirect_uri: redirectUri }, wide)
        expect([redirectUri, url.origin, url.pathname]).toEqual([
          redirectUri,
          ISSUER,
          '/oauth-error',
        ])
      }
      for (const redirectUri of corpus.accepted) {
        const url = await ask({ redirect_uri: redirectUri }, wide)
        expect([redirectUri, url.searchParams.has('code')]).toEqual([redirectUri, true])
      }
    },
  )

  it('the same person in another browser has to sign in', async () => {
    const other = new Browser(world)
    expect((await authorize(other, authorizationRequest(client))).pathname).toBe('/sign-in')
    const again = await signIn(world, person)
    expect(
      answerOf(await authorize(again.browser, authorizationRequest(client))).code,
    ).toBeDefined()
  })
})
