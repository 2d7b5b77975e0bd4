import { generateKeyPair } from '@countersign/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { change, connected, decide, look, type TestAgent, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { type Answer, call, countStatuses, ISSUER } from '../support/http.ts'
import { openPlain, openPostgres, type World, worlds } from '../support/worlds.ts'

type Replicas = readonly [World, World]

/** The same races against one server, and against two servers on one database. */
const arenas: readonly { name: string; open(): Promise<Replicas> }[] = [
  ...worlds.map(({ name, open }) => ({
    name,
    open: async (): Promise<Replicas> => {
      const world = await open(bank())
      return [world, world]
    },
  })),
  {
    name: 'two replicas on PostgreSQL',
    async open() {
      const database = await freshDatabase()
      const first = await openPostgres(bank(), database)
      return [first, await openPostgres(bank(), database)]
    },
  },
]

describe.each(arenas)('parallel requests: $name', ({ open }) => {
  let replicas: Replicas
  let world: World
  beforeAll(async () => {
    replicas = await open()
    ;[world] = replicas
  })
  afterAll(async () => {
    for (const one of new Set(replicas)) await one.close()
  })

  /** Runs something `times` times at once, in turn on each replica. */
  const race = (times: number, run: (world: World, n: number) => Promise<Answer>) =>
    Promise.all(Array.from({ length: times }, (_, n) => run(replicas[n % 2 === 0 ? 0 : 1], n)))
  const rows = async (model: string, field: string, value: string) =>
    world.adapter.findMany<{ id: string; status: string; userId: string | null }>({
      model,
      where: [{ field, value }],
    })

  it('AA26 8 parallel registrations of one key make one host, one agent, one live code', async () => {
    const host = await TestHost.create(world)
    const keys = await generateKeyPair()
    const answers = await race(8, async (replica) => {
      const { answer } = await host.at(replica).register({ capabilities: ['list_accounts'] }, keys)
      return answer
    })
    expect(countStatuses(answers)).toEqual({ 200: 8 })
    expect(new Set(answers.map(({ body }) => body.agent_id)).size).toBe(1)
    expect(await rows('agentHost', 'thumbprint', host.thumbprint)).toHaveLength(1)
    const { agent_id, host_id } = answers[0]?.body ?? {}
    expect(await rows('agent', 'hostId', host_id)).toHaveLength(1)
    const grants = await rows('agentGrant', 'agentId', agent_id)
    expect(grants.filter(({ status }) => status === 'pending')).toHaveLength(1)

    const person = await world.person()
    const views = []
    for (const { body } of answers) {
      views.push(await look(world, person, { user_code: body.approval.user_code }))
    }
    const live = views.filter(({ status, body }) => status === 200 && body.status === 'pending')
    expect(live).toHaveLength(1)
  })

  it('AA26 under a linked host, with what is granted at once', async () => {
    const { host } = await connected(world)
    const keys = await generateKeyPair()
    const answers = await race(8, async (replica) => {
      return (await host.at(replica).register({ capabilities: ['list_accounts'] }, keys)).answer
    })
    expect(countStatuses(answers)).toEqual({ 200: 1, 409: 7 })
    const made = answers.find(({ status }) => status === 200)
    expect(await rows('agentGrant', 'agentId', made?.body.agent_id)).toHaveLength(1)
  })

  it('many hosts at once all get in', async () => {
    const answers = await race(20, async (replica) => {
      const host = await TestHost.create(replica)
      return (await host.register({ capabilities: ['list_accounts', 'transfer_money'] })).answer
    })
    expect(countStatuses(answers)).toEqual({ 200: 20 })
  })

  it('AA41 40 parallel uses of one JWT: exactly one counts', async () => {
    // The memory adapter of one replica, or one table of all replicas.
    const { agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    const answers = await race(40, (replica) => agent.at(replica).execute('list_accounts', {}, jwt))
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 39 })
    for (const replica of replicas) {
      expect((await agent.at(replica).execute('list_accounts', {}, jwt)).status).toBe(401)
    }
  })

  it('AA42 40 parallel uses of one host JWT: exactly one counts', async () => {
    const { host, agent } = await connected(world)
    const jwt = await host.jwt()
    const answers = await race(40, (replica) => host.at(replica).status(agent.id, jwt))
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 39 })
  })

  it('AA34 8 parallel registrations with one host JWT: exactly one counts', async () => {
    const host = await TestHost.create(world)
    const { publicJwk } = await generateKeyPair()
    const token = await host.jwt({ agentPublicJwk: publicJwk })
    const answers = await race(8, ({ handler }) =>
      call(handler, 'POST', '/agent/register', { token, body: { name: 'Bot' } }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 7 })
  })

  it('AA81 a single-use grant is used once by 20 parallel executions', async () => {
    for (let round = 0; round < 6; round++) {
      const agent = await limited({ max_uses: 1 })
      const answers = await race(20, (replica) => pay(agent, replica, 1))
      expect(countStatuses(answers)).toEqual({ 200: 1, 403: 19 })
    }
  })

  it('AF5 a budget holds against 24 parallel payments', async () => {
    for (let round = 0; round < 2; round++) {
      const agent = await limited({ budget: { field: 'amount', limit: 1 }, max_uses: 20 })
      const answers = await race(24, (replica) => pay(agent, replica, 0.3))
      expect(countStatuses(answers)).toEqual({ 200: 3, 403: 21 })
      const [grant] = await agent.grants()
      expect(grant).toMatchObject({ uses_left: 17, budget: { limit: 1, spent: 0.9 } })
    }
  })

  it('GHSA-cq3f-vc6p-68fh (2) of two people with one code one gets it', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => world.person()))
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    const answers = await race(6, async (replica, n) => {
      const person = people[n]
      if (!person) throw new TypeError('no person')
      return decide(replica, person, { user_code, action: 'approve' })
    })
    expect(countStatuses(answers)).toEqual({ 200: 1, 404: 5 })
    const winner = people[answers.findIndex(({ status }) => status === 200)]
    const status = (await host.status(agent.id)).body
    expect(status).toMatchObject({ status: 'active', user_id: winner?.id })
    const [stored] = await rows('agentHost', 'thumbprint', host.thumbprint)
    expect(stored?.userId).toBe(winner?.id)
  })

  it('one person who approves 10 times at once approves once', async () => {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({
      capabilities: ['list_accounts', 'check_balance'],
    })
    const { user_code } = answer.body.approval
    const answers = await race(10, (replica) =>
      decide(replica, person, { user_code, action: 'approve' }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 409: 9 })
    expect(await agent.grants()).toHaveLength(2)
  })

  it('50 parallel approvals and denials: one word, and the state follows it', async () => {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    const { approval_id } = (await look(world, person, { user_code })).body
    const answers = await race(50, (replica, n) =>
      decide(replica, person, { approval_id, action: n % 4 < 2 ? 'approve' : 'deny' }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 409: 49 })
    const winner = answers.findIndex(({ status }) => status === 200)
    const { status } = (await host.status(agent.id)).body
    expect(status).toBe(winner % 4 < 2 ? 'active' : 'rejected')
    const executed = await agent.execute('list_accounts')
    expect(executed.status).toBe(winner % 4 < 2 ? 200 : 403)
  })

  it('an agent that asks 8 times at once has one open question', async () => {
    const { agent, person } = await connected(world, ['list_accounts'])
    const answers = await race(8, (replica, n) =>
      agent.at(replica).request({ capabilities: [n % 2 === 0 ? 'check_balance' : 'crash'] }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 8 })
    const approvals = await rows('agentApproval', 'agentId', agent.id)
    const waiting = approvals.filter(({ status }) => status === 'pending')
    expect(waiting).toHaveLength(1)
    const inbox = await call(world.handler, 'GET', '/agent/approvals', { cookie: person.cookie })
    expect(inbox.body.approvals).toHaveLength(1)
    const names = inbox.body.approvals[0].capabilities.map(
      ({ capability }: { capability: string }) => capability,
    )
    expect(new Set(names).size).toBe(names.length)
  })

  it('a revocation that races with an approval wins in the end', async () => {
    const { host, person } = await connected(world)
    const { answer, agent } = await host.register({ capabilities: ['check_balance'] })
    const { user_code } = answer.body.approval
    const answers = await race(8, (replica, n) =>
      n < 6
        ? decide(replica, person, { user_code, action: 'approve' })
        : host.at(replica).post('/agent/revoke', { agent_id: agent.id }),
    )
    for (const { status } of answers) expect(status).toBeLessThan(500)
    expect((await host.status(agent.id)).body.status).toBe('revoked')
    expect((await agent.execute('check_balance', { account: 'a' })).status).toBe(403)
  })

  it('AA55 12 parallel reactivations activate once', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, { status: 'expired' })
    const answers = await race(12, (replica) =>
      host.at(replica).post('/agent/reactivate', { agent_id: agent.id }),
    )
    expect(countStatuses(answers)).toEqual({ 200: 12 })
    const grants = await rows('agentGrant', 'agentId', agent.id)
    expect(grants.filter(({ status }) => status === 'active')).toHaveLength(1)
  })

  it('a revocation counts on every replica at once', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    for (const replica of replicas) {
      expect((await agent.at(replica).execute('list_accounts')).status).toBe(200)
    }
    await host.post('/agent/revoke', { agent_id: agent.id })
    for (const replica of replicas) {
      expect(await agent.at(replica).execute('list_accounts')).toMatchObject({
        status: 403,
        body: { error: 'agent_revoked' },
      })
    }
    const listed = await call(replicas[1].handler, 'GET', '/capability/list', {
      token: await agent.jwt({ audience: ISSUER }),
    })
    expect(listed.status).toBe(403)
  })

  async function limited(limits: Record<string, unknown>): Promise<TestAgent> {
    const capabilities = [{ capability: 'transfer_money', allow: true, ...limits }]
    return (await connected(world, ['transfer_money'], { capabilities })).agent
  }
  const pay = (agent: TestAgent, replica: World, amount: number) =>
    agent.at(replica).execute('transfer_money', { amount, to: 'a' })
})

