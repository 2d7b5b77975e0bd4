import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, TestHost } from '../support/actors.ts'
import { bank, capabilities as offered } from '../support/bank.ts'
import { BASE, call } from '../support/http.ts'
import { openPlain, type World, worlds } from '../support/worlds.ts'

/** More of everything than one page of a database adapter holds. */
const MANY = 130
const names = Array.from({ length: MANY }, (_, n) => `read_${String(n).padStart(3, '0')}`)
const first = names.slice(0, 100)
const rest = names.slice(100)
const options = bank({
  capabilities: [
    ...offered,
    ...names.map((name) => ({ name, description: 'Reads.', readOnly: true, execute: () => name })),
  ],
  defaultHostCapabilities: names,
})

describe.each(worlds)('more grants than one page holds: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(options)
  })
  afterAll(async () => world.close())

  /** An agent that holds everything. */
  async function holder() {
    const { person, host, agent } = await connected(world, first)
    const more = await agent.request({ capabilities: rest })
    expect(more).toMatchObject({ status: 200 })
    return { person, host, agent }
  }

  it('every grant counts, and every one is shown', async () => {
    const { agent } = await holder()
    expect(await agent.grants()).toHaveLength(MANY)
    expect(await agent.execute('read_000')).toMatchObject({ status: 200 })
    expect(await agent.execute('read_129')).toMatchObject({ status: 200 })
  })

  it('AA56 what a person took away stays away, however many grants are older', async () => {
    const { person, host, agent } = await holder()
    const { cookie } = person
    const path = `/agent/get?agent_id=${agent.id}`
    const { body: seen } = await call(world.handler, 'GET', path, { cookie })
    const taken = seen.grants.find((one: { capability: string }) => one.capability === 'read_129')
    const body = { grant_id: taken?.grant_id }
    const revoked = await call(world.handler, 'POST', '/agent/revoke-grant', { cookie, body })
    expect(revoked).toMatchObject({ status: 200 })

    const again = await agent.request({ capabilities: ['read_129'] })
    expect(again.body.agent_capability_grants).toMatchObject([{ status: 'pending' }])
    expect(await agent.execute('read_129')).toMatchObject({ status: 403 })

    const where = [{ field: 'id', value: agent.id }]
    await world.adapter.updateMany({ model: 'agent', where, update: { status: 'expired' } })
    const back = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(back).toMatchObject({ status: 200, body: { status: 'pending' } })
  })

  it('an approval shows and decides everything that adds up', async () => {
    const { person, host, agent } = await connected(world)
    await change(world, 'agentHost', (await look1(world, host)).hostId, { defaultCapabilities: [] })
    await agent.request({ capabilities: first })
    const { body } = await agent.request({ capabilities: rest })
    const { user_code } = body.approval
    const shown = await look(world, person, { user_code })
    expect(shown.body.capabilities).toHaveLength(MANY)
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject({
      status: 200,
    })
    const grants: { status: string }[] = await agent.grants()
    expect(grants.filter(({ status }) => status === 'active')).toHaveLength(MANY)
  })
})

async function look1(world: World, host: TestHost) {
  const found = await world.adapter.findOne<{ id: string }>({
    model: 'agentHost',
    where: [{ field: 'thumbprint', value: host.thumbprint }],
  })
  return { hostId: found?.id ?? '' }
}

describe.each(worlds)('what policy denies: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(async () => world.close())

  it('is stored once, however often it is asked for', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const capabilities = [{ name: 'pay_small', constraints: { amount: { min: 60 } } }]
    for (let time = 0; time < 5; time += 1) {
      const { body } = await agent.request({ capabilities })
      expect(body.agent_capability_grants).toMatchObject([{ status: 'denied' }])
    }
    const where = [{ field: 'agentId', value: agent.id }]
    expect(await world.adapter.count({ model: 'agentGrant', where })).toBe(2)
  })

  it("does not make a person's denial forgotten", async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    const { body } = await agent.request({ capabilities: ['pay_small'] })
    const { user_code } = body.approval
    await decide(world, person, { user_code, action: 'deny' })
    await agent.request({
      capabilities: [{ name: 'pay_small', constraints: { amount: { min: 60 } } }],
    })
    const where = [{ field: 'agentId', value: agent.id }]
    const grants = await world.adapter.findMany<{ deniedBy: string | null }>({
      model: 'agentGrant',
      where,
    })
    expect(grants.filter(({ deniedBy }) => deniedBy === person.id)).toHaveLength(1)
  })
})

describe.each(worlds)('strangers: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(async () => world.close())

  const rows = async (model: string) => world.adapter.count({ model })

  it('a host nobody knows leaves no trace, however often it asks', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const before = [await rows('agentJwtId'), await rows('agentEvent')]
    for (const [method, path, body] of [
      ['GET', `/agent/status?agent_id=${agent.id}`, undefined],
      ['GET', `/agent/events?agent_id=${agent.id}`, undefined],
      ['GET', '/capability/list', undefined],
      ['POST', '/agent/revoke', { agent_id: agent.id }],
      ['POST', '/agent/reactivate', { agent_id: agent.id }],
      ['POST', '/agent/claim', { agent_id: agent.id }],
      ['POST', '/host/revoke', {}],
    ] as const) {
      const stranger = await TestHost.create(world)
      const token = await stranger.jwt()
      for (let time = 0; time < 2; time += 1) {
        const answer = await stranger.send(method, path, body, token)
        expect([path, answer.status, answer.body.error]).toEqual([path, 401, 'invalid_jwt'])
      }
    }
    expect([await rows('agentJwtId'), await rows('agentEvent')]).toEqual(before)
  })
})

