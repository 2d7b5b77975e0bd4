import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSignIn } from '@countersign/client'
import { createSealer } from '../src/sign-in/seal.ts'
import { Browser } from './support/browser.ts'
import { openScripted } from './support/server.ts'
import type { SignInOptions } from '@countersign/client'
import type { Answer } from './support/server.ts'

const origin = 'https://app.example'
const secret = 'q7Jd0vYx2mLr9TzKb4WnHc8FgEs1UaPi'
const other = 'Zx8Kd3QpW6Rt1VnM5LbYg9CjHf2SeTuA'

let provider: Awaited<ReturnType<typeof openScripted>>
let tokenAnswer: Answer
let userAnswer: Answer

beforeAll(async () => {
  provider = await openScripted({
    '/oauth/token': () => tokenAnswer,
    '/userinfo': () => userAnswer,
  })
})
afterAll(async () => provider.close())
beforeEach(() => {
  tokenAnswer = { body: { access_token: 'access-token-of-ann', token_type: 'bearer' } }
  userAnswer = { body: { sub: 'u1', email: 'ann@example.com', name: 'Ann' } }
})

/** An application in front of a plain OAuth provider that has no metadata and no ID tokens. */
function openApp(options: SignInOptions = {}) {
  const errors: unknown[] = []
  const config = {
    issuer: provider.origin,
    clientId: 'c',
    clientSecret: 'client-secret',
    discovery: false,
  }
  const signIn = createSignIn({
    config,
    secrets: secret,
    onError: (error) => errors.push(error),
    ...options,
  })
  const browser = new Browser().site(origin, signIn.handler)
  return { signIn, browser, errors, config }
}

/** Starts a sign-in and returns the state it was given. */
async function begin(browser: Browser, path = '/auth/login'): Promise<string> {
  const response = await browser.request(`${origin}${path}`)
  return new URL(response.headers.get('location') ?? '').searchParams.get('state') ?? ''
}

async function enter(browser: Browser, path?: string): Promise<Response> {
  const state = await begin(browser, path)
  return browser.request(`${origin}/auth/callback?code=abc&state=${state}`)
}

const setCookies = (response: Response): string[] => response.headers.getSetCookie()
const expired = (name: string): RegExp =>
  new RegExp(`^${name}(\\.[\\w-]{43})?=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$`)

describe('login', () => {
  it('O8 O9 remembers the state of the address in a cookie of its own', async () => {
    const { browser } = openApp()
    const response = await browser.request(`${origin}/auth/login`)
    const state = new URL(response.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const [cookie = ''] = setCookies(response)
    expect(setCookies(response)).toHaveLength(1)
    expect(cookie).toMatch(
      /^countersign_oauth_state\.[\w-]{43}=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    )
    expect(cookie.slice('countersign_oauth_state.'.length, cookie.indexOf('='))).toBe(state)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('O9 O13 sets Secure exactly where the application is on https', async () => {
    const { signIn } = openApp()
    const response = await signIn.handler(new Request('http://localhost:3000/auth/login'))
    expect(setCookies(response)[0]).not.toContain('Secure')
    const behindProxy = openApp({ baseURL: origin })
    const proxied = await behindProxy.signIn.handler(new Request('http://internal:3000/auth/login'))
    expect(setCookies(proxied)[0]).toContain('Secure')
  })

  it.each<[string, SignInOptions, Record<string, string>, string]>([
    ['the origin of the request', {}, {}, 'http://internal:3000'],
    [
      'the request although somebody claims a proxy',
      {},
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      'http://internal:3000',
    ],
    ['the configured origin', { baseURL: origin }, { 'x-forwarded-host': 'evil.example' }, origin],
    [
      'a trusted proxy',
      { trustProxy: true },
      { 'x-forwarded-host': 'app.example', 'x-forwarded-proto': 'https' },
      origin,
    ],
    [
      'what the nearest proxy added',
      { trustProxy: true },
      { 'x-forwarded-host': 'evil.example, app.example', 'x-forwarded-proto': 'http, https' },
      origin,
    ],
    [
      'the request where the proxy sends nonsense',
      { trustProxy: true },
      { 'x-forwarded-host': 'a@evil.example/x' },
      'http://internal:3000',
    ],
  ])('O7 takes the redirect address from %s', async (_title, options, headers, expected) => {
    const { signIn } = openApp(options)
    const response = await signIn.handler(
      new Request('http://internal:3000/auth/login', { headers }),
    )
    const url = new URL(response.headers.get('location') ?? '')
    expect(url.searchParams.get('redirect_uri')).toBe(`${expected}/auth/callback`)
  })

  it('keeps the number of attempts small, and drops the oldest', async () => {
    const { browser } = openApp()
    const states: string[] = []
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] })
    for (let tab = 0; tab < 11; tab += 1) {
      states.push(await begin(browser))
      vi.setSystemTime(Date.now() + 1000)
    }
    vi.useRealTimers()
    const kept = [...browser.cookies.keys()].map((name) => name.split('.')[1])
    expect(kept).toEqual(states.slice(3))
  })
})