describe('PostgreSQL while a row is locked', () => {
  /** Makes every update of one row wait for all the others, then lets them go one by one. */
  async function held<Result>(
    database: string,
    select: { text: string; values: readonly string[] },
    start: () => Promise<Result>[],
  ): Promise<Result[]> {
    const client = new Client({ connectionString: database })
    await client.connect()
    await client.query('begin')
    await client.query(`${select.text} for update`, [...select.values])
    const running = start()
    await new Promise((resolve) => setTimeout(resolve, 500))
    await client.query('commit')
    await client.end()
    return Promise.all(running)
  }

  it('AA81 AF5 counts a use once, whatever each request had read before', async () => {
    const database = await freshDatabase()
    const world = await openPostgres(bank(), database)
    for (const limits of [{ max_uses: 1 }, { budget: { field: 'amount', limit: 7 } }]) {
      const capabilities = [{ capability: 'transfer_money', allow: true, ...limits }]
      const { agent } = await connected(world, ['transfer_money'], { capabilities })
      const text = 'select id from agent_grant where agent_id = $1'
      const answers = await held(database, { text, values: [agent.id] }, () =>
        Array.from({ length: 6 }, () => agent.execute('transfer_money', { amount: 5, to: 'a' })),
      )
      expect(countStatuses(answers)).toEqual({ 200: 1, 403: 5 })
    }
    await world.close()
  })

  it('one person links a host, whatever each had read before', async () => {
    const database = await freshDatabase()
    const world = await openPostgres(bank(), database)
    const host = await TestHost.create(world)
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const second = await host.register({ capabilities: ['list_accounts'] })
    const codes = [answer.body.approval.user_code, second.answer.body.approval.user_code]
    const [ada, bob] = [await world.person(), await world.person()]
    const text = 'select id from agent_host where thumbprint = $1'
    const answers = await held(database, { text, values: [host.thumbprint] }, () => [
      decide(world, ada, { user_code: codes[0], action: 'approve' }),
      decide(world, bob, { user_code: codes[1], action: 'approve' }),
    ])
    expect(countStatuses(answers)).toEqual({ 200: 1, 404: 1 })
    await world.close()
  })
})

