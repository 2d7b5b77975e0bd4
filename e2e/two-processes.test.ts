import { setTimeout as delay } from 'node:timers/promises'
import { generateKeyPair } from '@countersign/protocol'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decide, TestAgent, TestHost } from '../packages/server/test/support/actors.ts'
import { INTROSPECTION_SECRET } from '../packages/server/test/support/bank.ts'
import {
  type Answer,
  call,
  countStatuses,
  EXECUTE,
  type Handler,
  ISSUER,
} from '../packages/server/test/support/http.ts'
import { sentEvents } from '../packages/server/test/support/serve.ts'
import type { TestPerson } from '../packages/server/test/support/worlds.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startPostgres, type TestPostgres } from '../testing/postgres.ts'
import { BankProcess, takingTurns } from './bank-process.ts'
import { CuttableWay } from './outage.ts'

/** Callers at once, spread over both servers. */
const CALLERS = 50

/** For what has to happen and takes as long as a busy machine needs. */
const eventually = { timeout: 30_000, interval: 50 }

const EFFECTS = 'create table effect (id serial, tag text, amount numeric, pid int)'

const together = <Result>(count: number, task: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => task(index)))

const errorsOf = (answers: readonly Answer[]) =>
  answers.filter(({ status }) => status !== 200).map(({ status, body }) => [status, body.error])

/** Signs a person up, as a browser does. */
async function signUp(handler: Handler): Promise<TestPerson> {
  const email = `${crypto.randomUUID()}@example.com`
  const body = JSON.stringify({ email, name: 'Ada', password: 'correct horse battery' })
  const headers = { 'content-type': 'application/json', origin: ISSUER }
  const url = `${ISSUER}/api/auth/sign-up/email`
  const response = await handler(new Request(url, { method: 'POST', headers, body }))
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { user } = (await response.json()) as { user: { id: string } }
  return { id: user.id, email, cookie, sessionId: '' }
}

/** A host that a person linked, with one active agent. */
async function connected(
  handler: Handler,
  capabilities: readonly unknown[],
  decision: Record<string, unknown> = {},
) {
  const person = await signUp(handler)
  const host = await TestHost.create({ handler })
  const { answer, agent } = await host.register({ capabilities })
  const { user_code } = answer.body.approval
  const approved = await decide({ handler }, person, { user_code, action: 'approve', ...decision })
  expect(approved).toMatchObject({ status: 200 })
  return { person, host, agent }
}

/** Says whether something has ended. */
function flagOf(ending: Promise<unknown>): () => boolean {
  const state = { isOver: false }
  void ending.then(() => (state.isOver = true))
  return () => state.isOver
}

const isInternal = ({ status }: { status: number }) => status === 500

