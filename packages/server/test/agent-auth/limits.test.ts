import { afterEach, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import type { AgentAuthOptions, AgentEvent } from '../../src/agent-auth/index.ts'
import { connected, look, TestHost } from '../support/actors.ts'
import { bank, capabilities } from '../support/bank.ts'
import { type Answer, call, countStatuses, ISSUER } from '../support/http.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

const window = 60
const many = { window, max: 100_000 }
const clientAddress = (request: Request) => request.headers.get('x-test-address')
const limited = { status: 429, body: { error: 'rate_limited', message: expect.any(String) } }

const open: World[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()))
})

/** Two servers on one database, and every limit either of them told of. */
async function replicas(rateLimit: AgentAuthOptions['rateLimit'], more: AgentAuthOptions = {}) {
  const told: AgentEvent[] = []
  const onEvent = (event: AgentEvent) => {
    if (event.type === 'rate.limited') told.push(event)
  }
  const database = await freshDatabase()
  const options = bank({ clientAddress, rateLimit, onEvent, ...more })
  const [first, second] = [
    await openPostgres(options, database),
    await openPostgres(options, database),
  ]
  open.push(first, second)
  return { first, second, told }
}

const exchanged = () => new Promise((resolve) => setTimeout(resolve, 600))

function register(world: World, address: string): Promise<Answer> {
  const headers = { 'x-test-address': address }
  return call(world.handler, 'POST', '/agent/register', { headers, body: { name: 'x' } })
}

describe('limits that replicas share', () => {
  it('AF15 AA89 registrations per address, exactly, told once', async () => {
    const { first, second, told } = await replicas({ registration: { window, max: 7 } })
    const address = '203.0.113.9'
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => register(n % 2 ? first : second, address)),
    )
    expect(countStatuses(answers)).toEqual({ 401: 7, 429: 33 })
    for (const answer of answers.filter(({ status }) => status === 429)) {
      expect(answer).toMatchObject(limited)
      const seconds = Number(answer.headers.get('retry-after'))
      expect(seconds).toBeGreaterThan(window - 20)
      expect(seconds).toBeLessThanOrEqual(window)
    }
    expect((await register(first, '203.0.113.10')).status).toBe(401)
    await expect.poll(() => told.length).toBe(1)
    expect(told[0]).toMatchObject({
      code: 'rate_limited',
      details: { limit: 'registration', address },
    })
  })

  it('AF15 IPv6 counts by its /64, however it is written', async () => {
    const { first, second } = await replicas({ registration: { window, max: 3 } })
    const addresses = [
      '2001:db8:1:2::1',
      '2001:DB8:1:2:0:0:0:2',
      '2001:db8:1:2:ffff:ffff:ffff:ffff',
    ]
    for (const address of addresses) expect((await register(first, address)).status).toBe(401)
    expect(await register(second, '2001:db8:1:2:a::9')).toMatchObject(limited)
    expect((await register(second, '2001:db8:1:3::1')).status).toBe(401)
    // One client, over a socket that names IPv4 in two ways.
    for (const address of ['198.51.100.7', '::ffff:198.51.100.7', '::ffff:c633:6407']) {
      expect((await register(second, address)).status).toBe(401)
    }
    expect(await register(first, '198.51.100.7')).toMatchObject(limited)
  })

  it('AF15 wrong user codes per person: ten, exactly, also all at once; right ones cost nothing', async () => {
    const { first, second, told } = await replicas({})
    const person = await first.person()
    const host = await TestHost.create(first)
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    for (let n = 0; n < 12; n++) expect((await look(first, person, { user_code })).status).toBe(200)

    const wrong = await Promise.all(
      Array.from({ length: 25 }, (_, n) =>
        look(n % 2 ? first : second, person, { user_code: 'BCDF-GHJK' }),
      ),
    )
    expect(countStatuses(wrong)).toEqual({ 404: 10, 429: 15 })
    for (const world of [first, second]) {
      expect(await look(world, person, { user_code })).toMatchObject(limited)
    }
    const other = await second.person()
    expect((await look(second, other, { user_code: 'BCDF-GHJK' })).status).toBe(404)
    await expect.poll(() => told.length).toBe(1)
    expect(told[0]).toMatchObject({ userId: person.id, details: { limit: 'userCode' } })
  })

  it('AF15 AA90 agents, within what arrives between two exchanges, told once', async () => {
    const max = 12
    const { first, second, told } = await replicas({ agent: { window, max }, host: many })
    const { agent } = await connected(first, ['list_accounts'])
    const other = await connected(first, ['list_accounts'])
    const execute = async (world: World) => agent.at(world).execute('list_accounts')

    const answers: Answer[] = []
    for (let n = 0; n < 36; n++) {
      answers.push(await execute(n % 2 ? first : second))
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    // Beyond the limit at most what arrives at each of the two within 250 ms and one statement.
    const passed = countStatuses(answers)[200] ?? 0
    expect(passed).toBeGreaterThanOrEqual(max)
    expect(passed).toBeLessThanOrEqual(max + 6)
    await exchanged()
    for (const world of [first, second]) {
      const answer = await execute(world)
      expect(answer).toMatchObject(limited)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(window - 25)
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(window)
    }
    expect((await other.agent.execute('list_accounts')).status).toBe(200)
    await expect.poll(() => told.length).toBe(1)
    await exchanged()
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ agentId: agent.id, details: { limit: 'agent' } })
  })

  it('AF15 a window that another replica began ends when that one does', async () => {
    const { first, second } = await replicas({ agent: { window: 4, max: 3 }, host: many })
    const { agent } = await connected(first, ['list_accounts'])
    const began = Date.now()
    for (let n = 0; n < 3; n++) await agent.at(first).execute('list_accounts')
    await exchanged()
    await agent.at(second).execute('list_accounts')
    await exchanged()
    const refused = await agent.at(second).execute('list_accounts')
    expect(refused).toMatchObject(limited)
    const seconds = Number(refused.headers.get('retry-after'))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    expect((await agent.at(second).execute('list_accounts')).status).toBe(200)
    expect(Date.now() - began).toBeLessThan(6_500)
  })
})