describe('the plugin on an adapter that answers late and enforces nothing', () => {
  let world: World
  beforeAll(async () => {
    world = await openPlain(bank(), {}, { latency: 5 })
  })

  it('AA26 8 parallel registrations make one agent', async () => {
    const host = await TestHost.create(world)
    const keys = await generateKeyPair()
    const registered = await Promise.all(Array.from({ length: 8 }, () => host.register({}, keys)))
    const ids = registered.map(({ answer }) => answer.body.agent_id)
    expect(new Set(ids).size).toBe(1)
  })

  it('AA41 of 40 parallel uses of one JWT one counts', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    const uses = Array.from({ length: 40 }, () => agent.execute('list_accounts', {}, jwt))
    expect(countStatuses(await Promise.all(uses))).toEqual({ 200: 1, 401: 39 })
  })

  it.each([
    ['AA81 a use', { max_uses: 1 }],
    ['AF5 a budget', { budget: { field: 'amount', limit: 7 } }],
  ])('%s counts once for 12 parallel executions', async (_title, limits) => {
    const capabilities = [{ capability: 'transfer_money', allow: true, ...limits }]
    const { agent } = await connected(world, ['transfer_money'], { capabilities })
    const uses = Array.from({ length: 12 }, () =>
      agent.execute('transfer_money', { amount: 5, to: 'a' }),
    )
    expect(countStatuses(await Promise.all(uses))).toEqual({ 200: 1, 403: 11 })
  })
})