describe('two server processes on one PostgreSQL', () => {
  let here: BankProcess
  let there: BankProcess
  let handler: Handler
  let database: pg.Client
  beforeAll(async () => {
    const connectionString = await freshDatabase()
    database = new pg.Client({ connectionString })
    await database.connect()
    await database.query(EFFECTS)
    const start = () => BankProcess.start(connectionString)
    // At once: each of them compiles the whole server first.
    ;[here, there] = await Promise.all([start(), start()])
    handler = takingTurns([here, there])
  })
  afterAll(async () => {
    await here.stop()
    await there.stop()
    await database.end()
  })

  const count = async (sql: string, ...values: unknown[]) =>
    Number((await database.query<{ n: string }>(`select (select ${sql}) as n`, values)).rows[0]?.n)

  it('AA41 one agent JWT succeeds once', async () => {
    const { agent } = await connected(handler, ['list_accounts'])
    for (let round = 0; round < 5; round += 1) {
      const jwt = await agent.jwt()
      const answers = await together(CALLERS, () => agent.execute('list_accounts', {}, jwt))
      expect(countStatuses(answers)).toEqual({ 200: 1, 401: CALLERS - 1 })
      expect(errorsOf(answers).every(([, error]) => error === 'invalid_jwt')).toBe(true)
    }
  })

  it('AA42 one host JWT succeeds once, whatever it is sent to', async () => {
    const { host, agent } = await connected(handler, ['list_accounts'])
    const jwt = await host.jwt()
    const answers = await together(CALLERS, (index) =>
      index % 2 === 0
        ? host.status(agent.id, jwt)
        : host.post('/agent/reactivate', { agent_id: agent.id }, jwt),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: CALLERS - 1 })
  })

  it('AA41 a JWT counts once for execute and batch together', async () => {
    const { agent } = await connected(handler, ['list_accounts'])
    const jwt = await agent.jwt()
    const requests = [{ id: '1', capability: 'list_accounts' }]
    const answers = await together(CALLERS, (index) =>
      index % 2 === 0
        ? agent.execute('list_accounts', {}, jwt)
        : call(handler, 'POST', '/capability/batch-execute', { token: jwt, body: { requests } }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: CALLERS - 1 })
  })

  it('AA26 one key becomes one agent', async () => {
    const host = await TestHost.create({ handler })
    const keys = await generateKeyPair()
    const registered = await together(CALLERS, () => host.register({}, keys))
    const answers = registered.map(({ answer }) => answer)
    expect(countStatuses(answers)).toEqual({ 200: CALLERS })
    expect(new Set(answers.map(({ body }) => body.agent_id)).size).toBe(1)
    const [hosts, agents] = [
      await count('count(*) from agent_host where thumbprint = $1', host.thumbprint),
      await count('count(*) from agent where id = $1', answers[0]?.body.agent_id),
    ]
    expect([hosts, agents]).toEqual([1, 1])
  })

  it('AA24 asking again leaves one live code', async () => {
    const host = await TestHost.create({ handler })
    const keys = await generateKeyPair()
    const { agent } = await host.register({ capabilities: ['list_accounts'] }, keys)
    const registered = await together(20, () =>
      host.register({ capabilities: ['list_accounts'] }, keys),
    )
    const answers = registered.map(({ answer }) => answer)
    expect(errorsOf(answers).filter(([status]) => status !== 503)).toEqual([])
    const pending = `count(*) from agent_approval where agent_id = $1 and status = 'pending'`
    expect(await count(pending, agent.id)).toBe(1)
    const waiting = `count(*) from agent_grant where agent_id = $1 and status = 'pending'`
    expect(await count(waiting, agent.id)).toBe(1)
  })

  it('AA24 an active agent that asks again and again has one live code', async () => {
    const { agent } = await connected(handler, ['list_accounts'])
    const answers = await together(20, () => agent.request({ capabilities: ['check_balance'] }))
    expect(errorsOf(answers).filter(([status]) => status !== 503)).toEqual([])
    const pending = `count(*) from agent_approval where agent_id = $1 and status = 'pending'`
    expect(await count(pending, agent.id)).toBe(1)
    const waiting = `count(*) from agent_grant where agent_id = $1 and status = 'pending'`
    expect(await count(waiting, agent.id)).toBe(1)
  })

  it('AA81 a grant for one use is used once', async () => {
    const capabilities = [{ capability: 'spend', allow: true, max_uses: 1 }]
    const { agent } = await connected(handler, ['spend'], { capabilities })
    const answers = await together(CALLERS, () => agent.execute('spend', { tag: agent.id }))
    expect(countStatuses(answers)).toEqual({ 200: 1, 403: CALLERS - 1 })
    expect(await count('count(*) from effect where tag = $1', agent.id)).toBe(1)
  })

  it('AF5 a budget is never overspent, by executions, batches and other services together', async () => {
    const budget = { field: 'amount', limit: 100 }
    const capabilities = [{ capability: 'spend', allow: true, budget }]
    const { agent } = await connected(handler, ['spend'], { capabilities })
    const args = { tag: agent.id, amount: 7 }
    const requests = [1, 2].map((id) => ({ id: `${id}`, capability: 'spend', arguments: args }))
    const answers = await together(CALLERS, async (index) =>
      index % 2 === 0
        ? agent.execute('spend', args)
        : call(handler, 'POST', '/capability/batch-execute', {
            token: await agent.jwt(),
            body: { requests },
          }),
    )
    expect(answers.filter(isInternal)).toEqual([])
    expect(await count('sum(amount) from effect where tag = $1', agent.id)).toBe(98)
    const grants = await agent.grants()
    expect(grants).toMatchObject([{ budget: { limit: 100, spent: 98 } }])
  })

  it('CVE-2026-45337 (2) an approval is decided once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const person = await signUp(handler)
      const host = await TestHost.create({ handler })
      const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
      const { user_code } = answer.body.approval
      const answers = await together(10, (index) =>
        decide({ handler }, person, { user_code, action: index % 2 === 0 ? 'approve' : 'deny' }),
      )
      expect(countStatuses(answers)).toEqual({ 200: 1, 409: 9 })
      expect(errorsOf(answers).every(([, error]) => error === 'approval_decided')).toBe(true)
      const winner = answers.find(({ status }) => status === 200)
      const { body } = await host.status(agent.id)
      expect(body.status).toBe(winner?.body.status)
      const [grant] = body.agent_capability_grants
      expect(grant.status).toBe(body.status === 'active' ? 'active' : 'denied')
    }
  })

  it('CVE-2026-45337 (2) of two people with one code one gets it', async () => {
    const people = await together(4, () => signUp(handler))
    const host = await TestHost.create({ handler })
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    const answers = await Promise.all(
      people.flatMap((person) =>
        ['approve', 'deny'].map((action) => decide({ handler }, person, { user_code, action })),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => [200, 404, 409].includes(status))).toBe(true)
  })

  it('better-auth#8067 (21) AF2 one enrolment token connects one host', async () => {
    const { cookie, id } = await signUp(handler)
    const { body } = await call(handler, 'POST', '/host/create', { cookie, body: {} })
    const hosts = await together(CALLERS, () => TestHost.create({ handler }))
    const token = body.enrollment_token
    const answers = await Promise.all(hosts.map((host) => host.post('/host/enroll', { token })))
    expect(countStatuses(answers)).toEqual({ 200: 1, 403: CALLERS - 1 })
    expect(await count('count(*) from agent_host where user_id = $1', id)).toBe(1)
  })

  it('AF11 AA63 one person claims all autonomous agents of a host', async () => {
    const people = await together(4, () => signUp(handler))
    const host = await TestHost.create({ handler })
    const bots: TestAgent[] = []
    for (let n = 0; n < 4; n += 1) {
      const { agent } = await host.register({ mode: 'autonomous', capabilities: ['tell_time'] })
      expect(await agent.execute('tell_time')).toMatchObject({ status: 200 })
      bots.push(agent)
    }
    const codes: string[] = []
    for (const bot of bots) {
      const { body } = await host.post('/agent/claim', { agent_id: bot.id })
      codes.push(body.approval.user_code)
    }
    const executing = together(CALLERS, (index) => {
      const bot = bots[index % bots.length]
      return bot ? bot.execute('tell_time') : Promise.reject(new Error('no bot'))
    })
    const answers = await Promise.all(
      people.map((person, index) =>
        decide({ handler }, person, { user_code: codes[index], action: 'approve' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(isInternal)).toEqual([])
    const owner = people[answers.findIndex(({ status }) => status === 200)]
    const owners = await database.query(
      'select distinct user_id, status from agent where host_id in (select id from agent_host where thumbprint = $1)',
      [host.thumbprint],
    )
    expect(owners.rows).toEqual([{ user_id: owner?.id, status: 'claimed' }])
    expect((await executing).every(({ status }) => status === 200 || status === 403)).toBe(true)
    for (const bot of bots) {
      await vi.waitFor(
        async () =>
          expect(await bot.execute('tell_time')).toMatchObject({
            status: 403,
            body: { error: 'agent_claimed' },
          }),
        eventually,
      )
    }
  })

  it('AA63 no autonomous agent that registers while its host is claimed acts on', async () => {
    const person = await signUp(handler)
    const host = await TestHost.create({ handler })
    const { agent } = await host.register({ mode: 'autonomous', capabilities: ['tell_time'] })
    const { body } = await host.post('/agent/claim', { agent_id: agent.id })
    const { user_code } = body.approval
    const [decided, ...registered] = await Promise.all([
      decide({ handler }, person, { user_code, action: 'approve' }),
      ...Array.from({ length: CALLERS }, () =>
        host.register({ mode: 'autonomous', capabilities: ['tell_time'] }),
      ),
    ])
    expect(decided).toMatchObject({ status: 200 })
    const late = registered.filter(({ answer }) => answer.status === 200)
    expect(registered.map(({ answer }) => answer).filter(isInternal)).toEqual([])
    for (const server of [here, there]) {
      const answers = await Promise.all(
        late.map(({ agent: bot }) => bot.at(server).execute('tell_time')),
      )
      expect(answers.filter(({ status }) => status !== 403)).toEqual([])
    }
  })

  it('AA74 no agent that registers while its host is taken away acts on', async () => {
    for (const [path, expected] of [
      ['/host/unlink', 403],
      ['/host/revoke', 403],
    ] as const) {
      const { person, host, agent } = await connected(handler, ['list_accounts'])
      const { cookie } = person
      const list = await call(handler, 'GET', '/host/list', { cookie })
      const [{ host_id }] = list.body.hosts
      const [taken, ...registered] = await Promise.all([
        call(handler, 'POST', path, { cookie, body: { host_id } }),
        ...Array.from({ length: CALLERS }, () =>
          host.register({ capabilities: ['list_accounts'] }),
        ),
      ])
      expect(taken).toMatchObject({ status: 200 })
      expect(registered.map(({ answer }) => answer).filter(isInternal)).toEqual([])
      for (const server of [here, there]) {
        const bots = registered.filter(({ answer }) => answer.status === 200)
        const answers = await Promise.all(
          [agent, ...bots.map(({ agent: bot }) => bot)].map((bot) =>
            bot.at(server).execute('list_accounts'),
          ),
        )
        expect(countStatuses(answers)).toEqual({ [expected]: answers.length })
      }
    }
  })

  it('AA58 of many rotations of a host key one counts', async () => {
    const { host, agent } = await connected(handler, ['list_accounts'])
    const keys = await together(20, () => generateKeyPair())
    const answers = await Promise.all(
      keys.map(({ publicJwk }) => host.post('/host/rotate-key', { public_key: publicJwk })),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 19 })
    expect(await host.status(agent.id)).toMatchObject({ status: 401 })
  })

  it('AA57 after many rotations of an agent key one key counts, on both', async () => {
    const { host, agent } = await connected(handler, ['list_accounts'])
    const keys = await together(20, () => generateKeyPair())
    const rotations = keys.map(({ publicJwk }) =>
      host.post('/agent/rotate-key', { agent_id: agent.id, public_key: publicJwk }),
    )
    expect(countStatuses(await Promise.all(rotations))).toEqual({ 200: 20 })
    await vi.waitFor(async () => {
      for (const server of [here, there]) {
        const answers = await Promise.all(
          [agent.keys, ...keys].map((one) =>
            new TestAgent(host, one, agent.id).at(server).execute('list_accounts'),
          ),
        )
        expect(countStatuses(answers)).toEqual({ 200: 1, 401: 20 })
      }
    }, eventually)
  })

  it('AF15 AA69 wrong codes count together', async () => {
    const { cookie } = await signUp(handler)
    const wrong = () => call(handler, 'GET', '/agent/approval?user_code=BCDF-GHJK', { cookie })
    const answers = await together(CALLERS, wrong)
    expect(countStatuses(answers)).toEqual({ 404: 10, 429: CALLERS - 10 })
    const host = await TestHost.create({ handler })
    const { answer } = await host.register()
    const { user_code } = answer.body.approval
    for (const server of [here, there]) {
      const path = `/agent/approval?user_code=${user_code}`
      const locked = await call(server.handler, 'GET', path, { cookie })
      expect(locked).toMatchObject({ status: 429, body: { error: 'rate_limited' } })
      expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  })

  it('AF15 registrations from one address count together, exactly', async () => {
    const headers = { 'x-test-address': '198.51.100.7' }
    const answers = await together(CALLERS, async () => {
      const host = await TestHost.create({ handler })
      const { publicJwk } = await generateKeyPair()
      const token = await host.jwt({ agentPublicJwk: publicJwk })
      return call(handler, 'POST', '/agent/register', { token, headers, body: { name: 'Bot' } })
    })
    expect(countStatuses(answers)).toEqual({ 200: 30, 429: CALLERS - 30 })
  })

  it('AF15 a limit that one server sees reached holds on the other', async () => {
    const { agent } = await connected(handler, ['limited'])
    const answers = await together(CALLERS, () => agent.execute('limited'))
    const passed = answers.filter(({ status }) => status === 200).length
    expect(passed).toBeGreaterThanOrEqual(20)
    expect(passed).toBeLessThanOrEqual(40)
    for (const server of [here, there]) {
      await vi.waitFor(async () => {
        const answer = await agent.at(server).execute('limited')
        expect(answer).toMatchObject({ status: 429, body: { error: 'rate_limited' } })
      }, eventually)
    }
  })

  describe('a revocation on one stops the other', () => {
    const introspect = async (server: BankProcess, agent: TestAgent) =>
      call(server.handler, 'POST', '/agent/introspect', {
        token: INTROSPECTION_SECRET,
        body: { token: await agent.jwt() },
      })
    const ending: readonly [
      string,
      (world: Awaited<ReturnType<typeof connected>>) => Promise<Answer>,
    ][] = [
      [
        'the agent, by its owner',
        ({ person: { cookie }, agent }) =>
          call(here.handler, 'POST', '/agent/revoke', { cookie, body: { agent_id: agent.id } }),
      ],
      [
        'the agent, by its host',
        ({ host, agent }) => host.at(here).post('/agent/revoke', { agent_id: agent.id }),
      ],
      [
        'the agent, paused',
        ({ person: { cookie }, agent }) =>
          call(here.handler, 'POST', '/agent/pause', {
            cookie,
            body: { agent_id: agent.id, paused: true },
          }),
      ],
      ['its host', ({ host }) => host.at(here).post('/host/revoke', {})],
      [
        'its host, unlinked',
        async ({ person: { cookie } }) => {
          const { body } = await call(here.handler, 'GET', '/host/list', { cookie })
          const [{ host_id }] = body.hosts
          return call(here.handler, 'POST', '/host/unlink', { cookie, body: { host_id } })
        },
      ],
      [
        'its grants',
        async ({ person: { cookie }, agent }) => {
          const path = `/agent/get?agent_id=${agent.id}`
          const { body } = await call(here.handler, 'GET', path, { cookie })
          for (const { grant_id } of body.grants) {
            await call(here.handler, 'POST', '/agent/revoke-grant', { cookie, body: { grant_id } })
          }
          return call(here.handler, 'GET', path, { cookie })
        },
      ],
    ]
    it.each(ending)('%s: execute, introspection, stream and job', async (_what, end) => {
      const names = ['list_accounts', 'ticker', 'long_job']
      const world = await connected(handler, names)
      const agent = world.agent.at(there)
      for (let time = 0; time < 3; time += 1) {
        expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
      }
      const job = await agent.execute('long_job')
      expect(job).toMatchObject({ status: 202 })
      const response = await there.handler(
        new Request(EXECUTE, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${await agent.jwt()}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ capability: 'ticker' }),
        }),
      )
      const events = sentEvents(response)
      await events.next()
      await events.next()

      expect(await end(world)).toMatchObject({ status: 200 })
      await vi.waitFor(async () => {
        expect(await agent.execute('list_accounts')).toMatchObject({ status: 403 })
      }, eventually)
      await vi.waitFor(async () => {
        const { body } = await introspect(there, agent)
        expect(body.active === false || body.agent_capability_grants.length === 0).toBe(true)
      }, eventually)
      const last: string[] = []
      for await (const { event } of events) last.push(event)
      expect(last.slice(-2)).toEqual(['error', 'done'])
      const id = new URL(job.body.status_url).searchParams.get('id')
      await vi.waitFor(async () => {
        const { rows } = await database.query('select status from agent_job where id = $1', [id])
        expect(rows).toEqual([{ status: 'failed' }])
      }, eventually)
    })
  })

  it('GHSA-2vg6-77g8-24mp (11) a person who is deleted on one is gone on the other', async () => {
    const { person, host, agent } = await connected(handler, ['list_accounts'])
    const { agent: waiting } = await host.register({ capabilities: ['transfer_money'] })
    for (const server of [here, there, here, there]) {
      expect(await agent.at(server).execute('list_accounts')).toMatchObject({ status: 200 })
    }
    await database.query('delete from "user" where id = $1', [person.id])
    await vi.waitFor(async () => {
      for (const server of [here, there]) {
        const { status } = await agent.at(server).execute('list_accounts')
        expect([401, 403]).toContain(status)
      }
    }, eventually)
    expect([401, 404]).toContain((await host.status(waiting.id)).status)
    const session = await call(handler, 'GET', '/agent/list', { cookie: person.cookie })
    expect(session).toMatchObject({ status: 401 })
  })

  it('nothing of all this was an internal error', () => {
    expect([...here.seen, ...there.seen].filter(isInternal)).toEqual([])
    expect(here.output + there.output).not.toContain('unexpected failure')
  })
})