describe('callback', () => {
  it('O10 O13 O14 begins a session of 24 hours, and forgets the attempt', async () => {
    const { browser } = openApp()
    const response = await enter(browser)
    expect([response.status, response.headers.get('location')]).toEqual([302, '/'])
    const [attempt, session] = setCookies(response)
    expect(attempt).toMatch(expired('countersign_oauth_state'))
    expect(session).toMatch(
      /^app_session=[\w.-]+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/,
    )
    expect(browser.cookies.size).toBe(1)
  })

  it.each([
    ['missing code', (state: string) => `state=${state}`],
    ['empty code', (state: string) => `code=&state=${state}`],
    ['missing state', () => 'code=abc'],
    ['a state that does not match', () => `code=abc&state=${'A'.repeat(43)}`],
    ['a state that is no state', () => 'code=abc&state=x;%20Path=/;%20a=b'],
    ['two codes', (state: string) => `code=a&code=b&state=${state}`],
    ['two states', (state: string) => `code=a&state=${state}&state=${state}`],
    ['an implicit answer', (state: string) => `code=a&state=${state}&id_token=x`],
  ])('O10 O11 refuses %s with 400', async (_title, query) => {
    const { browser } = openApp()
    const state = await begin(browser)
    const response = await browser.request(`${origin}/auth/callback?${query(state)}`)
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'Invalid OAuth callback' },
    ])
    expect(setCookies(response)).toHaveLength(1)
    expect(setCookies(response)[0]).toMatch(expired('countersign_oauth_state'))
    expect(provider.received.filter(({ body }) => body.includes(state))).toEqual([])
  })

  it('O11 refuses a browser without the cookie, and an attempt that took too long', async () => {
    const { browser } = openApp()
    const state = await begin(browser)
    const url = `${origin}/auth/callback?code=abc&state=${state}`
    expect((await new Browser().site(origin, openApp().signIn.handler).request(url)).status).toBe(
      400,
    )
    vi.useFakeTimers({ now: Date.now() + 601_000, toFake: ['Date'] })
    expect((await browser.request(url)).status).toBe(400)
    vi.useRealTimers()
  })

  it.each<[string, () => void]>([
    ['the exchange', () => (tokenAnswer = { status: 400, body: { error: 'invalid_grant' } })],
    ['the provider', () => (tokenAnswer = { status: 500, body: 'stack trace' })],
    ['user info', () => (userAnswer = { status: 401, body: '' })],
  ])(
    'O10 O15 answers 500 and no detail when %s fails, and logs the cause',
    async (_title, breakIt) => {
      breakIt()
      const { browser, errors } = openApp()
      const response = await enter(browser)
      expect([response.status, await response.json()]).toEqual([
        500,
        { error: 'OAuth sign-in failed' },
      ])
      expect(setCookies(response)).toEqual([
        expect.stringMatching(expired('countersign_oauth_state')),
      ])
      expect(errors).toMatchObject([{ name: 'OAuthError' }])
      expect(JSON.stringify(errors)).not.toMatch(/client-secret|access-token/)
    },
  )

  it('GHSA-x445-f3h2-j279 vulnerability 26: shows no code of one provider to another', async () => {
    const { browser, config } = openApp()
    const state = await begin(browser)
    // Neither provider names itself in its answers: only the attempt tells them apart.
    const strangers = [
      { ...config, issuer: `${provider.origin}/other`, tokenUrl: `${provider.origin}/oauth/token` },
      { ...config, clientId: 'another client' },
    ]
    provider.received.length = 0
    for (const stranger of strangers) {
      const mixed = new Browser().site(origin, openApp({ config: stranger }).signIn.handler)
      for (const [name, value] of browser.cookies) mixed.cookies.set(name, value)
      const response = await mixed.request(`${origin}/auth/callback?code=abc&state=${state}`)
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: 'Invalid OAuth callback' },
      ])
    }
    expect(provider.received).toEqual([])
  })

  it('O12 makes nothing up where the provider tells no name and no address', async () => {
    userAnswer = { body: { sub: 'u1', email: '', name: 7 } }
    const { browser } = openApp()
    await enter(browser)
    const response = await browser.request(`${origin}/auth/me`)
    expect(await response.json()).toEqual({
      authenticated: true,
      user: { id: 'u1', email: null, name: null },
    })
  })

  it('writes the cause to standard error where nobody asked for it', async () => {
    const written = vi.spyOn(console, 'error').mockReturnValue()
    tokenAnswer = { status: 500 }
    const config = { issuer: provider.origin, clientId: 'c', clientSecret: 's', discovery: false }
    await enter(new Browser().site(origin, createSignIn({ config, secrets: secret }).handler))
    expect(written).toHaveBeenCalledOnce()
    written.mockRestore()
  })
})

