import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createClient,
  openMemory,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  redeem,
  codeFor,
  signUp,
  type TestClient,
  tokensFor,
} from './support/flow.ts'

interface CleanUp {
  cleanUpProvider(): Promise<Record<string, number>>
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000)
const DAY = 86_400

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('PG15 what expired is deleted: $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  beforeAll(async () => {
    world = await open()
    client = await createClient(world)
  })
  afterAll(() => world.close())

  const cleanUp = () => (world.api as CleanUp).cleanUpProvider()
  const rowsOf = (model: string) => world.adapter.findMany<{ id: string }>({ model, limit: 10_000 })
  const age = (model: string, update: Record<string, unknown>) =>
    world.adapter.updateMany({ model, where: [], update })

  it('tokens and their family, once nothing needs them', async () => {
    const person = await signUp(world)
    await tokensFor(world, person, client, { scope: 'openid offline_access' })
    expect(await cleanUp()).toMatchObject({
      oauthAccessToken: 0,
      oauthRefreshToken: 0,
      oauthGrant: 0,
    })
    await age('oauthAccessToken', { expiresAt: ago(1) })
    expect(await cleanUp()).toMatchObject({
      oauthAccessToken: 1,
      oauthRefreshToken: 0,
      oauthGrant: 0,
    })
    await age('oauthRefreshToken', { expiresAt: ago(1) })
    expect(await cleanUp()).toMatchObject({ oauthRefreshToken: 1, oauthGrant: 0 })
    await age('oauthGrant', { expiresAt: ago(1), createdAt: ago(DAY) })
    expect(await cleanUp()).toMatchObject({ oauthGrant: 1 })
    expect(await rowsOf('oauthGrant')).toEqual([])
  })

  it('assertions, requests that wait, pushed requests and codes', async () => {
    const person = await signUp(world)
    const kept = await codeFor(person, client)
    await codeFor(person, client)
    const [newest] = await world.adapter.findMany<{ id: string }>({
      model: 'verification',
      sortBy: { field: 'createdAt', direction: 'desc' },
      limit: 1,
    })
    await world.adapter.create({
      model: 'verification',
      data: {
        identifier: 'old',
        value: '',
        expiresAt: ago(DAY),
        createdAt: ago(DAY),
        updatedAt: ago(DAY),
      },
    })
    expect(newest).toBeDefined()
    for (const expiresAt of [ago(DAY), ago(-DAY)]) {
      await world.adapter.create({ model: 'oauthClientAssertion', data: { expiresAt } })
      await world.adapter.create({
        model: 'oauthPendingAuthorization',
        data: {
          kind: 'device',
          secretHash: crypto.randomUUID(),
          clientId: client.clientId,
          scopes: [],
          status: 'pending',
          interval: 5,
          nextPollAt: expiresAt,
          createdAt: ago(2 * DAY),
          expiresAt,
        },
      })
    }
    expect(await cleanUp()).toMatchObject({
      verification: 1,
      oauthClientAssertion: 1,
      oauthPendingAuthorization: 1,
    })
    expect(await rowsOf('oauthClientAssertion')).toHaveLength(1)
    expect((await redeem(world, client, kept)).status).toBe(200)
  })
})

describe('PG15 on PostgreSQL', () => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openPostgres()
  })
  afterAll(() => world.close())
  const cleanUp = () => (world.api as CleanUp).cleanUpProvider()

  it('takes thousands in batches, by several processes at once, and each once', async () => {
    await world.sql?.query(
      `INSERT INTO oauth_client_assertion (id, expires_at)
        SELECT gen_random_uuid()::text, now() - interval '1 day' FROM generate_series(1, 3000)`,
    )
    const reports = await Promise.all([cleanUp(), cleanUp(), cleanUp()])
    const deleted = reports.map((report) => report['oauthClientAssertion'] ?? 0)
    const left = (await cleanUp())['oauthClientAssertion'] ?? 0
    expect(deleted.reduce((sum, one) => sum + one, left)).toBe(3000)
  })

  it('keeps a family without tokens as long as its session goes on', async () => {
    const client = await createClient(world)
    const person = await signUp(world)
    await tokensFor(world, person, client, { scope: 'openid' })
    await world.sql?.query(`UPDATE oauth_access_token SET expires_at = now() - interval '1 day'`)
    await world.sql?.query(`UPDATE oauth_grant SET created_at = now() - interval '1 day'`)
    expect(await cleanUp()).toMatchObject({ oauthAccessToken: 1, oauthGrant: 0 })
    await world.sql?.query('DELETE FROM session WHERE id = $1', [person.sessionId])
    expect(await cleanUp()).toMatchObject({ oauthGrant: 1 })
  })
})

it('PG15 the server sweeps by itself, every ten minutes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const world = await openMemory()
  const model = 'oauthClientAssertion'
  await world.adapter.create({ model, data: { expiresAt: ago(DAY) } })
  vi.advanceTimersByTime(600_000)
  vi.useRealTimers()
  await vi.waitFor(async () => expect(await world.adapter.count({ model })).toBe(0))
  await world.close()
})