describe('a server that is killed', () => {
  let here: BankProcess
  let database: pg.Client
  let connectionString: string
  beforeAll(async () => {
    connectionString = await freshDatabase()
    database = new pg.Client({ connectionString })
    await database.connect()
    await database.query(EFFECTS)
    here = await BankProcess.start(connectionString)
  })
  afterAll(async () => {
    await here.stop()
    await database.end()
  })

  it('AF5 leaves no use behind that was not allowed, and the other goes on', async () => {
    const there = await BankProcess.start(connectionString)
    const capabilities = [{ capability: 'spend', allow: true, max_uses: 30 }]
    const { agent } = await connected(here.handler, ['spend'], { capabilities })
    const spend = (server: BankProcess) => agent.at(server).execute('spend', { tag: agent.id })
    const executing = together(CALLERS, (index) =>
      spend(index % 2 === 0 ? here : there).catch(() => null),
    )
    await vi.waitFor(
      async () => {
        const { rows } = await database.query('select 1 from effect where tag = $1', [agent.id])
        expect(rows.length).toBeGreaterThan(3)
      },
      { ...eventually, interval: 1 },
    )
    await there.kill()
    const answers = await executing
    const succeeded = answers.filter((answer) => answer?.status === 200).length

    const rest = await together(CALLERS, () => spend(here))
    const more = rest.filter(({ status }) => status === 200).length
    expect(rest.every(({ status }) => status === 200 || status === 403)).toBe(true)
    const { rows } = await database.query<{ n: number }>(
      'select count(*)::int as n from effect where tag = $1',
      [agent.id],
    )
    const effects = rows[0]?.n ?? 0
    // A use that was counted and not done is lost, never the other way round.
    expect(effects).toBeLessThanOrEqual(30)
    expect(effects).toBeGreaterThanOrEqual(succeeded + more)
    const [grant] = await agent.grants()
    expect(grant).toMatchObject({ uses_left: 0, max_uses: 30 })
    expect(await spend(here)).toMatchObject({ status: 403, body: { error: 'limit_exceeded' } })
  })

  it('AF6 fails its jobs after the lease, for whoever asks the other', async () => {
    const there = await BankProcess.start(connectionString)
    const { agent } = await connected(here.handler, ['long_job'])
    const job = await agent.at(there).execute('long_job')
    expect(job).toMatchObject({ status: 202 })
    const poll = async () => {
      const token = await agent.jwt({ audience: ISSUER })
      return call(here.handler, 'GET', job.body.status_url, { token })
    }
    expect(await poll()).toMatchObject({ status: 200, body: { status: 'pending' } })
    await there.kill()
    await vi.waitFor(
      async () => {
        const answer = await poll()
        expect(answer).toMatchObject({
          status: 200,
          body: { status: 'failed', error: { error: 'internal_error' } },
        })
      },
      { timeout: 90_000, interval: 1_000 },
    )
  })

  it('nothing of all this was an internal error', () => {
    expect(here.seen.filter(isInternal)).toEqual([])
  })
})

