import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createClient,
  openMemory,
  openPostgres,
  postForm,
  type ProviderWorld,
  type TestClient,
} from './support/flow.ts'

const header = 'x-client-address'

/** `postForm` from an address. */
function from(address: string, { handler }: Pick<ProviderWorld, 'handler'>) {
  const world = {
    handler: (request: Request) => {
      request.headers.set(header, address)
      return handler(request)
    },
  }
  const form = { grant_type: 'client_credentials' }
  return {
    ask: (client: Pick<TestClient, 'clientId' | 'secret'>) =>
      postForm(world, '/oauth2/token', form, client),
  }
}

describe('PG11 limits of the token endpoint, for two servers on one PostgreSQL', () => {
  let worlds: readonly [ProviderWorld, ProviderWorld]
  beforeAll(async () => {
    const options = { auth: { clientAddressHeader: header } }
    const first = await openPostgres(options)
    worlds = [first, await openPostgres(options, first.connectionString ?? '')]
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
  })

  it('stop who guesses a secret, at every server, and nobody else', async () => {
    const [first, second] = worlds
    const client = await createClient(first)
    const wrong = { ...client, secret: 'wrong' }
    const statuses = new Set<number>()
    for (let guess = 0; guess < 60; guess++) {
      statuses.add((await from('192.0.2.1', first).ask(wrong)).status)
    }
    expect(statuses).toEqual(new Set([401]))
    const refused = await from('192.0.2.1', first).ask(client)
    expect(refused).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // Any other spelling is the same address; another client there, and it elsewhere, go on.
    expect((await from('::ffff:192.0.2.1', first).ask(client)).status).toBe(429)
    expect((await from('192.0.2.1', first).ask(await createClient(first))).status).toBe(200)
    expect((await from('192.0.2.2', first).ask(client)).status).toBe(200)
    // The other server learns of it with the next failure there.
    await expect.poll(async () => (await from('192.0.2.1', second).ask(wrong)).status).toBe(429)
    expect((await from('192.0.2.1', second).ask(client)).status).toBe(429)
    expect((await from('192.0.2.2', second).ask(client)).status).toBe(200)
  })

  it('leave a server alone that gets tokens for many people', async () => {
    const [world] = worlds
    const client = await createClient(world)
    const { ask } = from('192.0.2.3', world)
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask(client)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  })

  it('CVE-2026-45364 (vulnerability 18) count a /64 as one, and clients that do not exist', async () => {
    const [world] = worlds
    const statuses: number[] = []
    for (let at = 0; at < 601; at++) {
      const unknown = { clientId: `unknown-${at}`, secret: 'x' }
      const address = `2001:db8::${at.toString(16)}`
      statuses.push((await from(address, world).ask(unknown)).status)
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(600)
    expect(statuses.at(-1)).toBe(429)
  })
})

it('PG11 nobody is limited where addresses are not known', async () => {
  const world = await openMemory()
  const client = await createClient(world)
  for (let guess = 0; guess < 70; guess++) {
    const { status } = await from('192.0.2.1', world).ask({ ...client, secret: 'wrong' })
    expect(status).toBe(401)
  }
  expect((await from('192.0.2.1', world).ask(client)).status).toBe(200)
  await world.close()
})