describe('me', () => {
  it('O16 answers 200 and nobody without a cookie', async () => {
    const { browser } = openApp()
    const response = await browser.request(`${origin}/auth/me`)
    expect([response.status, await response.json()]).toEqual([200, { authenticated: false }])
    expect(setCookies(response)).toEqual([])
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('O17 answers 401 to a cookie that is no session, and removes it', async () => {
    const { browser } = openApp()
    browser.cookies.set('app_session', 'eyJpZCI6InUxIn0')
    const response = await browser.request(`${origin}/auth/me`)
    expect([response.status, await response.json()]).toEqual([401, { authenticated: false }])
    expect(setCookies(response)).toEqual([expect.stringMatching(expired('app_session'))])
  })

  it('O18 tells who is signed in, until the session is over', async () => {
    const { browser, signIn } = openApp()
    await enter(browser)
    const response = await browser.request(`${origin}/auth/me`)
    const user = { id: 'u1', email: 'ann@example.com', name: 'Ann' }
    expect([response.status, await response.json()]).toEqual([200, { authenticated: true, user }])
    const headers = { cookie: browser.cookieHeader() }
    const session = await signIn.getSession(new Request(origin, { headers }))
    expect(session).toMatchObject({ user, issuer: provider.origin })
    expect(await signIn.getSession(new Request(origin))).toBeNull()

    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ['Date'] })
    expect((await browser.request(`${origin}/auth/me`)).status).toBe(401)
    vi.useRealTimers()
  })

  it('O13 vulnerability 44: accepts no prefix of a session cookie, and none with a changed character', async () => {
    const { browser, signIn } = openApp()
    await enter(browser)
    const cookie = browser.cookies.get('app_session') ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const broken = cookie.split('').flatMap((character, index) => {
      const neighbour = alphabet[alphabet.indexOf(character) ^ 1] ?? 'A'
      return [
        cookie.slice(0, index),
        `${cookie.slice(0, index)}${neighbour}${cookie.slice(index + 1)}`,
      ]
    })
    for (const value of [...broken, `${cookie}A`, `${cookie}=`, `"${cookie}"`]) {
      const headers = { cookie: `app_session=${value}` }
      expect(await signIn.getSession(new Request(origin, { headers }))).toBeNull()
    }
  })

  it.each([
    ['no user', { issuer: 'i', expiresAt: 9e15 }],
    ['a user without an id', { user: { email: null, name: null }, issuer: 'i', expiresAt: 9e15 }],
    [
      'an id that is no text',
      { user: { id: 1, email: null, name: null }, issuer: 'i', expiresAt: 9e15 },
    ],
    ['an empty id', { user: { id: '', email: null, name: null }, issuer: 'i', expiresAt: 9e15 }],
    [
      'an address that is no text',
      { user: { id: 'a', email: {}, name: null }, issuer: 'i', expiresAt: 9e15 },
    ],
    ['a name that is missing', { user: { id: 'a', email: null }, issuer: 'i', expiresAt: 9e15 }],
    ['no end', { user: { id: 'a', email: null, name: null }, issuer: 'i' }],
    [
      'an end that is no number',
      { user: { id: 'a', email: null, name: null }, issuer: 'i', expiresAt: '9e15' },
    ],
    ['text', 'admin'],
    ['nothing', null],
  ])('O19 refuses a session with %s, although it is sealed well', async (_title, session) => {
    const { browser } = openApp()
    const sealed = await createSealer([secret], 'session').seal(session, 'app_session')
    browser.cookies.set('app_session', sealed)
    expect((await browser.request(`${origin}/auth/me`)).status).toBe(401)
  })

  it('opens a session only where it belongs: no attempt, no other cookie, no other secret', async () => {
    const { browser } = openApp()
    const user = { id: 'a', email: null, name: null }
    const session = { user, issuer: 'i', expiresAt: 9e15 }
    const foreign = [
      await createSealer([secret], 'sign-in attempt').seal(session, 'app_session'),
      await createSealer([secret], 'session').seal(session, 'other_session'),
      await createSealer([other], 'session').seal(session, 'app_session'),
    ]
    for (const value of foreign) {
      browser.cookies.set('app_session', value)
      expect((await browser.request(`${origin}/auth/me`)).status).toBe(401)
    }
  })

  it('keeps everybody signed in while the secret is rotated', async () => {
    const { browser, config } = openApp()
    await enter(browser)
    const status = async (secrets: string[]) => {
      browser.site(origin, createSignIn({ config, secrets }).handler)
      return (await browser.request(`${origin}/auth/me`)).status
    }
    expect(await status([other, secret])).toBe(200)
    expect(await status([other])).toBe(401)
  })
})

