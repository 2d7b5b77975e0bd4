import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  authorize,
  authorizationRequest,
  BASE,
  Browser,
  codeFor,
  createClient,
  ISSUER,
  locationOf,
  openMemory,
  openPostgres,
  postForm,
  type ProviderWorld,
  providerWorlds,
  redeem,
  signIn,
  signUp,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { openRelyingParty, type RelyingParty } from './support/relying-party.ts'

const BYE = 'https://app.example/bye'

function endSession(browser: Browser, asked: Readonly<Record<string, string | undefined>>) {
  const pairs = Object.entries(asked).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return browser.open(`/api/auth/oauth2/end-session?${new URLSearchParams(pairs)}`)
}

async function isSignedIn({ browser }: Pick<TestUser, 'browser'>): Promise<boolean> {
  const response = await browser.open('/api/auth/get-session')
  return (await response.json()) !== null
}

async function isActive(
  world: ProviderWorld,
  token: unknown,
  client: Parameters<typeof postForm>[3],
) {
  const form = { token: String(token) }
  return (await postForm(world, '/oauth2/introspect', form, client)).body['active']
}

describe.each(providerWorlds)('P7 the sign-out that a client asks for: $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open()
  })
  afterAll(() => world.close())

  it('is done at once for the session of the ID token, and leads back', async () => {
    const client = await createClient(world, { postLogoutRedirectUris: [BYE] })
    const person = await signUp(world)
    const other = await signIn(world, person)
    const { id_token, access_token } = await tokensFor(world, person, client)
    const response = await endSession(person.browser, {
      id_token_hint: String(id_token),
      post_logout_redirect_uri: BYE,
      state: 'a b&c',
    })
    expect((await locationOf(response)).href).toBe(`${BYE}?state=a+b%26c`)
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(await isSignedIn(person)).toBe(false)
    expect(await isSignedIn(other)).toBe(true)
    await vi.waitFor(async () => {
      expect(await isActive(world, access_token, client)).toBe(false)
    })
    // Signed out already, it leads back all the same.
    const again = await endSession(person.browser, {
      id_token_hint: String(id_token),
      post_logout_redirect_uri: BYE,
    })
    expect((await locationOf(again)).href).toBe(BYE)
  })

  it('is a question without a hint, or with one of another session', async () => {
    const client = await createClient(world, { postLogoutRedirectUris: [BYE] })
    const person = await signUp(world)
    const { id_token } = await tokensFor(world, await signIn(world, person), client)
    for (const more of [
      {},
      { client_id: client.clientId },
      { id_token_hint: String(id_token) },
      { id_token_hint: 'nonsense' },
    ]) {
      const response = await endSession(person.browser, more)
      expect((await locationOf(response)).href).toBe(`${ISSUER}/signed-out`)
      expect(await isSignedIn(person)).toBe(true)
    }
    await endSession(person.browser, {
      client_id: client.clientId,
      post_logout_redirect_uri: BYE,
      state: 's',
    })
    const confirm = (headers: Record<string, string>) =>
      person.browser.open('/api/auth/oauth2/end-session/confirm', {
        method: 'POST',
        headers: { accept: 'application/json', ...headers },
        body: new URLSearchParams({ action: 'confirm' }),
      })
    expect((await confirm({ origin: 'https://evil.example' })).status).toBe(403)
    expect(await isSignedIn(person)).toBe(true)
    const confirmed = await confirm({ origin: ISSUER })
    expect(await confirmed.json()).toEqual({ redirect: true, url: `${BYE}?state=s` })
    expect(await isSignedIn(person)).toBe(false)
    expect((await confirm({ origin: ISSUER })).status).toBe(400)
  })

  it('a yes counts only for the session that was asked about', async () => {
    const person = await signUp(world)
    await endSession(person.browser, {})
    const other = await signUp(world)
    for (const [name, value] of other.browser.cookies) person.browser.cookies.set(name, value)
    const confirmed = await person.browser.open('/api/auth/oauth2/end-session/confirm', {
      method: 'POST',
      headers: { accept: 'application/json', origin: ISSUER },
    })
    expect(confirmed.status).toBe(400)
    expect(await isSignedIn(other)).toBe(true)
  })

  it('CVE-2024-56734 leads to nothing that is not registered, letter by letter', async () => {
    const client = await createClient(world, { postLogoutRedirectUris: [BYE] })
    const person = await signUp(world)
    const { id_token } = await tokensFor(world, person, client)
    for (const uri of [
      'https://evil.example/',
      `${BYE}/`,
      `${BYE}?x=1`,
      `${BYE}#x`,
      `${BYE}/../x`,
      'https://app.example',
      'https://app.example/bye%2f',
      '//evil.example',
      'javascript:alert(1)',
      'https://app.example@evil.example/bye',
    ]) {
      for (const more of [
        { id_token_hint: String(id_token) },
        { client_id: client.clientId },
        {},
      ]) {
        const response = await endSession(person.browser, {
          ...more,
          post_logout_redirect_uri: uri,
        })
        const { origin, pathname, href } = await locationOf(response)
        expect([uri, origin, pathname]).toEqual([uri, ISSUER, '/oauth-error'])
        expect(href).not.toContain('evil.example')
      }
    }
    expect(await isSignedIn(person)).toBe(true)
  })

  it('may come as a form of another site', async () => {
    const response = await new Browser(world).open('/api/auth/oauth2/end-session', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://app.example',
      },
      body: 'client_id=x',
    })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`${BASE}/oauth2/end-session?client_id=x`)
  })
})

