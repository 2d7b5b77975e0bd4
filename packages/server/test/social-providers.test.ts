import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { ConfigurationError, createAuth } from '../src/index.ts'
import { resolveProviders, type SocialProviders } from '../src/social/options.ts'
import { baseURL, post } from './support/auth.ts'
import { Browser } from './support/browser.ts'
import {
  documentOf,
  startCrookedProvider,
  type CrookedProvider,
} from './support/crooked-provider.ts'
import { startForeignProvider, type ForeignProvider } from './support/foreign-provider.ts'
import { mailOptions } from './support/mail.ts'

const client = { clientId: 'countersign', clientSecret: 'a-secret-of-at-least-32-characters' }
let database: string
const closing: (() => Promise<void>)[] = []
beforeAll(async () => {
  database = await freshDatabase()
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  for (const close of closing) await close()
})

async function open(socialProviders: SocialProviders) {
  const log: string[] = []
  const auth = createAuth({
    ...mailOptions,
    connectionString: database,
    socialProviders,
    logger: {
      log: (level, message, ...details) => log.push(`${level} ${message} ${details.join(' ')}`),
    },
  })
  await auth.$ready
  closing.push(() => auth.$close())
  return { auth, log }
}

/** A signature of 256 bytes ends with a character of which four bits mean nothing. */
function strayBits(jwt: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return jwt.slice(0, -1) + alphabet[alphabet.indexOf(jwt.slice(-1)) + 1]
}

/** Sends what goes to a name elsewhere to a server on this machine, as a proxy in front of it would. */
function route(hosts: Readonly<Record<string, string>>): void {
  const { fetch } = globalThis
  vi.stubGlobal('fetch', (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const origin = hosts[url.host]
    if (!origin) return fetch(input, init)
    const headers = new Headers(request.headers)
    headers.set('x-forwarded-proto', 'https')
    headers.set('x-forwarded-host', url.host)
    const target = new URL(url.pathname + url.search, origin)
    return fetch(new Request(target, new Request(request, { headers })))
  })
}

describe('S30 providers by name', () => {
  let foreign: ForeignProvider
  const start = async (id: string, issuer: string) => {
    foreign = await startForeignProvider({ id, issuer })
    closing.push(() => foreign.close())
    foreign.people.set('pat', { email: `pat@${id}.example`, email_verified: true, name: 'Pat' })
    route({ [new URL(issuer).host]: foreign.origin })
  }

  it('S30 Google', async () => {
    await start('google', 'https://accounts.google.com')
    const { auth } = await open({ google: client })
    const browser = new Browser(auth)
    expect(await browser.signIn('google', 'pat')).toBe('/welcome')
    expect(await browser.me()).toMatchObject({ email: 'pat@google.example', emailVerified: true })
  })

  it.each([
    ['okta', 'https://dev-1.okta.example'],
    ['auth0', 'https://tenant.auth0.example/'],
    ['keycloak', 'https://keycloak.example/realms/main'],
  ])('S30 %s, an issuer as it names itself or without its slash', async (id, issuer) => {
    await start(id, issuer)
    const people = []
    for (const configured of [issuer, issuer.replace(/\/$/, '')]) {
      const { auth } = await open({ [id]: { ...client, issuer: configured } })
      const browser = new Browser(auth)
      expect(await browser.signIn(id, 'pat')).toBe('/welcome')
      people.push((await browser.me())?.id)
    }
    expect(new Set(people).size).toBe(1)
  })

  it('S30 GitHub, whose addresses have a list of their own', async () => {
    const emails = [
      { email: 'old@github.example', primary: false, verified: true },
      { email: 'pat@github.example', primary: true, verified: true },
    ]
    const asked: string[] = []
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      asked.push(`${request.method} ${pathname}`)
      const answers: Record<string, unknown> = {
        '/login/oauth/access_token': { access_token: 'gho_x', token_type: 'bearer', scope: '' },
        '/user': {
          id: 42,
          login: 'pat',
          name: null,
          email: null,
          avatar_url: 'https://a.example/1',
        },
        '/user/emails': emails,
      }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answers[pathname]))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    route({ 'github.com': origin, 'api.github.com': origin })

    const { auth } = await open({ github: client })
    const browser = new Browser(auth)
    const callback = async () => {
      const url = new URL(await browser.start('github', 'pat'))
      expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
      expect(url.searchParams.get('code_challenge_method')).toBe('S256')
      const state = url.searchParams.get('state') ?? ''
      return browser.follow(`/api/auth/callback/github?code=x&state=${state}`)
    }
    expect((await callback()).pathname).toBe('/welcome')
    expect(await browser.me()).toMatchObject({ email: 'pat@github.example', name: 'pat' })
    expect(asked).toEqual(['POST /login/oauth/access_token', 'GET /user', 'GET /user/emails'])
    // The number stays; the address may belong to somebody else tomorrow.
    emails.splice(0, 2, { email: 'x@github.example', primary: true, verified: false })
    expect((await callback()).pathname).toBe('/welcome')
  })
})