describe('logout', () => {
  it('O20 ends the session and returns to /', async () => {
    const { browser } = openApp()
    await enter(browser)
    const response = await browser.request(`${origin}/auth/logout`, {
      method: 'POST',
      headers: { origin },
    })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/'])
    expect(setCookies(response)).toEqual([expect.stringMatching(expired('app_session'))])
    expect((await browser.request(`${origin}/auth/me`)).status).toBe(200)
  })

  it.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'https://app.example.evil.example' },
    { origin: 'http://app.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('refuses a page of somebody else: %o', async (headers) => {
    const { browser } = openApp()
    await enter(browser)
    const response = await browser.request(`${origin}/auth/logout`, { method: 'POST', headers })
    expect(response.status).toBe(403)
    expect(browser.cookies.has('app_session')).toBe(true)
  })

  it.each<Record<string, string>>([
    { origin },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
  ])('accepts a page of its own: %o', async (headers) => {
    const { browser } = openApp()
    await enter(browser)
    await browser.request(`${origin}/auth/logout`, { method: 'POST', headers })
    expect(browser.cookies.has('app_session')).toBe(false)
  })

  it('signs out of the browser although revoking fails', async () => {
    const { browser, errors } = openApp({
      tokenStorage: {
        set: async () => undefined,
        invalidate: async () => {
          throw new Error('vault away')
        },
      },
    })
    await enter(browser)
    const response = await browser.request(`${origin}/auth/logout`, { method: 'POST' })
    expect(response.headers.get('location')).toBe('/')
    expect(browser.cookies.has('app_session')).toBe(false)
    expect(errors).toMatchObject([{ message: 'vault away' }])
  })
})

describe('where a sign-in may lead', () => {
  it.each(['/', '/docs', '/a/b?c=d&e=f#g', '/a?next=https://elsewhere.example/', '/%2f%2fx', '/ä'])(
    'returns to %s',
    async (path) => {
      const { browser } = openApp()
      const response = await enter(browser, `/auth/login?returnTo=${encodeURIComponent(path)}`)
      const location = response.headers.get('location') ?? ''
      expect(new URL(location, origin).href).toBe(new URL(path, origin).href)
    },
  )

  it.each([
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/x/..//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'myapp://callback.attacker.tld',
    'https:evil.example',
    'https://app.example@evil.example',
    'https://app.example.evil.example',
    'evil.example',
    '@evil.example',
    '/／evil.example',
    '/＼evil.example',
    '／/evil.example',
    '/\u0000',
    '/\u2028',
    '/a\r\nset-cookie: x=y',
    '',
  ])(
    'vulnerability 22 CVE-2024-56734 GHSA-7rqj-j65f-68wh: goes to / instead of %j',
    async (target) => {
      const { browser } = openApp()
      const response = await enter(browser, `/auth/login?returnTo=${encodeURIComponent(target)}`)
      expect([response.status, response.headers.get('location')]).toEqual([302, '/'])
    },
  )
})

it('goes to / instead of a path that no header should hold', async () => {
  const { browser } = openApp()
  const response = await enter(browser, `/auth/login?returnTo=/${'a'.repeat(2000)}`)
  expect(response.headers.get('location')).toBe('/')
})

