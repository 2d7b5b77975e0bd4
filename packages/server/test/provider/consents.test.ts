import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, asNobody } from './support/administration.ts'
import {
  createClient,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { isActive, refresh } from './support/tokens.ts'

const scopes = ['openid', 'profile', 'email', 'offline_access']

describe.each(providerWorlds)('connected apps: $name', ({ open }) => {
  let world: ProviderWorld
  let admin: TestUser
  let client: TestClient

  beforeAll(async () => {
    const administrators = new Set<string>()
    world = await open({ isAdministrator: ({ id }) => administrators.has(id) })
    admin = await signUp(world)
    administrators.add(admin.id)
    client = await createClient(world, { skipConsent: false, name: 'Ledger', scopes })
  })
  afterAll(() => world.close())

  const connect = (user: TestUser, to = client) =>
    tokensFor(world, user, to, { scope: 'openid email offline_access' })
  const connected = async (id: string) =>
    (await as(admin, 'GET', `/clients/${id}/users`)).body.users as Record<string, unknown>[]

  it('O62 PA7 a person sees which apps they let in, and what for', async () => {
    const user = await signUp(world)
    expect((await as(user, 'GET', '/user/consent')).body).toEqual({ consents: [] })
    await connect(user)
    const { status, body } = await as(user, 'GET', '/user/consent')
    expect(status).toBe(200)
    expect(body.consents).toEqual([
      {
        id: client.clientId,
        client_id: client.clientId,
        name: 'Ledger',
        homepage_url: null,
        icon: null,
        registration: 'manual',
        scopes: expect.arrayContaining([
          { name: 'openid', title: 'Know who you are' },
          { name: 'offline_access', title: 'Stay connected' },
        ]) as unknown,
        granted_at: expect.any(String) as string,
        last_used_at: world.sql ? (expect.any(String) as string) : null,
        organization_id: null,
      },
    ])
    expect((await asNobody(world, 'GET', '/oidc/user/consent')).status).toBe(401)
  })

  it('PG6 PA7 taking an app away ends its tokens, at once, and only those of this person', async () => {
    const [user, other] = [await signUp(world), await signUp(world)]
    const tokens = await connect(user)
    const theirs = await connect(other)
    expect(await isActive(world, client, tokens['access_token'])).toBe(true)
    const ended = await as(user, 'DELETE', `/user/consent/${client.clientId}`)
    expect(ended).toMatchObject({ status: 200, body: { revoked: true } })
    expect(await isActive(world, client, tokens['access_token'])).toBe(false)
    expect((await refresh(world, client, tokens['refresh_token'])).body['error']).toBe(
      'invalid_grant',
    )
    expect((await as(user, 'GET', '/user/consent')).body.consents).toEqual([])
    expect(await isActive(world, client, theirs['access_token'])).toBe(true)
  })

  it('vulnerability 32 taking away what is not there is the same 404, whoever has it', async () => {
    const user = await signUp(world)
    await connect(await signUp(world))
    for (const id of [client.clientId, 'nothing', 'a'.repeat(300)]) {
      const answer = await as(user, 'DELETE', `/user/consent/${id}`)
      expect(answer).toMatchObject({ status: 404, body: { error: 'client_not_found' } })
    }
  })

  it('PA1 PA5 administrators see who is connected, end one, and end all', async () => {
    const app = await createClient(world, { skipConsent: false, scopes })
    const users = [await signUp(world), await signUp(world), await signUp(world)]
    const tokens: Record<string, unknown>[] = []
    for (const user of users) tokens.push(await connect(user, app))
    const list = await connected(app.clientId)
    expect(list.map(({ user_id: id }) => id).toSorted()).toEqual(
      users.map(({ id }) => id).toSorted(),
    )
    expect(list[0]).toMatchObject({
      name: 'Ada Lovelace',
      email: expect.stringContaining('@') as string,
      scopes: expect.arrayContaining(['openid', 'email']) as unknown,
      granted_at: expect.any(String) as string,
    })
    expect((await as(admin, 'GET', `/clients/${app.clientId}`)).body.user_count).toBe(3)

    const listed = async () =>
      ((await as(admin, 'GET', '/clients')).body.clients as Record<string, unknown>[]).find(
        (one) => one['client_id'] === app.clientId,
      )
    expect(await listed()).toMatchObject({
      user_count: 3,
      last_activity: expect.stringMatching(/^\d{4}-/) as string,
    })

    const [first, ...others] = users
    const one = await as(admin, 'DELETE', `/clients/${app.clientId}/users/${first?.id}`)
    expect(one.body).toEqual({ revoked: 1 })
    const states = async () =>
      Promise.all(tokens.map((token) => isActive(world, app, token['access_token'])))
    expect(await states()).toEqual([false, true, true])
    expect(await connected(app.clientId)).toHaveLength(others.length)

    const rest = await as(admin, 'DELETE', `/clients/${app.clientId}/users`)
    expect(rest.body).toEqual({ revoked: 2 })
    expect(await states()).toEqual([false, false, false])
    expect(await connected(app.clientId)).toEqual([])
  })

  it('PA5 ending everybody while people connect leaves nobody with a token that has no consent', async () => {
    const app = await createClient(world, { skipConsent: false, scopes })
    const users = [await signUp(world), await signUp(world), await signUp(world)]
    const [ended, ...outcomes] = await Promise.all([
      as(admin, 'DELETE', `/clients/${app.clientId}/users`),
      ...users.map((user) => connect(user, app).catch(() => null)),
    ])
    expect(ended.status).toBe(200)
    const left = new Set((await connected(app.clientId)).map(({ user_id: id }) => id))
    for (const [index, tokens] of outcomes.entries()) {
      if (!tokens) continue
      const isLive = await isActive(world, app, tokens['access_token'])
      if (!left.has(users[index]?.id)) expect(isLive).toBe(false)
    }
  })

  it('vulnerability 29 what an application lost counts at once: disabled, closed to somebody, deleted', async () => {
    const app = await createClient(world, { skipConsent: false, scopes })
    const user = await signUp(world)
    const tokens = await connect(user, app)
    const path = `/clients/${app.clientId}`
    const userInfo = async () => {
      const answer = await asNobody(world, 'GET', '/oauth2/userinfo', {
        headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
      })
      return answer.status
    }
    expect(await userInfo()).toBe(200)
    await as(admin, 'PUT', path, { disabled: true })
    expect(await userInfo()).toBe(401)
    await as(admin, 'PUT', path, { disabled: false })
    expect(await userInfo()).toBe(200)
    await as(admin, 'PUT', path, { allowed_users: [admin.id] })
    expect(await userInfo()).toBe(401)
    await as(admin, 'PUT', path, { allowed_users: [admin.id, user.id] })
    expect(await userInfo()).toBe(200)
    await as(admin, 'DELETE', path)
    expect(await userInfo()).toBe(401)
  })

  it('PA6 counts what applications do, by day and person, with empty days', async () => {
    const app = await createClient(world, { skipConsent: false, scopes })
    const user = await signUp(world)
    const tokens = await connect(user, app)
    await refresh(world, app, tokens['refresh_token'])
    await connect(await signUp(world), app)
    const { status, body } = await as(admin, 'GET', `/clients/${app.clientId}/activity?days=3`)
    expect(status).toBe(200)
    const day = 86_400_000
    const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10)
    // Around midnight the uses may be of yesterday.
    expect(body.activity).toHaveLength(3)
    expect(body.activity.map(({ date }: { date: string }) => date)).toContain(dateOf(Date.now()))
    const uses = body.activity.filter(({ total }: { total: number }) => total > 0)
    expect(uses.reduce((sum: number, { total }: { total: number }) => sum + total, 0)).toBe(3)
    expect(uses.at(-1).unique_users).toBeGreaterThanOrEqual(1)
    // Three uses of two people, unless midnight came between them.
    if (uses.length === 1) expect(uses[0]).toMatchObject({ total: 3, unique_users: 2 })
    expect(body.activity[0]).toEqual({
      date: dateOf(new Date(body.activity[1].date as string).getTime() - day),
      total: 0,
      unique_users: 0,
    })
    const all = await as(admin, 'GET', '/clients/activity')
    expect(all.body.activity).toHaveLength(30)
    expect(all.body.activity.at(-1).total).toBeGreaterThanOrEqual(uses.at(-1).total as number)
    const shown = await as(admin, 'GET', `/clients/${app.clientId}`)
    expect(Date.parse(shown.body.last_activity)).toBeGreaterThan(Date.now() - 600_000)
    for (const days of ['0', '367', '-1', 'x', '1.5', '']) {
      const bad = await as(admin, 'GET', `/clients/${app.clientId}/activity?days=${days}`)
      expect([days, bad.status]).toEqual([days, 400])
    }
  })
})

describe('connected apps, with another process on the same database', () => {
  it('O62 what one process takes away, the other refuses, too', async () => {
    const one = await openPostgres()
    if (one.connectionString === null) throw new Error('no database')
    const two = await openPostgres({}, one.connectionString)
    try {
      const client = await createClient(one, { skipConsent: false, scopes })
      const user = await signUp(one)
      const tokens = await tokensFor(one, user, client, { scope: 'openid offline_access' })
      expect(await isActive(two, client, tokens['access_token'])).toBe(true)
      await as(user, 'DELETE', `/user/consent/${client.clientId}`)
      await expect.poll(() => isActive(two, client, tokens['access_token'])).toBe(false)
    } finally {
      await two.close()
      await one.close()
    }
  })
})