interface CleanUp {
  cleanUpProvider(): Promise<Record<string, number>>
}

describe.each(providerWorlds)('back-channel logout: $name', ({ open }) => {
  let world: ProviderWorld
  let party: RelyingParty
  beforeAll(async () => {
    world = await open({
      dangerouslyAllowLoopback: true,
      resources: ['https://api.example/'],
    })
  })
  afterAll(() => world.close())
  beforeAll(async () => {
    party = await openRelyingParty()
  })
  afterEach(() => {
    party.tokens.length = 0
    party.status = 200
  })
  afterAll(() => party.close())

  const listener = () => createClient(world, { backchannelLogoutUri: party.uri })
  const cleanUp = () => (world.api as CleanUp).cleanUpProvider()

  async function verify(token: string, clientId: string) {
    const answer = await world.handler(new Request(`${ISSUER}/.well-known/jwks.json`))
    const text = await answer.text()
    const jwks = JSON.parse(text) as Parameters<typeof createLocalJWKSet>[0]
    return jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: ISSUER,
      audience: clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256'],
    })
  }

  function deliveries(sessionId: string) {
    return world.adapter.findMany<{ id: string; attempts: number; nextAttemptAt: Date }>({
      model: 'oauthLogoutDelivery',
      where: [{ field: 'sessionId', value: sessionId }],
    })
  }

  it('PG9 tells everybody who was signed in with the session, also who holds only a JWT', async () => {
    const [jwt, opaque, pairwise] = [
      await listener(),
      await listener(),
      await createClient(world, { backchannelLogoutUri: party.uri, subjectType: 'pairwise' }),
    ]
    const person = await signUp(world)
    const resource = 'https://api.example/'
    await tokensFor(world, person, jwt, { scope: 'openid', resource })
    await tokensFor(world, person, opaque, { scope: 'openid offline_access' })
    const { id_token } = await tokensFor(world, person, pairwise)
    const elsewhere = await signIn(world, person)
    await tokensFor(world, elsewhere, await listener())
    const out = await person.browser.post('/sign-out', {})
    expect(out.status).toBe(200)
    await vi.waitFor(() => expect(party.tokens).toHaveLength(3))
    for (const client of [jwt, opaque, pairwise]) {
      const verified = await Promise.all(
        party.tokens.map((token) => verify(token, client.clientId).catch(() => null)),
      )
      const [found] = verified.filter((one) => one !== null)
      const [, claims = ''] = String(id_token).split('.')
      const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string }
      expect(found?.payload).toEqual({
        iss: ISSUER,
        aud: client.clientId,
        iat: expect.any(Number),
        exp: expect.any(Number),
        jti: expect.any(String),
        sub: client === pairwise ? sub : person.id,
        sid: person.sessionId,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      })
    }
    await vi.waitFor(async () => expect(await deliveries(person.sessionId)).toEqual([]))
  })

  it('tries again until it is confirmed, and gives up in the end', async () => {
    const client = await listener()
    const person = await signUp(world)
    await tokensFor(world, person, client)
    party.status = 302
    await person.browser.post('/sign-out', {})
    await vi.waitFor(async () => {
      const [waiting] = await deliveries(person.sessionId)
      expect(waiting?.attempts).toBe(1)
      expect(party.tokens).toHaveLength(1)
    })
    const due = async () => {
      const [waiting] = await deliveries(person.sessionId)
      await world.adapter.update({
        model: 'oauthLogoutDelivery',
        where: [{ field: 'id', value: waiting?.id ?? '' }],
        update: { nextAttemptAt: new Date(Date.now() - 1) },
      })
    }
    for (const status of [500, 404, 400]) {
      party.status = status
      await vi.waitFor(async () => {
        await due()
        await cleanUp()
        expect(party.tokens.length).toBeGreaterThan([500, 404, 400].indexOf(status) + 1)
      })
    }
    party.status = 204
    await vi.waitFor(async () => {
      await due()
      await cleanUp()
      expect(await deliveries(person.sessionId)).toEqual([])
    })

    const hopeless = await signUp(world)
    await tokensFor(world, hopeless, client)
    party.status = 500
    await hopeless.browser.post('/sign-out', {})
    await vi.waitFor(async () => {
      const [waiting] = await deliveries(hopeless.sessionId)
      if (!waiting) return
      await world.adapter.update({
        model: 'oauthLogoutDelivery',
        where: [{ field: 'id', value: waiting.id }],
        update: { attempts: 7, nextAttemptAt: new Date(Date.now() - 1) },
      })
      await cleanUp()
      expect(await deliveries(hopeless.sessionId)).toEqual([])
    })
  })

  it('P7 ends what is not offline with the session, and nothing else', async () => {
    const client = await createClient(world)
    const person = await signUp(world)
    const bound = await tokensFor(world, person, client, { scope: 'openid' })
    const offline = await tokensFor(world, person, client, { scope: 'openid offline_access' })
    const elsewhere = await tokensFor(world, await signIn(world, person), client)
    await person.browser.post('/sign-out', {})
    await vi.waitFor(async () => {
      expect(await isActive(world, bound['access_token'], client)).toBe(false)
    })
    expect(await isActive(world, offline['access_token'], client)).toBe(true)
    expect(await isActive(world, elsewhere['access_token'], client)).toBe(true)
  })
})