describe('GHSA-8fpg-xm3f-6cx3 (vulnerability 27) a broken configuration', () => {
  it.each<[string, SocialProviders, string]>([
    ['no client id', { google: { ...client, clientId: ' ' } }, 'google` needs a `clientId`'],
    ['no secret', { github: { clientId: 'x' } }, 'github` needs a `clientSecret`'],
    [
      'an empty secret',
      { acme: { clientId: 'x', clientSecret: '', issuer: 'https://a.example' } },
      'acme` needs a `clientSecret`',
    ],
    ['no issuer', { acme: client }, 'acme` needs the `issuer`'],
    [
      'an issuer over http',
      { acme: { ...client, issuer: 'http://a.example' } },
      'needs the `issuer`',
    ],
    [
      'an issuer with a query',
      { acme: { ...client, issuer: 'https://a.example?x' } },
      'needs the `issuer`',
    ],
    [
      'an issuer with a user',
      { acme: { ...client, issuer: 'https://u@a.example' } },
      'needs the `issuer`',
    ],
    [
      'another issuer for Google',
      { google: { ...client, issuer: 'https://evil.example' } },
      'leave `issuer` out',
    ],
    [
      'a name that is a path',
      { 'a/b': { ...client, issuer: 'https://a.example' } },
      'must have an id',
    ],
    [
      'our own name for passwords',
      { credential: { ...client, issuer: 'https://a.example' } },
      'must have an id',
    ],
  ])('is refused at start: %s', (_title, providers, sentence) => {
    expect(() => createAuth({ ...mailOptions, socialProviders: providers })).toThrow(sentence)
    expect(() => resolveProviders(providers)).toThrow(ConfigurationError)
  })

  let crooked: CrookedProvider
  let world: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    crooked = await startCrookedProvider()
    closing.push(() => crooked.close())
  })
  const fresh = async () => {
    world = await open({ crooked: { ...client, issuer: crooked.issuer } })
  }
  const begin = () => post(world.auth, '/sign-in/social', { provider: 'crooked', callbackURL: '/' })

  it('denies while the provider is away, and works again without a restart', async () => {
    crooked.document = null
    await fresh()
    const answer = await begin()
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.json()).toMatchObject({ error: 'unavailable' })
    expect(world.log.join('\n')).toContain('Sign-in with crooked is not available')
    crooked.document = documentOf(crooked.issuer)
    expect((await begin()).status).toBe(200)
  })

  it.each([
    ['speaks for another issuer', { issuer: 'https://accounts.google.com' }],
    ['names no issuer', { issuer: undefined }],
    ['sends people elsewhere', { authorization_endpoint: 'javascript:alert(1)' }],
    ['takes codes without encryption', { token_endpoint: 'http://evil.example/token' }],
    ['has no keys', { jwks_uri: undefined }],
  ])('denies when the discovery document %s', async (_title, change) => {
    crooked.document = { ...documentOf(crooked.issuer), ...change }
    await fresh()
    expect((await begin()).status).toBe(503)
  })

  describe('ID tokens', () => {
    beforeAll(async () => {
      crooked.document = documentOf(crooked.issuer)
      await fresh()
    })

    interface Signed {
      readonly claims: JWTPayload
      readonly sign: (claims: JWTPayload) => Promise<string>
    }

    /** Runs a flow in which the provider answers with an ID token of our making. */
    async function answerWith(make: (signed: Signed) => Promise<string | undefined>) {
      const browser = new Browser(world.auth)
      const url = new URL(await browser.start('crooked', 'pat'))
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: crooked.issuer,
        aud: client.clientId,
        sub: 'pat',
        iat: now,
        exp: now + 300,
        nonce: url.searchParams.get('nonce'),
        email: 'pat@crooked.example',
        email_verified: true,
      }
      const idToken = await make({ claims, sign: crooked.sign })
      crooked.tokens = { access_token: 'a', token_type: 'Bearer', id_token: idToken }
      const state = url.searchParams.get('state') ?? ''
      const end = await browser.follow(`/api/auth/callback/crooked?code=x&state=${state}`)
      return { place: end.pathname + end.search, me: await browser.me() }
    }

    it('let somebody in when they are right', async () => {
      const { place, me } = await answerWith(({ claims, sign }) => sign(claims))
      expect([place, me?.email]).toEqual(['/welcome', 'pat@crooked.example'])
    })

    const changed = (change: JWTPayload) => (signed: Signed) =>
      signed.sign({ ...signed.claims, ...change })
    it.each<[string, (signed: Signed) => Promise<string | undefined>]>([
      ['is missing', async () => undefined],
      ['is no JWT', async () => 'a.b.c'],
      ['is for another client', changed({ aud: 'another' })],
      ['is for several, and not for us', changed({ aud: [client.clientId, 'another'] })],
      ['is another issuer’s', changed({ iss: 'https://accounts.google.com' })],
      ['is over', changed({ exp: Math.floor(Date.now() / 1000) - 3600 })],
      ['never ends', changed({ exp: undefined })],
      ['is about nobody', changed({ sub: undefined })],
      ['is for another sign-in', changed({ nonce: 'another' })],
      ['is for no sign-in', changed({ nonce: undefined })],
      ['is not signed', async ({ claims }) => new UnsecuredJWT(claims).encode()],
      [
        'is signed with the client secret',
        ({ claims }) =>
          new SignJWT(claims)
            .setProtectedHeader({ alg: 'HS256' })
            .sign(new TextEncoder().encode(client.clientSecret)),
      ],
      [
        'is signed with another key',
        async ({ claims }) => {
          const { privateKey } = await generateKeyPair('RS256')
          return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey)
        },
      ],
      [
        'brings its own key',
        async ({ claims }) => {
          const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
          const jwk = await exportJWK(publicKey)
          return new SignJWT(claims)
            .setProtectedHeader({ alg: 'RS256', kid: 'mine', jwk })
            .sign(privateKey)
        },
      ],
      // The same bytes to a lenient decoder, and another text than was signed.
      ['is padded', async ({ claims, sign }) => `${await sign(claims)}=`],
      ['ends with a line break', async ({ claims, sign }) => `${await sign(claims)}\n`],
      ['has stray last bits', async ({ claims, sign }) => strayBits(await sign(claims))],
    ])('let nobody in when it %s', async (_title, make) => {
      const { place, me } = await answerWith(make)
      expect([place, me]).toEqual(['/failed?error=unable_to_get_user_info', null])
    })

    it('let nobody in with the user info of somebody else', async () => {
      crooked.userInfo = { sub: 'victim', email: 'victim@crooked.example', email_verified: true }
      const { place, me } = await answerWith(({ claims, sign }) =>
        sign({ ...claims, sub: 'attacker', email: undefined }),
      )
      expect([place, me]).toEqual(['/failed?error=unable_to_get_user_info', null])
    })

    it('let nobody in when our secret is wrong', async () => {
      const browser = new Browser(world.auth)
      const url = new URL(await browser.start('crooked', 'pat'))
      crooked.tokens = null
      const state = url.searchParams.get('state') ?? ''
      const end = await browser.follow(`/api/auth/callback/crooked?code=x&state=${state}`)
      expect([end.search, await browser.me()]).toEqual(['?error=invalid_code', null])
      expect(`${baseURL}${world.log.join('\n')}`).not.toContain(client.clientSecret)
    })

    it('shows a name as text, and a picture only from https', async () => {
      const { place, me } = await answerWith(
        changed({
          sub: 'name',
          email: 'name@crooked.example',
          name: '<script>alert(1)</script>\u202EPat',
          picture: 'javascript:alert(1)',
        }),
      )
      expect([place, me]).toEqual([
        '/welcome',
        expect.objectContaining({ name: 'alert(1)Pat', image: null }),
      ])
    })
  })

  it('makes no accounts for a provider with `signUp: false`', async () => {
    const { auth } = await open({ crooked: { ...client, issuer: crooked.issuer, signUp: false } })
    const browser = new Browser(auth)
    const url = new URL(await browser.start('crooked', 'new'))
    const now = Math.floor(Date.now() / 1000)
    const idToken = await crooked.sign({
      iss: crooked.issuer,
      aud: client.clientId,
      sub: 'new',
      iat: now,
      exp: now + 300,
      nonce: url.searchParams.get('nonce'),
      email: 'new@crooked.example',
      email_verified: true,
    })
    crooked.tokens = { access_token: 'a', token_type: 'Bearer', id_token: idToken }
    const state = url.searchParams.get('state') ?? ''
    const end = await browser.follow(`/api/auth/callback/crooked?code=x&state=${state}`)
    expect([end.search, await browser.me()]).toEqual(['?error=signup_disabled', null])
  })
})
