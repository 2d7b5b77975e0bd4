import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import type { AgentEvent, Capability } from '../../src/agent-auth/index.ts'
import { connected, type TestAgent } from '../support/actors.ts'
import { bank, capabilities, FILES } from '../support/bank.ts'
import { type Answer, BASE, call, ISSUER } from '../support/http.ts'
import { LongRunning } from '../support/long-running.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

const long = new LongRunning()
const seen: AgentEvent[] = []
const hooks = new Map<string, () => Promise<unknown>>()
const extra: readonly Capability[] = [
  {
    name: 'hook',
    description: 'Does what the test says.',
    execute: ({ key }) => hooks.get(String(key))?.(),
  },
  { name: 'strange', description: 'Returns what JSON cannot say.', execute: () => ({ n: 1n }) },
]
const options = (more: Parameters<typeof bank>[0] = {}) =>
  bank({
    capabilities: [...capabilities, ...long.capabilities, ...extra],
    onEvent: (event) => void seen.push(event),
    ...more,
  })

async function batch(agent: TestAgent, requests: unknown, token?: string): Promise<Answer> {
  return call(agent.host.handler, 'POST', '/capability/batch-execute', {
    token: token ?? (await agent.jwt()),
    body: { requests },
  })
}

const time = { capability: 'tell_time' }

