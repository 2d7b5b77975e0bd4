import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createClient,
  type ProviderWorld,
  providerWorlds,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { isActive, refreshWith, travel } from './support/token.ts'

const API = 'https://api.example/mcp'
const OTHER_API = 'https://other.example/mcp'
const refused = { status: 400, body: { error: 'invalid_grant' } }

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('the refresh grant, $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    world = await open({ resources: [API, OTHER_API] })
    client = await createClient(world)
    user = await signUp(world)
  })
  afterAll(() => world.close())

  const begin = (more: object = {}) =>
    tokensFor(world, user, client, { scope: 'openid email offline_access', ...more })

  it('P2 M48 gives a new refresh token each time, and an ID token of the same sign-in', async () => {
    const first = await begin({ nonce: 'n-1' })
    const second = await refreshWith(world, client, first['refresh_token'])
    expect(second).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 600, scope: 'openid email offline_access' },
    })
    expect(second.headers.get('cache-control')).toBe('no-store')
    expect(second.body['refresh_token']).toMatch(/^cs_rt_[\w-]{43}$/)
    expect(second.body['refresh_token']).not.toBe(first['refresh_token'])
    expect(second.body['access_token']).not.toBe(first['access_token'])
    const [before, after] = [first, second.body].map((tokens) =>
      decodeJwt(String(tokens['id_token'])),
    )
    expect(after).toMatchObject({ sub: user.id, sid: before?.['sid'], email: user.email })
    expect(after?.['auth_time']).toBe(before?.['auth_time'])
    // OpenID Connect Core section 12.2.
    expect(after).not.toHaveProperty('nonce')
    const third = await refreshWith(world, client, second.body['refresh_token'])
    expect(third.status).toBe(200)
    expect(await isActive(world, client, third.body['access_token'])).toBe(true)
  })

  it('P2 M49 GHSA-392p-2q2v-4372 (vulnerability 5) ten at once all end usable, with one successor', async () => {
    const { refresh_token: shared } = await begin()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refreshWith(world, client, shared)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    const successors = new Set(answers.map(({ body }) => body['refresh_token']))
    expect(successors.size).toBe(1)
    expect(new Set(answers.map(({ body }) => body['access_token'])).size).toBe(10)
    for (const { body } of answers) {
      expect(await isActive(world, client, body['access_token'])).toBe(true)
    }
    const [next] = successors
    expect((await refreshWith(world, client, next)).status).toBe(200)
  })

  it('P2 M48 inside the window the same answer comes again; outside it the family ends', async () => {
    const { refresh_token: first } = await begin()
    const second = await refreshWith(world, client, first)
    travel(29)
    const again = await refreshWith(world, client, first)
    expect(again.status).toBe(200)
    expect(again.body['refresh_token']).toBe(second.body['refresh_token'])
    const third = await refreshWith(world, client, second.body['refresh_token'])
    travel(2)
    expect(await refreshWith(world, client, first)).toMatchObject(refused)
    for (const token of [second.body, third.body].map((body) => body['access_token'])) {
      expect(await isActive(world, client, token)).toBe(false)
    }
    expect(await refreshWith(world, client, third.body['refresh_token'])).toMatchObject(refused)
  })

  it('PG14 reuse ends that family alone', async () => {
    const [stolen, other] = [await begin(), await begin()]
    await refreshWith(world, client, stolen['refresh_token'])
    travel(31)
    expect(await refreshWith(world, client, stolen['refresh_token'])).toMatchObject(refused)
    expect(await isActive(world, client, stolen['access_token'])).toBe(false)
    expect(await isActive(world, client, other['access_token'])).toBe(true)
    expect((await refreshWith(world, client, other['refresh_token'])).status).toBe(200)
  })

  it('GHSA-pw9m-5jxm-xr6h (vulnerability 7) is for its client alone, which proves who it is', async () => {
    const { refresh_token: token } = await begin()
    const stranger = await createClient(world)
    const nobody = await createClient(world, { tokenEndpointAuthMethod: 'none' })
    expect(await refreshWith(world, stranger, token)).toMatchObject(refused)
    expect(await refreshWith(world, nobody, token)).toMatchObject(refused)
    for (const secret of [null, 'wrong']) {
      expect(await refreshWith(world, { ...client, secret }, token)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      })
    }
    // None of them could use it up, or end it.
    expect((await refreshWith(world, client, token)).status).toBe(200)
  })

  it('narrows the scopes of an access token, and never widens', async () => {
    const { refresh_token: first } = await begin()
    const narrow = await refreshWith(world, client, first, { scope: 'email' })
    expect(narrow.body).toMatchObject({ scope: 'email' })
    expect(narrow.body).not.toHaveProperty('id_token')
    const wide = await refreshWith(world, client, narrow.body['refresh_token'], {
      scope: 'openid profile',
    })
    expect(wide).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    // The family keeps what was granted.
    const full = await refreshWith(world, client, narrow.body['refresh_token'])
    expect(full.body).toMatchObject({ scope: 'openid email offline_access' })
  })

  it('GHSA-p2fr-6hmx-4528 (vulnerability 6) narrows the resources, and never adds one', async () => {
    const { refresh_token: first } = await begin({ resource: API })
    const other = await refreshWith(world, client, first, { resource: OTHER_API })
    expect(other).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    const { body } = await refreshWith(world, client, first, { resource: API })
    expect(decodeJwt(String(body['access_token'])).aud).toBe(API)
  })

  it('PG3 outlives the session when access was granted offline', async () => {
    const leaving = await signUp(world)
    const tokens = await tokensFor(world, leaving, client, { scope: 'openid offline_access' })
    const signedOut = await leaving.browser.post('/sign-out', {})
    expect(signedOut.status).toBe(200)
    const next = await refreshWith(world, client, tokens['refresh_token'])
    expect(next.status).toBe(200)
    expect(await isActive(world, client, next.body['access_token'])).toBe(true)
  })

  it('lives on while it is used, and ends when it is not', async () => {
    const day = 86_400
    let { refresh_token: token } = await begin()
    for (let used = 0; used < 4; used++) {
      travel(20 * day)
      const { status, body } = await refreshWith(world, client, token)
      expect(status).toBe(200)
      expect(await isActive(world, client, body['access_token'])).toBe(true)
      token = body['refresh_token']
    }
    travel(31 * day)
    expect(await refreshWith(world, client, token)).toMatchObject(refused)
  })

  it('PG4 CVE-2026-9798 (vulnerability 28) is refused to who is banned, deleted or not let in, and ends', async () => {
    const { internalAdapter } = world.context
    const scope = 'openid offline_access'
    if (world.sql) {
      const banned = await signUp(world)
      const { refresh_token: token, access_token: access } = await tokensFor(
        world,
        banned,
        client,
        { scope },
      )
      await internalAdapter.updateUser(banned.id, { banned: true })
      expect(await refreshWith(world, client, token)).toMatchObject(refused)
      // For good: when the ban is over, the person allows it again.
      await internalAdapter.updateUser(banned.id, { banned: false })
      expect(await refreshWith(world, client, token)).toMatchObject(refused)
      expect(await isActive(world, client, access)).toBe(false)
    }

    const deleted = await signUp(world)
    const theirs = await tokensFor(world, deleted, client, { scope })
    await internalAdapter.deleteUser(deleted.id)
    expect(await refreshWith(world, client, theirs['refresh_token'])).toMatchObject(refused)

    const limited = await createClient(world)
    const kept = await tokensFor(world, user, limited, { scope })
    await world.adapter.updateMany({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: limited.clientId }],
      update: { allowedUsers: ['somebody-else'] },
    })
    await vi.waitFor(async () => {
      expect(await refreshWith(world, limited, kept['refresh_token'])).toMatchObject(refused)
    })
    // The family ended with that, whoever is let in later.
    const where = [{ field: 'clientId', value: limited.clientId }]
    const families = await world.adapter.findMany({ model: 'oauthGrant', where })
    expect(families).toMatchObject([{ revokedAt: expect.any(Date) }])
  })

  it('M47 is nowhere in the database in a form that works', async () => {
    const tokens = await begin({ resource: API })
    const next = await refreshWith(world, client, tokens['refresh_token'])
    const stored: unknown[] = []
    for (const model of ['oauthRefreshToken', 'oauthAccessToken', 'oauthGrant', 'oauthClient']) {
      stored.push(...(await world.adapter.findMany({ model, limit: 1000 })))
    }
    const dump = JSON.stringify(stored)
    for (const secret of [
      tokens['refresh_token'],
      tokens['access_token'],
      next.body['refresh_token'],
      next.body['access_token'],
      client.secret,
    ]) {
      expect(dump).not.toContain(secret)
    }
  })

  it('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 (vulnerability 44) no prefix and no altered one counts', async () => {
    const { refresh_token: token } = await begin()
    const text = String(token)
    const altered = Array.from(text, (letter, at) => {
      const other = letter === 'A' ? 'B' : 'A'
      return text.slice(0, at) + other + text.slice(at + 1)
    })
    const prefixes = Array.from(text, (_, end) => text.slice(0, end)).slice(1)
    for (const forged of [...altered, ...prefixes, `${text}A`, ` ${text}`, `${text} `]) {
      const { status } = await refreshWith(world, client, forged)
      expect(status, forged).toBe(400)
    }
    expect((await refreshWith(world, client, text)).status).toBe(200)
  })
})
