import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import type { AgentEvent } from '../../src/agent-auth/index.ts'
import { change, connected, type TestAgent } from '../support/actors.ts'
import { bank, capabilities } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { LongRunning } from '../support/long-running.ts'
import { type SentEvent, sentEvents, type Served, serveWorld } from '../support/serve.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

const long = new LongRunning()
const seen: AgentEvent[] = []
const options = (more: Parameters<typeof bank>[0] = {}) =>
  bank({
    capabilities: [...capabilities, ...long.capabilities],
    onEvent: (event) => void seen.push(event),
    ...more,
  })
const names = ['watch_prices', 'say', 'say_nothing', 'read_out']

/** Sends an execute request over HTTP. */
async function open(
  { base }: Served,
  agent: TestAgent,
  body: { capability: string; arguments?: Record<string, unknown> },
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${base}/capability/execute`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await agent.jwt()}`,
      'content-type': 'application/json',
      ...(init.headers as Record<string, string>),
    },
    body: JSON.stringify(body),
    ...(init.signal && { signal: init.signal }),
  })
}

const say = (...words: unknown[]) => ({ capability: 'say', arguments: { words } })
const watch = (key: string, more = {}) => ({
  capability: 'watch_prices',
  arguments: { key, ...more },
})

async function all(response: Response): Promise<SentEvent[]> {
  const events: SentEvent[] = []
  for await (const event of sentEvents(response)) if (event.event !== ':') events.push(event)
  return events
}

/** Reads until the stream tells something else than a chunk. */
async function ending(events: AsyncGenerator<SentEvent>): Promise<SentEvent[]> {
  const rest: SentEvent[] = []
  for await (const event of events) if (!['data', ':'].includes(event.event)) rest.push(event)
  return rest
}

const ended = (agent: TestAgent) =>
  seen.filter(({ type, agentId }) => type === 'capability.executed' && agentId === agent.id)