it('PG9 P7 a client that did not confirm is told again, without anybody asking', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
  const party = await openRelyingParty()
  const world = await openMemory({ dangerouslyAllowLoopback: true })
  const waiting = async () =>
    world.adapter.findMany<{ lastError: string | null }>({ model: 'oauthLogoutDelivery' })
  try {
    const client = await createClient(world, { backchannelLogoutUri: party.uri })
    const person = await signUp(world)
    await tokensFor(world, person, client)
    party.status = 500
    await person.browser.post('/sign-out', {})
    await vi.waitFor(async () =>
      expect(await waiting()).toMatchObject([{ lastError: 'status 500' }]),
    )
    expect(party.tokens).toHaveLength(1)
    party.status = 200
    vi.advanceTimersByTime(60_000)
    await vi.waitFor(async () => expect(await waiting()).toEqual([]))
    expect(party.tokens).toHaveLength(2)
  } finally {
    vi.useRealTimers()
    await world.close()
    await party.close()
  }
})

describe('logout tokens of two processes', () => {
  it('go out once each, also when both ends see them', async () => {
    const party = await openRelyingParty()
    const options = { dangerouslyAllowLoopback: true }
    const one = await openPostgres(options)
    const two = await openPostgres(options, one.connectionString ?? '')
    try {
      const client = await createClient(one, { backchannelLogoutUri: party.uri })
      const people = await Promise.all(Array.from({ length: 10 }, () => signUp(one)))
      for (const person of people) await redeem(one, client, await codeFor(person, client))
      await Promise.all(people.map(({ browser }) => browser.post('/sign-out', {})))
      // A session that is deleted behind the back of every process counts, too.
      const other = await signUp(one)
      await tokensFor(one, other, client)
      await one.sql?.query('DELETE FROM session WHERE id = $1', [other.sessionId])
      await vi.waitFor(() => expect(party.tokens).toHaveLength(11))
      await Promise.all([one, two].map((world) => (world.api as CleanUp).cleanUpProvider()))
      expect(party.tokens).toHaveLength(11)
      expect(decodeProtectedHeader(party.tokens[0] ?? '').alg).toBe('RS256')
    } finally {
      await two.close()
      await one.close()
      await party.close()
    }
  })

  it('GHSA-5rr4-8452-hf4v go to no address of this network', async () => {
    const party = await openRelyingParty()
    const world = await openPostgres()
    try {
      const client = await createClient(world, { backchannelLogoutUri: party.uri })
      const person = await signUp(world)
      await tokensFor(world, person, client)
      await person.browser.post('/sign-out', {})
      await vi.waitFor(async () => {
        const [waiting] = await world.adapter.findMany<{ lastError: string | null }>({
          model: 'oauthLogoutDelivery',
          where: [{ field: 'sessionId', value: person.sessionId }],
        })
        expect(waiting?.lastError).toBe('not a public https URL')
      })
      expect(party.tokens).toEqual([])
      expect((await authorize(person.browser, authorizationRequest(client))).pathname).toBe(
        '/sign-in',
      )
    } finally {
      await world.close()
      await party.close()
    }
  })
})