describe('bodies', () => {
  let world: World
  beforeAll(async () => {
    world = await openPlain(bank())
  })
  afterAll(async () => world.close())

  /** A body without a length that would go on for ever. */
  function endless() {
    let sent = 0
    const chunk = new TextEncoder().encode(' '.repeat(65_536))
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length
        if (sent > 100_000_000) controller.close()
        else controller.enqueue(chunk)
      },
    })
    return { stream, sent: () => sent }
  }

  it.each(['/agent/register', '/agent/introspect', '/agent/approve-capability', '/agent/update'])(
    'one without an end is not read to its end: %s',
    async (path) => {
      const { cookie } = await world.person()
      const { stream, sent } = endless()
      const request = new Request(`${BASE}${path}`, {
        method: 'POST',
        headers: { cookie, origin: new URL(BASE).origin, 'content-type': 'application/json' },
        body: stream,
        duplex: 'half',
      } as RequestInit)
      const { status } = await world.handler(request)
      expect([401, 413]).toContain(status)
      expect(sent()).toBeLessThan(3_000_000)
    },
  )

  it.each([
    ['deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['deep with an escape', `${'['.repeat(200_000)}"\\u0000"${']'.repeat(200_000)}`],
    ['deep in an object', `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['deep with half a pair', `{"a":${'{"a":'.repeat(100_000)}"\\ud800"${'}'.repeat(100_000)}}`],
  ])('one that is %s is refused and breaks nothing', async (_title, text) => {
    const { agent } = await connected(world, ['transfer_money', 'list_accounts'])
    for (const [path, body] of [
      ['/agent/register', text],
      ['/capability/execute', text],
      ['/capability/execute', `{"capability":"list_accounts","arguments":{"x":${text}}}`],
      [
        '/capability/execute',
        `{"capability":"transfer_money","arguments":{"amount":1,"to":"x","y":${text}}}`,
      ],
      [
        '/capability/batch-execute',
        `{"requests":[{"id":"1","capability":"list_accounts","arguments":{"x":${text}}}]}`,
      ],
      [
        '/agent/request-capability',
        `{"capabilities":[{"name":"check_balance","constraints":${text}}]}`,
      ],
    ] as const) {
      const audience = path.startsWith('/capability') ? {} : { audience: new URL(BASE).origin }
      const token = await agent.jwt(audience)
      const answer = await call(world.handler, 'POST', path, { token, body })
      expect([path, answer.status]).not.toEqual([path, 500])
    }
  })
})

describe.each(worlds)('keys: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(async () => world.close())

  it('AA58 a host key cannot become the key of one of its agents', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const answer = await host.post('/host/rotate-key', { public_key: agent.keys.publicJwk })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('keycloak-agent-auth P0 (51): a key is not rotated to itself', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const same = { agent_id: agent.id, public_key: agent.keys.publicJwk }
    expect(await host.post('/agent/rotate-key', same)).toMatchObject({ status: 400 })
    const own = { public_key: host.keys.publicJwk }
    expect(await host.post('/host/rotate-key', own)).toMatchObject({ status: 400 })
  })
})

describe.each(worlds)('pages that listen: $name', ({ open: openWorld }) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(bank())
  })
  afterAll(async () => world.close())

  const listen = async (cookie: string, signal?: AbortSignal) =>
    world.inProcess(
      new Request(`${BASE}/agent/live`, { headers: { cookie }, signal: signal ?? null }),
    )

  it('one person gets twenty at a time, and a place again when one closes', async () => {
    const { cookie } = await world.person()
    const open: Response[] = []
    for (let n = 0; n < 20; n += 1) open.push(await listen(cookie))
    expect(open.every(({ status }) => status === 200)).toBe(true)
    const refused = await listen(cookie)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    const stranger = await world.person()
    const other = await listen(stranger.cookie)
    expect(other.status).toBe(200)
    await open[0]?.body?.cancel()
    open.push(await listen(cookie))
    expect(open.at(-1)?.status).toBe(200)
    for (const { body } of [...open.slice(1), other]) await body?.cancel()
  })

  it('a page that does not read is kept little, and told what it missed', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    const response = await listen(person.cookie)
    const reader = response.body?.getReader()
    for (let n = 0; n < 20; n += 1) await agent.execute('list_accounts')
    let text = ''
    for (let n = 0; n < 3 && !text.includes('changed'); n += 1) {
      text += new TextDecoder().decode((await reader?.read())?.value)
    }
    expect(text.split('event: changed')).toHaveLength(2)
    expect(text).toContain(agent.id)
    await reader?.cancel()
  })
})