describe('a database that goes away under load', () => {
  let postgres: TestPostgres
  let effects: string
  let direct: string
  let way: CuttableWay
  let servers: BankProcess[]
  beforeAll(async () => {
    postgres = await startPostgres()
    direct = await postgres.createDatabase()
    way = await CuttableWay.to(direct)
    // What capabilities do is stored elsewhere: it is the server's database that goes away.
    effects = await freshDatabase()
    servers = [
      await BankProcess.start(way.connectionString, effects),
      await BankProcess.start(way.connectionString, effects),
    ]
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
    await way.close()
    await postgres.stop()
  })

  /** Executes for a while, many at a time, and tells what came back when. */
  async function load(agent: TestAgent, server: BankProcess, until: Promise<unknown>) {
    const answers: (Answer & { at: number })[] = []
    const isOver = flagOf(until)
    await together(5, async () => {
      while (!isOver()) {
        const answer = await agent.at(server).execute('list_accounts')
        answers.push({ ...answer, at: Date.now() })
        await delay(100)
      }
    })
    return answers
  }

  const outages: readonly [string, () => Promise<void>][] = [
    [
      'cut off for two seconds',
      async () => {
        way.cut()
        await delay(2_000)
        way.mend()
      },
    ],
    [
      'crashed and recovered',
      async () => {
        const client = new pg.Client({ connectionString: direct })
        client.on('error', () => {})
        await client.connect()
        const own =
          'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
        const { rows } = await client.query<{ pid: number }>(`${own} limit 1`)
        const [backend] = rows
        if (!backend) throw new Error('no server is connected')
        // A backend that dies takes all others with it: the server starts again from its log.
        process.kill(backend.pid, 'SIGKILL')
        await delay(1_000)
        await client.end().catch(() => {})
      },
    ],
  ]
  it.each(outages)(
    '%s: 503 meanwhile, then as before, without a restart',
    async (_what, outage) => {
      const [first, second] = servers
      if (!first || !second) throw new Error('no servers')
      const { agent, person, host } = await connected(first.handler, ['list_accounts'])
      const { agent: other } = await connected(second.handler, ['list_accounts'])
      const over = (async () => {
        await delay(500)
        await outage()
        await delay(2_500)
      })()
      const asking = (async () => {
        const seen: Answer[] = []
        const isOver = flagOf(over)
        while (!isOver()) {
          seen.push(
            await call(first.handler, 'GET', '/agent/list', { cookie: person.cookie }),
            await host.at(second).status(agent.id),
            await call(second.handler, 'GET', '/capability/list'),
          )
          await delay(50)
        }
        return seen
      })()
      const answers = (
        await Promise.all([load(agent, first, over), load(other, second, over), asking])
      ).flat()

      expect(countStatuses(answers)[500]).toBeUndefined()
      const away = answers.filter(({ status }) => status === 503)
      expect(away.length).toBeGreaterThan(0)
      expect(away.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true)
      const others = answers.filter(({ status }) => status !== 200 && status !== 503)
      expect(others.map(({ status, body }) => [status, body?.error])).toEqual([])
      for (const server of servers) {
        await vi.waitFor(
          async () =>
            expect(await agent.at(server).execute('list_accounts')).toMatchObject({ status: 200 }),
          eventually,
        )
      }
    },
  )
})
