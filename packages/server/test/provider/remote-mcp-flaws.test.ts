import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Browser as Follower } from '../support/browser.ts'
import { type ForeignProvider, startForeignProvider } from '../support/foreign-provider.ts'
import {
  authorizationRequest,
  authorize,
  Browser,
  codeFor,
  decide,
  hashed,
  ISSUER,
  openEmbedded,
  openMemory,
  type ProviderWorld,
  redeem,
  type RequestParameters,
  signUp,
  type TestClient,
  type TestUser,
} from './support/flow.ts'
import { register } from './support/register.ts'
import { isActive, redeemWith, travel } from './support/token.ts'

const MCP = `${ISSUER}/mcp`
const EVIL = 'https://evil.example/steal'
const LOOPBACK = 'http://localhost:5000/callback'

/**
 * The nine types of flaws that a scan of remote MCP servers found, each tried against ourselves:
 * with a client that registered itself, and a person who signs in at somebody else's provider.
 */
describe('vulnerability 40 (arXiv 2605.22333): flaws of remote MCP servers', () => {
  let world: ProviderWorld
  let upstream: ForeignProvider
  let client: TestClient
  let person: TestUser
  beforeAll(async () => {
    upstream = await startForeignProvider({ id: 'acme' })
    world = await openEmbedded({
      dynamicRegistration: true,
      resources: [{ identifier: MCP, scopes: ['mcp:read'] }],
      scopes: { 'mcp:read': { title: 'Read', default: true } },
      auth: { socialProviders: { acme: { issuer: upstream.issuer, ...upstream.client } } },
    })
    client = await registered({ redirect_uris: [LOOPBACK] })
    person = await signUp(world)
  })
  afterAll(async () => {
    await world.close()
    await upstream.close()
  })

  afterEach(() => void vi.useRealTimers())

  async function registered(app: { redirect_uris: readonly string[]; client_name?: string }) {
    const asked = { token_endpoint_auth_method: 'none', client_name: 'Notes', ...app }
    const { status, body } = await register(world, asked)
    expect([app, status]).toEqual([app, 201])
    const [redirectUri = ''] = app.redirect_uris
    return { clientId: String(body.client_id), secret: null, redirectUri }
  }

  const ask = (more: RequestParameters = {}, by = client, browser = person.browser) =>
    authorize(browser, authorizationRequest(by, { scope: 'mcp:read', resource: MCP, ...more }))
  const codeOf = (by = client) => codeFor(person, by, { scope: 'mcp:read', resource: MCP })

  it('F1 malicious registration: no hostile address, and no self-made client without a question', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'http://evil.example/steal',
      'https://*.example/cb',
      'https://claude.ai@evil.example/cb',
      `${EVIL}#fragment`,
      '//evil.example/cb',
    ]) {
      const { status, body } = await register(world, {
        token_endpoint_auth_method: 'none',
        redirect_uris: [uri],
      })
      expect([uri, status, body.error]).toEqual([uri, 400, 'invalid_redirect_uri'])
    }
    const hostile = await registered({ client_name: 'Claude', redirect_uris: [EVIL] })
    const page = await ask({}, hostile)
    expect(page.pathname).toBe('/consent')
    const shown = await person.browser.open(`/api/auth/oidc/interaction${page.search}`)
    expect(await shown.json()).toMatchObject({
      client: { registration: 'dynamic', verified: { host: 'evil.example' } },
    })
    const closed = await openMemory()
    expect((await register(closed, { redirect_uris: [LOOPBACK] })).status).toBeGreaterThan(399)
    await closed.close()
  })

  it('F2 blind client trust: who is not registered gets nothing anywhere', async () => {
    for (const clientId of ['evil_client_id', `${client.clientId}x`, ISSUER]) {
      const nobody = { ...client, clientId }
      const page = await ask({}, nobody)
      expect([clientId, page.origin, page.pathname]).toEqual([clientId, ISSUER, '/oauth-error'])
      const answer = await redeem(world, nobody, await codeOf())
      expect([clientId, answer.status, answer.body['error']]).toEqual([
        clientId,
        401,
        'invalid_client',
      ])
    }
    const other = await registered({ client_name: 'Other', redirect_uris: [LOOPBACK] })
    const stolen = await redeem(world, other, await codeOf())
    expect([stolen.status, stolen.body['error']]).toEqual([400, 'invalid_grant'])
  })

  it('F3 layer inconsistency: PKCE at our endpoint, and where we send people ourselves', async () => {
    expect((await ask({ code_challenge: null })).searchParams.get('error')).toBe('invalid_request')
    const url = new URL(await new Follower(world).start('acme', 'pat'))
    expect(url.origin).toBe(upstream.origin)
    expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    expect(url.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/)
  })

  it('F4 nested context: nothing that travels through others says where a code goes', async () => {
    // The page of the sign-in carries the request, signed as a whole.
    const signIn = await ask({}, client, new Browser(world))
    expect(signIn.pathname).toBe('/sign-in')
    const page = await ask()
    const query = new URLSearchParams(page.search)
    query.set('redirect_uri', EVIL)
    const look = await person.browser.open(`/api/auth/oidc/interaction?${query}`)
    expect(look.status).toBe(400)

    const follower = new Follower(world)
    upstream.people.set('pat', { email: 'pat@example.com', email_verified: true, name: 'Pat' })
    const url = new URL(await follower.start('acme', 'pat'))
    const state = url.searchParams.get('state') ?? ''
    expect(Buffer.from(state, 'base64url').toString('latin1')).not.toMatch(/http|welcome|callback/)
    const nested = Buffer.from(JSON.stringify({ redirect_uri: EVIL, state })).toString('base64url')
    for (const forged of [nested, `${state}${nested}`, `${state}.${EVIL}`]) {
      const end = await follower.follow(
        `/api/auth/callback/acme?${new URLSearchParams({ code: 'x', state: forged })}`,
      )
      expect([end.origin, end.searchParams.get('error')]).toEqual([ISSUER, 'state_mismatch'])
    }
    for (const field of ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL']) {
      const answer = await follower.post('/sign-in/social', { provider: 'acme', [field]: EVIL })
      expect([field, answer.status]).toEqual([field, 403])
    }
  })

  it('F5 PKCE downgrade: S256 always, and a verifier always', async () => {
    for (const more of [
      { code_challenge: null, code_challenge_method: null },
      { code_challenge: null },
      { code_challenge_method: 'plain' },
      { code_challenge_method: null },
      { code_challenge_method: 's256' },
      { code_challenge: '' },
    ]) {
      const url = await ask(more)
      expect([more, url.searchParams.get('error')]).toEqual([more, 'invalid_request'])
      expect(url.searchParams.has('code')).toBe(false)
    }
    const issued = await codeOf()
    for (const verifier of [null, '', hashed(issued.verifier), 'x'.repeat(43)]) {
      const answer = await redeemWith(world, client, issued, { code_verifier: verifier })
      expect([verifier, answer.status]).toEqual([verifier, 400])
    }
    expect((await redeem(world, client, issued)).status).toBe(200)
  })

  it('F6 consent bypass: no code without an answer of this person on our page', async () => {
    const newcomer = await signUp(world)
    const page = await ask({}, client, newcomer.browser)
    expect(page.pathname).toBe('/consent')
    const silent = await ask({ prompt: 'none' }, client, newcomer.browser)
    expect(silent.searchParams.get('error')).toBe('consent_required')
    const oauthQuery = page.search.slice(1)
    const answer = { oauth_query: oauthQuery, decision: 'allow' }
    const post = (path: string, body: object, headers = {}) =>
      newcomer.browser.post(path, body, headers)
    const shortcuts = [
      await post('/oidc/interaction', answer),
      await post('/oidc/interaction', { ...answer, ticket: 'x'.repeat(43) }),
      await post('/oidc/interaction', answer, { origin: 'https://evil.example' }),
      await post('/oidc/interaction/continue', { ...answer, postLogin: true }),
      await post('/oauth2/consent', { accept: true, oauth_query: oauthQuery }),
      await newcomer.browser.open(`/api/auth/oidc/interaction${page.search}&decision=allow`),
    ]
    for (const response of shortcuts) {
      expect(await response.text()).not.toMatch(/[?&]code=/)
    }
    // What another person allowed, and what this one allowed before, is no answer either.
    expect((await decide(person.browser, await ask())).searchParams.has('code')).toBe(true)
    expect((await decide(newcomer.browser, page)).searchParams.has('code')).toBe(true)
    expect((await ask({}, client, newcomer.browser)).pathname).toBe('/consent')
  })

  it('F7 open redirect: a code, and an error, go to a registered address or nowhere', async () => {
    for (const redirectUri of [
      EVIL,
      'http://localhost:5000/callback/../../steal',
      'http://localhost:5000/callback?next=https://evil.example',
      'http://localhost.evil.example:5000/callback',
      'http://localhost@evil.example/callback',
      'http://evil.example#http://localhost:5000/callback',
      'https://localhost:5000/callback',
      'http://localhost:5000\\@evil.example/callback',
      'http://127.0.0.1:5000/callback',
    ]) {
      for (const more of [{}, { prompt: 'none' }, { response_type: 'token' }, { scope: '?' }]) {
        const url = await ask({ redirect_uri: redirectUri, ...more })
        const where = [redirectUri, url.origin, url.pathname]
        expect(where).toEqual([redirectUri, ISSUER, '/oauth-error'])
      }
    }
    const away = new URL('/api/auth/oauth2/end-session', ISSUER)
    away.searchParams.set('post_logout_redirect_uri', EVIL)
    const left = await person.browser.open(away.href)
    expect(left.headers.get('location') ?? '').not.toContain('evil.example')
  })

  it('F8 weak state: ours cannot be guessed, and counts in one browser; theirs comes back as sent', async () => {
    const states = new Set<string>()
    for (let time = 0; time < 20; time += 1) {
      const url = new URL(await new Follower(world).start('acme', 'pat'))
      states.add(url.searchParams.get('state') ?? '')
    }
    expect(states.size).toBe(20)
    for (const state of states) expect(state).toMatch(/^[\w-]{32,}$/)

    upstream.people.set('pat', { email: 'pat@example.com', email_verified: true, name: 'Pat' })
    const attacker = new Follower(world)
    const victim = new Follower(world)
    const callback = await attacker.callbackOf('acme', 'pat')
    expect((await victim.follow(callback)).searchParams.get('error')).toBe('state_mismatch')
    expect(await victim.me()).toBeNull()

    const state = 'a b+c%2F"<é>&code=forged'
    const url = await decide(person.browser, await ask({ state }))
    expect(url.searchParams.get('state')).toBe(state)
    expect(url.searchParams.get('iss')).toBe(ISSUER)
    expect(url.searchParams.getAll('code')).toHaveLength(1)
  })

  it('F9 code replay: a code is good once, and its second use ends what it opened', async () => {
    const confidential = await register(world, { client_name: 'Web', redirect_uris: [EVIL] })
    const caller = {
      clientId: String(confidential.body.client_id),
      secret: String(confidential.body.client_secret),
      redirectUri: EVIL,
    }
    const issued = await codeOf()
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => redeem(world, client, issued)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const second = await codeOf(caller)
    const { body } = await redeem(world, caller, second)
    expect(await isActive(world, caller, body['access_token'])).toBe(true)
    // The same request sent twice at once is refused, and nothing more.
    travel(3)
    const replay = await redeem(world, caller, second)
    expect([replay.status, replay.body['error']]).toEqual([400, 'invalid_grant'])
    expect(await isActive(world, caller, body['access_token'])).toBe(false)
  })
})
