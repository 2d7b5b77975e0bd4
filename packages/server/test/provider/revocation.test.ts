import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { BASE, call } from '../support/http.ts'
import { countStatements } from '../support/sessions.ts'
import {
  createClient,
  postForm,
  signIn,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { introspect, isActive, ownToken, refresh, revoke } from './support/tokens.ts'
import { openPostgres, type ProviderWorld, providerWorlds } from './support/world.ts'

const API = 'https://api.example/v1'
const MANY = { scope: 'openid profile email offline_access' }
const ONLINE = { scope: 'openid profile email' }

afterEach(() => vi.useRealTimers())

/** From here on nothing is forgotten because it is old, only because it was told. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
}

/** Makes somebody an administrator and lets them ban somebody else. */
async function ban(world: ProviderWorld, user: TestUser, more: object = {}): Promise<void> {
  const admin = await signUp(world)
  await world.context.internalAdapter.updateUser(admin.id, { role: 'admin' })
  const answer = await admin.browser.post('/admin/ban-user', { userId: user.id, ...more })
  if (answer.status !== 200) throw new Error(`ban: ${answer.status} ${await answer.text()}`)
}

async function changeClient(world: ProviderWorld, { clientId }: TestClient, update: object) {
  const where = [{ field: 'clientId', value: clientId }]
  await world.adapter.update({ model: 'oauthClient', where, update: { ...update } })
}

describe.each(providerWorlds)('revocation: $name', ({ open, name }) => {
  let world: ProviderWorld
  let client: TestClient
  const isOurs = !name.includes('memory')
  beforeAll(async () => {
    world = await open({ resources: [API], scopes: { read: { title: 'Read' } } })
    client = await createClient(world, {
      scopes: ['openid', 'profile', 'email', 'offline_access', 'read'],
    })
  })
  afterAll(() => world.close())

  const active = async (tokens: Record<string, unknown>, as = client) => ({
    access: await isActive(world, as, tokens['access_token']),
    refresh: tokens['refresh_token'] && (await isActive(world, as, tokens['refresh_token'])),
  })
  const dead = { access: false, refresh: false }
  const alive = { access: true, refresh: true }

  it('PG1 P7 a token nobody knows is revoked already: 200 without a body', async () => {
    for (const token of ['unknown', 'cs_at_unknown', 'cs_rt_unknown', 'a.b.c', 'a b']) {
      const { status, body, headers } = await revoke(world, client, token)
      expect([status, body]).toEqual([200, {}])
      expect(headers.get('cache-control')).toBe('no-store')
    }
    const missing = await postForm(world, '/oauth2/revoke', {}, client)
    expect([missing.status, missing.body['error']]).toEqual([400, 'invalid_request'])
  })

  it('P7 an access token ends alone', async () => {
    const user = await signUp(world)
    const tokens = await tokensFor(world, user, client, MANY)
    expect(await active(tokens)).toEqual(alive)
    expect((await revoke(world, client, tokens['access_token'])).status).toBe(200)
    expect(await active(tokens)).toEqual({ access: false, refresh: true })
    const userInfo = { token: String(tokens['access_token']) }
    expect((await call(world.handler, 'GET', `${BASE}/oauth2/userinfo`, userInfo)).status).toBe(401)
    const next = await refresh(world, client, tokens['refresh_token'])
    expect(await active(next.body)).toEqual(alive)
    const own = await ownToken(world, client)
    await revoke(world, client, own)
    expect(await isActive(world, client, own)).toBe(false)
    expect((await revoke(world, client, own)).status).toBe(200)
  })

  it('P7 PG14 a refresh token ends with its family, and with no other', async () => {
    const user = await signUp(world)
    const first = await tokensFor(world, user, client, { ...MANY, resource: API })
    const other = await tokensFor(world, user, client, MANY)
    const next = await refresh(world, client, first['refresh_token'])
    expect(next.status).toBe(200)
    // Also one that was used already.
    expect((await revoke(world, client, first['refresh_token'])).status).toBe(200)
    expect(await active(first)).toEqual(dead)
    expect(await active(next.body)).toEqual(dead)
    const again = await refresh(world, client, next.body['refresh_token'])
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant'])
    expect(await active(other)).toEqual(alive)
  })

  it('P7 a token of another client is refused and goes on', async () => {
    const user = await signUp(world)
    const tokens = await tokensFor(world, user, client, MANY)
    const thief = await createClient(world)
    for (const token of [tokens['access_token'], tokens['refresh_token']]) {
      const { status, body } = await revoke(world, thief, token)
      expect([status, body['error']]).toEqual([400, 'invalid_grant'])
    }
    expect(await active(tokens)).toEqual(alive)
    const form = { token: String(tokens['refresh_token']) }
    const wrong = { clientId: client.clientId, secret: 'cs_cs_wrong' }
    expect((await postForm(world, '/oauth2/revoke', form, wrong)).status).toBe(401)
    expect(await active(tokens)).toEqual(alive)
  })

  it('P10 a public client revokes its own, from a page too', async () => {
    const anybody = await createClient(world, { tokenEndpointAuthMethod: 'none' })
    const tokens = await tokensFor(world, await signUp(world), anybody, MANY)
    const body = new URLSearchParams({
      client_id: anybody.clientId,
      token: String(tokens['refresh_token']),
      token_type_hint: 'access_token',
    }).toString()
    const answer = await call(world.handler, 'POST', `${BASE}/oauth2/revoke`, {
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://app.example',
      },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    const again = await refresh(world, anybody, tokens['refresh_token'])
    expect(again.body['error']).toBe('invalid_grant')
  })

  it('PG4 M53 everything of a deleted person is dead', async () => {
    const user = await signUp(world)
    const tokens = await tokensFor(world, user, client, MANY)
    expect(await active(tokens)).toEqual(alive)
    await world.context.internalAdapter.deleteUser(user.id)
    expect(await active(tokens)).toEqual(dead)
    expect((await refresh(world, client, tokens['refresh_token'])).status).toBe(400)
    const where = [{ field: 'userId', value: user.id }]
    for (const model of ['oauthGrant', 'oauthAccessToken', 'oauthRefreshToken']) {
      expect(await world.adapter.findMany({ model, where })).toEqual([])
    }
  })

  it.runIf(isOurs)('PG4 M53 everything of a banned person is dead, for good', async () => {
    const user = await signUp(world)
    const tokens = await tokensFor(world, user, client, MANY)
    expect(await active(tokens)).toEqual(alive)
    await ban(world, user)
    expect(await active(tokens)).toEqual(dead)
    const refused = await refresh(world, client, tokens['refresh_token'])
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant'])
    await world.context.internalAdapter.updateUser(user.id, { banned: false })
    expect(await active(tokens)).toEqual(dead)
    const back = await signIn(world, user)
    expect(await active(await tokensFor(world, back, client, MANY))).toEqual(alive)
  })

  it.runIf(isOurs)('M53 what was allowed in an organization ends with the membership', async () => {
    const user = await signUp(world)
    const made = await user.browser.post('/organization/create', {
      name: 'Acme',
      slug: randomUUID(),
    })
    const { id: organizationId } = (await made.json()) as { id: string }
    const tokens = await tokensFor(world, user, client, MANY)
    // As it is when the person chose the organization on the consent page.
    for (const model of ['oauthGrant', 'oauthAccessToken', 'oauthRefreshToken']) {
      const where = [{ field: 'userId', value: user.id }]
      await world.adapter.updateMany({ model, where, update: { referenceId: organizationId } })
    }
    expect(await introspect(world, client, tokens['access_token'])).toMatchObject({
      active: true,
      org_id: organizationId,
    })
    const where = [
      { field: 'userId', value: user.id },
      { field: 'organizationId', value: organizationId },
    ]
    const owner = await signUp(world)
    await world.adapter.create({
      model: 'member',
      data: { userId: owner.id, organizationId, role: 'owner', createdAt: new Date() },
    })
    await world.adapter.deleteMany({ model: 'member', where })
    expect(await active(tokens)).toEqual(dead)
    expect((await refresh(world, client, tokens['refresh_token'])).status).toBe(400)
  })

  it('M53 a client that is disabled, or not for this person any more', async () => {
    const user = await signUp(world)
    const theirs = await createClient(world, { scopes: ['openid', 'offline_access'] })
    const server = await createClient(world)
    await world.adapter.create({
      model: 'oauthClientResource',
      data: { clientId: server.clientId, resourceId: API, createdAt: new Date() },
    })
    const tokens = await tokensFor(world, user, theirs, {
      scope: 'openid offline_access',
      resource: API,
    })
    const seen = () => isActive(world, server, tokens['access_token'])
    expect(await seen()).toBe(true)
    await changeClient(world, theirs, { allowedUsers: ['somebody-else'] })
    expect(await seen()).toBe(false)
    expect(await active(tokens, theirs)).toEqual(dead)
    await changeClient(world, theirs, { allowedUsers: [user.id] })
    expect(await seen()).toBe(true)
    await changeClient(world, theirs, { disabled: true })
    expect(await seen()).toBe(false)
    expect((await refresh(world, theirs, tokens['refresh_token'])).body['error']).toBe(
      'invalid_client',
    )
    const where = [{ field: 'clientId', value: theirs.clientId }]
    await world.adapter.deleteMany({ model: 'oauthClient', where })
    expect(await seen()).toBe(false)
  })

  it('PG3 what is offline outlives signing out, and the rest ends with it', async () => {
    const user = await signUp(world)
    const offline = await tokensFor(world, user, client, MANY)
    const online = await tokensFor(world, user, client, ONLINE)
    const elsewhere = await signIn(world, user)
    const other = await tokensFor(world, elsewhere, client, ONLINE)
    expect((await user.browser.post('/sign-out', {})).status).toBe(200)
    expect((await active(online)).access).toBe(false)
    expect(await active(offline)).toEqual(alive)
    expect((await refresh(world, client, offline['refresh_token'])).status).toBe(200)
    expect((await active(other)).access).toBe(true)
  })

  it('PG3 nothing ends because a browser session expires', async () => {
    const user = await signUp(world)
    const offline = await tokensFor(world, user, client, MANY)
    const online = await tokensFor(world, user, client, ONLINE)
    await world.adapter.update({
      model: 'session',
      where: [{ field: 'id', value: user.sessionId }],
      update: { expiresAt: new Date(Date.now() - 1000) },
    })
    // Better Auth deletes what expired when it sees it.
    await user.browser.open('/api/auth/get-session')
    expect(await active(offline)).toEqual(alive)
    expect((await refresh(world, client, offline['refresh_token'])).status).toBe(200)
    expect((await active(online)).access).toBe(true)
  })

  it('CVE-2026-8922 of several reasons each one is enough', async () => {
    const user = await signUp(world)
    const theirs = await createClient(world, { scopes: ['openid', 'offline_access'] })
    const tokens = await tokensFor(world, user, theirs, { scope: 'openid offline_access' })
    await changeClient(world, theirs, { allowedUsers: [] })
    await revoke(world, theirs, tokens['refresh_token'])
    await changeClient(world, theirs, { allowedUsers: null })
    // One reason is gone, the other is not.
    expect(await active(tokens, theirs)).toEqual(dead)
  })

  it('an expired token is not active', async () => {
    const { access_token: token } = await tokensFor(world, await signUp(world), client, MANY)
    expect(await isActive(world, client, token)).toBe(true)
    // It ends on a whole second, so a little earlier than ten minutes from now.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 598_000 })
    expect(await isActive(world, client, token)).toBe(true)
    vi.setSystemTime(Date.now() + 2_000)
    expect(await isActive(world, client, token)).toBe(false)
  })
})

describe('on two processes with one PostgreSQL', () => {
  let here: ProviderWorld
  let there: ProviderWorld
  let client: TestClient
  beforeAll(async () => {
    here = await openPostgres({ resources: [API] })
    there = await openPostgres({ resources: [API] }, here.connectionString ?? '')
    client = await createClient(here)
  })
  afterAll(() => Promise.all([here.close(), there.close()]))

  /** Waits until a token is answered from what is remembered. */
  const remembers = (world: ProviderWorld, token: unknown) =>
    vi.waitFor(async () => {
      expect(await isActive(world, client, token)).toBe(true)
      expect(await countStatements(() => isActive(world, client, token))).toBe(0)
    })

  it('introspection takes one statement cold and none warm', async () => {
    const user = await signUp(here)
    const warm = await tokensFor(here, user, client, { ...MANY, resource: API })
    await remembers(here, warm['access_token'])
    const cold = await tokensFor(here, user, client, { ...MANY, resource: API })
    const ask = () => isActive(here, client, cold['access_token'])
    expect(await countStatements(ask)).toBe(1)
    expect(await countStatements(ask)).toBe(0)
    // So does a token that nobody ever made.
    expect(await countStatements(() => isActive(here, client, 'cs_at_x'))).toBe(1)
    const opaque = await tokensFor(here, user, client, MANY)
    const token = String(opaque['access_token'])
    const userInfo = () => call(here.handler, 'GET', `${BASE}/oauth2/userinfo`, { token })
    expect(await countStatements(userInfo)).toBe(1)
    expect(await countStatements(userInfo)).toBe(0)
  })

  const reasons: [string, (world: ProviderWorld, user: TestUser, tokens: Tokens) => unknown][] = [
    ['the access token is revoked', (w, _u, tokens) => revoke(w, client, tokens['access_token'])],
    ['its family is revoked', (w, _u, tokens) => revoke(w, client, tokens['refresh_token'])],
    ['the person is banned', (world, user) => ban(world, user)],
    ['the person is deleted', (w, { id }) => w.context.internalAdapter.deleteUser(id)],
    [
      'the consent is deleted',
      async ({ adapter }, { id }) => {
        const both = { clientId: client.clientId, userId: id }
        const times = { createdAt: new Date(), updatedAt: new Date() }
        const data = { ...both, scopes: ['openid'], ...times }
        await adapter.create({ model: 'oauthConsent', data })
        const where = Object.entries(both).map(([field, value]) => ({ field, value }))
        await adapter.deleteMany({ model: 'oauthConsent', where })
      },
    ],
  ]

  it.each(reasons)('M53 PG6 both know at once that %s', async (_reason, end) => {
    const user = await signUp(here)
    const tokens = await tokensFor(here, user, client, MANY)
    await remembers(here, tokens['access_token'])
    await remembers(there, tokens['access_token'])
    stopTheClock()
    await end(here, user, tokens)
    expect(await isActive(here, client, tokens['access_token'])).toBe(false)
    await vi.waitFor(async () => {
      expect(await isActive(there, client, tokens['access_token'])).toBe(false)
    })
  })

  it('M53 both know at once that the person signed out', async () => {
    const user = await signUp(here)
    const tokens = await tokensFor(here, user, client, ONLINE)
    await remembers(here, tokens['access_token'])
    await remembers(there, tokens['access_token'])
    stopTheClock()
    await user.browser.post('/sign-out', {})
    expect(await isActive(here, client, tokens['access_token'])).toBe(false)
    await vi.waitFor(async () => {
      expect(await isActive(there, client, tokens['access_token'])).toBe(false)
    })
  })

  it('M53 both know at once that the client is disabled', async () => {
    const user = await signUp(here)
    const theirs = await createClient(here)
    const server = await createClient(here)
    const link = { clientId: server.clientId, resourceId: API, createdAt: new Date() }
    await here.adapter.create({ model: 'oauthClientResource', data: link })
    const { access_token: token } = await tokensFor(here, user, theirs, { ...MANY, resource: API })
    for (const world of [here, there]) {
      await vi.waitFor(async () => {
        expect(await isActive(world, server, token)).toBe(true)
        expect(await countStatements(() => isActive(world, server, token))).toBe(0)
      })
    }
    stopTheClock()
    await changeClient(here, theirs, { disabled: true })
    expect(await isActive(here, server, token)).toBe(false)
    await vi.waitFor(async () => expect(await isActive(there, server, token)).toBe(false))
  })

  it('what is revoked while it is looked up is not remembered', async () => {
    const user = await signUp(here)
    for (let round = 0; round < 10; round += 1) {
      const tokens = await tokensFor(here, user, client, MANY)
      const { access_token: token } = tokens
      await Promise.all([
        ...Array.from({ length: 10 }, () => isActive(here, client, token)),
        ...Array.from({ length: 10 }, () => isActive(there, client, token)),
        revoke(here, client, tokens['refresh_token']),
      ])
      expect(await isActive(here, client, token)).toBe(false)
      stopTheClock()
      await vi.waitFor(async () => expect(await isActive(there, client, token)).toBe(false))
      vi.useRealTimers()
    }
  })
})

type Tokens = Record<string, unknown>