describe('vulnerability 27 GHSA-8fpg-xm3f-6cx3: a broken configuration', () => {
  it.each<[string, SignInOptions]>([
    ['a short secret', { secrets: 'short' }],
    ['a secret of one letter', { secrets: 'a'.repeat(64) }],
    ['no secret in a list', { secrets: [] }],
    ['one weak secret in a list', { secrets: [secret, 'changeme'] }],
    ['a base address with a path', { baseURL: 'https://app.example/app' }],
    ['a base address that is none', { baseURL: 'app.example' }],
    ['a base address of another kind', { baseURL: 'ftp://app.example' }],
    ['a base path with a final slash', { basePath: '/auth/' }],
    ['a cookie name with a separator', { cookieName: 'a;b' }],
    ['a session that never lasts', { sessionTtl: 0 }],
    ['another site after signing in', { afterSignIn: 'https://evil.example' }],
    ['another site after signing out', { afterSignOut: '//evil.example' }],
    ['another site after an error', { errorPath: '/\\evil.example' }],
  ])('with %s does not start', (_title, options) => {
    expect(() => createSignIn({ secrets: secret, ...options })).toThrow(/secret|createSignIn/)
  })

  it('in the environment lets nobody in, and tells only the operator why', async () => {
    const names = [
      'COUNTERSIGN_SECRET',
      'BETTER_AUTH_SECRET',
      'OAUTH_ISSUER',
      'OAUTH_CLIENT_ID',
      'OAUTH_CLIENT_SECRET',
    ]
    for (const name of names) vi.stubEnv(name, undefined)
    const errors: unknown[] = []
    const signIn = createSignIn({ onError: (error) => errors.push(error) })
    const headers = { cookie: 'app_session=x; countersign_oauth_state.a=b' }
    const ask = async (path: string) => signIn.handler(new Request(`${origin}${path}`, { headers }))
    const login = await ask('/auth/login')
    expect([login.status, await login.json()]).toEqual([500, { error: 'OAuth sign-in failed' }])
    const me = await ask('/auth/me')
    expect(me.status).toBe(503)
    const callback = await ask('/auth/callback?state=a&code=b')
    expect(callback.status).toBe(500)
    await expect(signIn.getSession(new Request(origin, { headers }))).rejects.toThrow(
      'COUNTERSIGN_SECRET is required',
    )
    expect(errors.map((error) => (error as Error).message)).toEqual([
      'OAUTH_ISSUER is required',
      'COUNTERSIGN_SECRET is required',
      'COUNTERSIGN_SECRET is required',
    ])
    vi.unstubAllEnvs()
  })

  it('of the secret in the environment is refused like one in the code', async () => {
    const { config } = openApp()
    const errors: unknown[] = []
    for (const weak of ['secret', 'changeme'.repeat(8), '0'.repeat(64)]) {
      vi.stubEnv('COUNTERSIGN_SECRET', weak)
      const signIn = createSignIn({ config, onError: (error) => errors.push(error) })
      const response = await signIn.handler(new Request(`${origin}/auth/login`))
      expect(response.status).toBe(500)
    }
    expect(errors).toMatchObject([1, 2, 3].map(() => ({ code: 'invalid_configuration' })))
    vi.unstubAllEnvs()
  })
})

describe('handler', () => {
  it.each([
    ['GET', '/auth/logout', 405],
    ['POST', '/auth/login', 405],
    ['POST', '/auth/callback', 405],
    ['DELETE', '/auth/me', 405],
    ['GET', '/auth', 404],
    ['GET', '/auth/', 404],
    ['GET', '/auth//me', 404],
    ['GET', '//auth/me', 404],
    ['GET', '/auth/me/', 404],
    ['GET', '/AUTH/ME', 404],
    ['GET', '/other/me', 404],
    ['GET', '/auth/constructor', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { signIn } = openApp()
    const response = await signIn.handler(new Request(`${origin}${path}`, { method }))
    expect(response.status).toBe(status)
  })

  it('mounts anywhere', async () => {
    const { signIn } = openApp({ basePath: '/api/sign-in' })
    const response = await signIn.handler(new Request(`${origin}/api/sign-in/login`))
    const url = new URL(response.headers.get('location') ?? '')
    expect(url.searchParams.get('redirect_uri')).toBe(`${origin}/api/sign-in/callback`)
  })
})