describe.each(worlds)('batches: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(options())
  })
  afterAll(() => world.close())

  it('AC1 answers each item in its order, whatever became of the others', async () => {
    const { agent } = await connected(world, ['check_balance', 'crash', 'lie', 'strange'])
    const answer = await batch(agent, [
      { id: 'a', capability: 'check_balance', arguments: { account: 'acc_1' } },
      { capability: 'check_balance', arguments: {} },
      { id: 'c', capability: 'transfer_money', arguments: { amount: 1, to: 'x' } },
      { id: 'd', capability: 'crash' },
      { id: 'e', capability: 'nope' },
      { id: 'f', capability: 'lie' },
      { id: 'g', capability: 'strange' },
      { id: 'h', capability: 'check_balance', arguments: { account: 'acc_2' } },
    ])
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      responses: [
        { id: 'a', data: { account: 'acc_1', balance: 120 } },
        { id: '1', error: expect.objectContaining({ error: 'invalid_request' }) },
        { id: 'c', error: expect.objectContaining({ error: 'capability_not_granted' }) },
        { id: 'd', error: expect.objectContaining({ error: 'internal_error' }) },
        { id: 'e', error: expect.objectContaining({ error: 'capability_not_found' }) },
        { id: 'f', error: expect.objectContaining({ error: 'upstream_error' }) },
        { id: 'g', error: expect.objectContaining({ error: 'upstream_error' }) },
        { id: 'h', data: { account: 'acc_2', balance: 120 } },
      ],
    })
    expect(JSON.stringify(answer.body)).not.toContain('hunter2')
    await vi.waitFor(() => {
      const own = seen.filter(
        ({ type, agentId }) => type === 'capability.executed' && agentId === agent.id,
      )
      expect(own.map(({ outcome }) => outcome).slice(0, 6)).toEqual([
        'success',
        'refused',
        'refused',
        'failed',
        'refused',
        'failed',
      ])
      expect(own).toHaveLength(8)
    })
  })

  it('AC1 is listed in discovery', async () => {
    const { body } = await call(world.handler, 'GET', `${ISSUER}/.well-known/agent-configuration`)
    expect(body.endpoints.batch_execute).toBe('/api/auth/capability/batch-execute')
  })

  it.each([
    ['no list', undefined],
    ['an empty list', []],
    [
      'an id twice',
      [
        { id: 'a', ...time },
        { id: 'a', ...time },
      ],
    ],
    ['an id that is a position', [{ id: '1', ...time }, time]],
    ['51 items', Array.from({ length: 51 }, () => time)],
    ['an item without a capability', [time, { arguments: {} }]],
    ['arguments that are none', [{ ...time, arguments: [] }]],
  ])('AC1 refuses a batch with %s, and runs nothing', async (_title, requests) => {
    const { agent } = await connected(world, ['tell_time'])
    expect(await batch(agent, requests)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })

  it('AA48 the capabilities of the JWT narrow each item', async () => {
    const { agent } = await connected(world, ['check_balance', 'tell_time'])
    const token = await agent.jwt({ capabilities: ['tell_time'] })
    const balance = { capability: 'check_balance', arguments: { account: 'a' } }
    const { body } = await batch(agent, [balance, time], token)
    expect(body.responses).toMatchObject([
      { error: { error: 'capability_not_granted' } },
      { data: { time: '12:00' } },
    ])
    const none = await batch(agent, [time], await agent.jwt({ capabilities: [] }))
    expect(none.body.responses).toMatchObject([{ error: { error: 'capability_not_granted' } }])
  })

  it('AA50 a JWT for a location, for the issuer or for the batch endpoint itself is refused', async () => {
    const { agent } = await connected(world, ['tell_time', 'read_files'])
    for (const audience of [FILES, ISSUER, `${BASE}/capability/batch-execute`]) {
      const answer = await batch(agent, [time], await agent.jwt({ audience }))
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
    }
    const token = await agent.jwt()
    expect((await batch(agent, [time], token)).status).toBe(200)
    expect((await batch(agent, [time], token)).status).toBe(401)
    const bare = { body: { requests: [time] } }
    expect((await call(world.handler, 'POST', '/capability/batch-execute', bare)).status).toBe(401)
  })

  it('AF6 a job in a batch is polled for; a stream is refused before it runs', async () => {
    const { agent } = await connected(world, ['export_statement', 'watch_prices'])
    const key = randomUUID()
    const { body } = await batch(agent, [
      { id: 'job', capability: 'export_statement', arguments: { key } },
      { id: 'stream', capability: 'watch_prices', arguments: { key } },
    ])
    const [job, stream] = body.responses
    expect(job).toEqual({ id: 'job', status: 'pending', status_url: expect.any(String) })
    expect(stream).toMatchObject({ id: 'stream', error: { error: 'invalid_request' } })
    expect(await long.feed(key)).toMatchObject({ asked: 0, signal: { aborted: true } })
    ;(await long.job(key)).finish('done')
    await vi.waitFor(async () => {
      const token = await agent.jwt({ audience: ISSUER })
      const polled = await call(world.handler, 'GET', job.status_url, { token })
      expect(polled.body).toEqual({ status: 'completed', result: 'done' })
    })
  })

  it('AF5 each item is counted on its own, in its order', async () => {
    const decision = {
      capabilities: [
        { capability: 'transfer_money', allow: true, budget: { field: 'amount', limit: 10 } },
      ],
    }
    const { agent } = await connected(world, ['transfer_money'], decision)
    const send = (amount: number) => ({
      capability: 'transfer_money',
      arguments: { amount, to: 'a' },
    })
    const { body } = await batch(agent, [send(6), send(5), send(4), send(1)])
    expect(body.responses).toMatchObject([
      { data: { sent: { amount: 6 } } },
      { error: { error: 'limit_exceeded' } },
      { data: { sent: { amount: 4 } } },
      { error: { error: 'limit_exceeded' } },
    ])
  })

  it('AF6 revoking the agent stops the rest of its batch', async () => {
    const { agent, person } = await connected(world, ['hook', 'tell_time'])
    const key = randomUUID()
    const body = { agent_id: agent.id }
    const { cookie } = person
    hooks.set(key, () => call(world.handler, 'POST', '/agent/revoke', { cookie, body }))
    const answer = await batch(agent, [time, { capability: 'hook', arguments: { key } }, time])
    expect(answer.body.responses).toMatchObject([
      { data: { time: '12:00' } },
      { id: '1' },
      { error: { error: 'agent_revoked' } },
    ])
  })

  it('AF13 items count as requests of the agent and of the capability', async () => {
    world = await world.restart(
      options({
        rateLimit: {
          registration: { window: 60, max: 1000 },
          agent: { window: 60, max: 5 },
          capability: { window: 60, max: 3 },
        },
        maxBatchSize: 10,
      }),
    )
    const { agent } = await connected(world, ['tell_time', 'list_accounts'])
    const requests = [
      ...Array.from({ length: 4 }, () => time),
      { capability: 'list_accounts' },
      time,
    ]
    const { body } = await batch(agent, requests)
    const outcomes = body.responses.map(
      (one: { error?: { error: string } }) => one.error?.error ?? 'ok',
    )
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'rate_limited', 'ok', 'rate_limited'])
    expect(
      await batch(
        agent,
        Array.from({ length: 11 }, () => time),
      ),
    ).toMatchObject({ status: 400 })
  })
})

describe('batches on two replicas', () => {
  it('AA81 of 50 parallel uses of a single-use grant one succeeds', async () => {
    const database = await freshDatabase()
    const replicas = [
      await openPostgres(options(), database),
      await openPostgres(options(), database),
    ]
    const [first] = replicas
    try {
      if (!first) throw new Error('no world')
      const decision = { capabilities: [{ capability: 'list_accounts', allow: true, max_uses: 1 }] }
      const { agent } = await connected(first, ['list_accounts'], decision)
      const list = { capability: 'list_accounts' }
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => {
          const at = agent.at(replicas[n % 2] ?? first)
          return n % 4 < 2 ? at.execute('list_accounts') : batch(at, [list, list])
        }),
      )
      const results = answers.flatMap(({ body }) => body.responses ?? [body])
      expect(results).toHaveLength(74)
      expect(results.filter((one) => 'data' in one)).toHaveLength(1)
      for (const one of results.filter((result) => !('data' in result))) {
        expect(one.error?.error ?? one.error).toBe('limit_exceeded')
      }
    } finally {
      for (const world of replicas) await world.close()
    }
  })
})