describe.each(worlds)('limits: $name', ({ open: start }) => {
  it('AF15 a host counts what its agents do, a person all their agents, a capability each agent', async () => {
    const told: AgentEvent[] = []
    const world = await start(
      bank({
        rateLimit: {
          registration: many,
          host: { window, max: 4 },
          user: { window, max: 6 },
          capability: { window, max: 2 },
        },
        capabilities: capabilities.map((one) =>
          one.name === 'check_balance' ? { ...one, rateLimit: { window, max: 1 } } : one,
        ),
        onEvent: (event) => void told.push(event),
      }),
    )
    open.push(world)
    const { agent, host } = await connected(world, ['list_accounts', 'check_balance'])
    const balance = () => agent.execute('check_balance', { account: 'a' })
    expect((await balance()).status).toBe(200)
    // The limit of the capability itself, and one audit row for a flood of refusals.
    expect(await balance()).toMatchObject(limited)
    expect((await agent.execute('list_accounts')).status).toBe(200)
    await expect
      .poll(() => told)
      .toContainEqual(
        expect.objectContaining({
          type: 'rate.limited',
          agentId: agent.id,
          capability: 'check_balance',
          details: { limit: 'capability' },
        }),
      )
    expect(told.filter(({ code }) => code === 'rate_limited')).toHaveLength(1)
    // One registration and three requests of its agent.
    expect(await host.status(agent.id)).toMatchObject(limited)
    expect(await agent.execute('list_accounts')).toMatchObject(limited)
    await expect
      .poll(() => told.filter(({ code }) => code === 'rate_limited').map(({ details }) => details))
      .toContainEqual({ limit: 'host', thumbprint: host.thumbprint })
  })

  it('AF15 requests without a credential count by address, those with one never', async () => {
    const world = await start(bank({ clientAddress, rateLimit: { address: { window, max: 3 } } }))
    open.push(world)
    const discover = (address: string) =>
      call(world.handler, 'GET', `${ISSUER}/.well-known/agent-configuration`, {
        headers: { 'x-test-address': address },
      })
    const list = (token?: string) =>
      call(world.handler, 'GET', '/capability/list', {
        headers: { 'x-test-address': '2001:db8::1' },
        ...(token !== undefined && { token }),
      })
    for (let n = 0; n < 3; n++) expect((await discover(`2001:db8::${n}`)).status).toBe(200)
    expect(await discover('2001:db8::9')).toMatchObject(limited)
    expect(await list()).toMatchObject(limited)
    expect((await discover('2001:db8:0:1::1')).status).toBe(200)
    const { agent } = await connected(world)
    expect((await list(await agent.jwt({ audience: ISSUER }))).status).toBe(200)
  })

  it('AF15 AF16 wrong introspection secrets count by address; refusals are told at a bounded rate', async () => {
    const told: AgentEvent[] = []
    const world = await start(
      bank({
        clientAddress,
        rateLimit: { introspection: { window, max: 3 } },
        onEvent: (event) => void told.push(event),
      }),
    )
    open.push(world)
    const ask = (token: string) =>
      call(world.handler, 'POST', '/agent/introspect', {
        token,
        body: { token: 'a.b.c' },
        headers: { 'x-test-address': '192.0.2.1' },
      })
    for (let n = 0; n < 3; n++) expect((await ask('guess')).status).toBe(401)
    expect(await ask('guess')).toMatchObject(limited)
    const secret = bank().introspectionSecrets?.[0] ?? ''
    for (let n = 0; n < 5; n++) expect((await ask(secret)).body).toEqual({ active: false })
    const codes = () =>
      told.filter(({ type }) => type === 'introspection.refused').map(({ code }) => code)
    await expect.poll(codes).toEqual(['authentication_required', 'invalid_jwt'])
  })
})