describe.each(worlds)('streams: $name', ({ open: openWorld }) => {
  let world: World
  let served: Served
  beforeAll(async () => {
    world = await openWorld(options())
    served = await serveWorld(() => world)
  })
  afterAll(async () => {
    await served.close()
    await world.close()
  })
  afterEach(() => vi.useRealTimers())

  it('AA83 sends each chunk as a data event of JSON, and done', async () => {
    const { agent } = await connected(world, names)
    const response = await open(served, agent, say('a', 'b'), {
      headers: { accept: 'application/json' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await all(response)).toEqual([
      { event: 'data', data: '"a"' },
      { event: 'data', data: '"b"' },
      { event: 'done', data: '' },
    ])
    await vi.waitFor(() => {
      expect(seen.filter(({ agentId }) => agentId === agent.id).slice(-2)).toMatchObject([
        { type: 'capability.started', outcome: 'success', details: { mode: 'stream' } },
        { type: 'capability.executed', outcome: 'success', details: { chunks: 2 } },
      ])
    })
  })

  it('AA83 no chunk breaks out of its frame', async () => {
    const { agent } = await connected(world, names)
    const events = await all(await open(served, agent, { capability: 'read_out' }))
    expect(events.map(({ event }) => event)).toEqual(['data', 'data', 'data', 'done'])
    const chunks = events.slice(0, 3).map(({ data }) => JSON.parse(data) as unknown)
    expect(chunks).toEqual([{ line: 'a\nb\r\n\nevent: done' }, '\u2028', null])
  })

  it.each([
    ['the handler throws', ['a', 'oops', 'b'], 'internal_error'],
    ['it throws before the first chunk', ['oops'], 'internal_error'],
    ['a chunk is not what was promised', ['a', 7], 'upstream_error'],
  ])('AA83 AF7 %s: error, then done', async (_title, words, error) => {
    const { agent } = await connected(world, names)
    const events = await all(await open(served, agent, say(...words)))
    expect(events.slice(-2)).toMatchObject([{ event: 'error' }, { event: 'done', data: '' }])
    expect(JSON.parse(events.at(-2)?.data ?? '')).toMatchObject({
      error,
      message: expect.any(String),
    })
    expect(JSON.stringify(events)).not.toContain('hunter2')
    expect(events.filter(({ event }) => event === 'data')).toHaveLength(words.length > 1 ? 1 : 0)
    await vi.waitFor(() => expect(ended(agent)).toMatchObject([{ outcome: 'failed', code: error }]))
  })

  it('AF6 whoever goes away stops the handler', async () => {
    const { agent } = await connected(world, names)
    const key = randomUUID()
    const leaving = new AbortController()
    const response = await open(served, agent, watch(key), { signal: leaving.signal })
    const feed = await long.feed(key)
    await sentEvents(response).next()
    expect(feed.signal?.aborted).toBe(false)
    leaving.abort()
    await vi.waitFor(() => expect(feed).toMatchObject({ returned: true }), 3000)
    expect(feed.signal?.aborted).toBe(true)
    await vi.waitFor(() => {
      expect(ended(agent)).toMatchObject([
        { outcome: 'success', details: { ended: 'by the caller' } },
      ])
    })
    const { asked } = feed
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(feed.asked).toBe(asked)
  })

  it('AF6 a handler goes no faster than it is read', async () => {
    const { agent } = await connected(world, names)
    const key = randomUUID()
    const response = await world.inProcess(
      new Request(`${served.base}/capability/execute`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await agent.jwt()}` },
        body: JSON.stringify(watch(key, { every: 0 })),
      }),
    )
    const feed = await long.feed(key)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(feed.asked).toBeLessThanOrEqual(1)
    const events = sentEvents(response)
    for (let read = 0; read < 10; read += 1) await events.next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(feed.asked).toBeLessThanOrEqual(12)
    await events.return(undefined)
    await vi.waitFor(() => expect(feed.returned).toBe(true))
  })

  it('AF6 says every 15 seconds that it is still there', async () => {
    const { agent } = await connected(world, names)
    const token = await agent.jwt()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const response = await world.handler(
      new Request(`${served.base}/capability/execute`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ capability: 'say_nothing' }),
      }),
    )
    const events = sentEvents(response)
    expect(await events.next()).toMatchObject({ value: { event: ':' } })
    const second = events.next()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await second).toMatchObject({ value: { event: ':' } })
    await events.return(undefined)
  })

  it.each(['agent', 'grant'])(
    'AF6 revoking the %s ends its stream at once: error, then done',
    async (what) => {
      const { agent, person } = await connected(world, names)
      const response = await open(served, agent, { capability: 'say_nothing' })
      const events = sentEvents(response)
      await events.next()
      const body =
        what === 'agent'
          ? { agent_id: agent.id }
          : { agent_id: agent.id, grant_id: await grantId(agent.id, 'say_nothing') }
      const path = what === 'agent' ? '/agent/revoke' : '/agent/revoke-grant'
      const { cookie } = person
      expect((await call(world.handler, 'POST', path, { cookie, body })).status).toBe(200)
      const code = what === 'agent' ? 'agent_revoked' : 'capability_not_granted'
      const [error, done] = await ending(events)
      expect(error?.event).toBe('error')
      expect(JSON.parse(error?.data ?? '')).toMatchObject({ error: code })
      expect(done).toEqual({ event: 'done', data: '' })
      await vi.waitFor(() => expect(ended(agent)).toMatchObject([{ outcome: 'refused', code }]))
    },
  )

  it('AF6 a stream ends with its grant, and at the longest duration', async () => {
    world = await world.restart(options({ streamMaxDuration: 2, revocationCheckInterval: 1 }))
    const { agent } = await connected(world, names)
    const lasting = await open(served, agent, { capability: 'say_nothing' })
    const limited = randomUUID()
    const expiring = await open(served, agent, watch(limited))
    await change(world, 'agentGrant', await grantId(agent.id, 'watch_prices'), {
      expiresAt: new Date(Date.now() - 1),
    })
    const [refused] = await ending(sentEvents(expiring))
    expect(JSON.parse(refused?.data ?? '')).toMatchObject({ error: 'capability_not_granted' })
    expect(await long.feed(limited)).toMatchObject({ signal: { aborted: true } })
    const [tooLong, done] = await ending(sentEvents(lasting))
    expect(JSON.parse(tooLong?.data ?? '')).toMatchObject({ error: 'unavailable' })
    expect(done?.event).toBe('done')
  })

  async function grantId(agentId: string, capability: string): Promise<string> {
    const [grant] = await world.adapter.findMany<{ id: string }>({
      model: 'agentGrant',
      where: [
        { field: 'agentId', value: agentId },
        { field: 'capability', value: capability },
      ],
    })
    return grant?.id ?? ''
  }
})

describe('streams on two replicas', () => {
  it('AF6 a revocation on the other replica ends a stream; one that stops ends its own', async () => {
    const database = await freshDatabase()
    const replica = options({ revocationCheckInterval: 1 })
    const first = await openPostgres(replica, database)
    const second = await openPostgres(replica, database)
    const served = await serveWorld(() => first)
    try {
      const { agent, person } = await connected(first, names)
      const other = await connected(first, names)
      const events = sentEvents(await open(served, agent, watch(randomUUID())))
      const others = sentEvents(await open(served, other.agent, watch(randomUUID())))
      await events.next()
      await others.next()
      const body = { agent_id: agent.id }
      await call(second.handler, 'POST', '/agent/revoke', { cookie: person.cookie, body })
      const [error, done] = await ending(events)
      expect(JSON.parse(error?.data ?? '')).toMatchObject({ error: 'agent_revoked' })
      expect(done?.event).toBe('done')
      expect(await others.next()).toMatchObject({ value: { event: 'data' } })
      const [rest] = await Promise.all([ending(others), first.close()])
      expect(rest.map(({ event }) => event)).toEqual(['error', 'done'])
      expect(JSON.parse(rest[0]?.data ?? '')).toMatchObject({ error: 'unavailable' })
    } finally {
      await served.close()
      await second.close()
    }
  })
})
