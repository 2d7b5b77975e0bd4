import { createHostResponseSchema, enrollHostResponseSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, TestHost } from '../support/actors.ts'
import { Authenticator } from '../support/authenticator.ts'
import { bank } from '../support/bank.ts'
import { call, countStatuses } from '../support/http.ts'
import { type TestPerson, type World, worlds } from '../support/worlds.ts'

const fresh = { status: 403, body: { error: 'fresh_session_required' } }
const strict = { status: 403, body: { error: 'webauthn_required' } }
const badToken = { status: 403, body: { error: 'unauthorized' } }

describe.each(worlds)('hosts of a person: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(
      bank({ modes: ['delegated', 'autonomous'], resolveAutonomousUser: () => null }),
    )
  })
  afterAll(() => world.close())

  const post = (person: TestPerson, path: string, body: unknown) =>
    call(world.handler, 'POST', path, { cookie: person.cookie, body })
  const makeStale = ({ sessionId }: TestPerson) =>
    change(world, 'session', sessionId, { createdAt: new Date(Date.now() - 301_000) })
  const hostIdOf = async (host: TestHost, agentId: string) =>
    (await host.status(agentId)).body.host_id as string
  const hostsOf = async ({ cookie }: TestPerson) =>
    (await call(world.handler, 'GET', '/host/list', { cookie })).body.hosts

  async function tokenOf(person: TestPerson, body: Record<string, unknown> = {}) {
    const answer = await post(person, '/host/create', body)
    expect(answer.status).toBe(200)
    return createHostResponseSchema.parse(answer.body).enrollment_token
  }

  describe('enrolment', () => {
    it('AF2 a host that brings the token is the person’s, with the defaults they chose', async () => {
      const person = await world.person()
      const host = await TestHost.create(world)
      const token = await tokenOf(person, {
        name: 'Laptop‮',
        default_capabilities: ['list_accounts', 'check_balance'],
      })
      const enrolled = await host.post('/host/enroll', { token, name: 'ignored' })
      expect(enrolled.status).toBe(200)
      expect(enrollHostResponseSchema.parse(enrolled.body)).toMatchObject({
        name: 'Laptop',
        status: 'active',
        default_capabilities: ['list_accounts', 'check_balance'],
      })
      expect(await hostsOf(person)).toMatchObject([
        {
          host_id: enrolled.body.host_id,
          name: 'Laptop',
          default_capabilities: ['list_accounts', 'check_balance'],
        },
      ])
      const grantable = (path: string, { cookie }: TestPerson) =>
        call(world.handler, 'GET', `/agent/grantable${path}`, { cookie })
      const ofHost = `?host_id=${String(enrolled.body.host_id)}`
      for (const path of ['', ofHost]) {
        const offered = (await grantable(path, person)).body.capabilities as {
          capability: string
        }[]
        expect(offered.find(({ capability }) => capability === 'list_accounts')).toMatchObject({
          read_only: true,
          strength: 'session',
        })
      }
      expect((await grantable(ofHost, await world.person())).status).toBe(404)
      const { answer, agent } = await host.register({ capabilities: ['check_balance'] })
      expect(answer.body).toMatchObject({ status: 'active' })
      expect((await agent.execute('check_balance', { account: 'a' })).status).toBe(200)
      const more = await host.register({ capabilities: ['transfer_money'] })
      expect(more.answer.body.status).toBe('pending')
      expect(JSON.stringify(await stored('agentEnrollment'))).not.toContain(token)
    })

    it('a token is good once, for a quarter of an hour, and for nobody’s host but a free one', async () => {
      const person = await world.person()
      const host = await TestHost.create(world)
      const token = await tokenOf(person)
      for (const wrong of ['x', `${token}A`, token.slice(1)]) {
        expect(await host.post('/host/enroll', { token: wrong })).toMatchObject(badToken)
      }
      const others = (await connected(world)).host
      expect(await others.post('/host/enroll', { token })).toMatchObject(badToken)
      expect((await host.post('/host/enroll', { token })).status).toBe(200)
      expect(await host.post('/host/enroll', { token })).toMatchObject(badToken)
      const other = await TestHost.create(world)
      expect(await other.post('/host/enroll', { token })).toMatchObject(badToken)

      const late = await tokenOf(person)
      const [enrollment] = await stored('agentEnrollment', { userId: person.id, hostId: null })
      await change(world, 'agentEnrollment', enrollment?.id ?? '', { expiresAt: new Date() })
      expect(await other.post('/host/enroll', { token: late })).toMatchObject(badToken)
      expect((await call(world.handler, 'POST', '/host/enroll', { body: { token } })).status).toBe(
        401,
      )
    })

    it('AA63 of 50 uses of a token at once one counts, and it claims the agents of its host', async () => {
      const person = await world.person()
      const token = await tokenOf(person)
      const free = await TestHost.create(world)
      const bots = await Promise.all(
        Array.from({ length: 3 }, async () =>
          free.register({ mode: 'autonomous', capabilities: ['tell_time'] }),
        ),
      )
      for (const { agent } of bots) expect((await agent.execute('tell_time')).status).toBe(200)
      const own = await free.post('/host/enroll', { token })
      expect(own.status).toBe(200)
      for (const { agent } of bots) {
        expect(await agent.execute('tell_time')).toMatchObject({ body: { error: 'agent_claimed' } })
        expect((await free.status(agent.id)).body.user_id).toBe(person.id)
      }

      const second = await tokenOf(person)
      const hosts = await Promise.all(Array.from({ length: 50 }, () => TestHost.create(world)))
      const answers = await Promise.all(
        hosts.map((host) => host.post('/host/enroll', { token: second })),
      )
      expect(countStatuses(answers)).toEqual({ 200: 1, 403: 49 })
      expect(await hostsOf(person)).toHaveLength(2)
    })

    it('the same new host enrolling twice at once, and registering meanwhile, stays one host', async () => {
      const person = await world.person()
      const host = await TestHost.create(world)
      const tokens = [await tokenOf(person), await tokenOf(person)]
      const [registered, ...enrolled] = await Promise.all([
        host.register({ capabilities: ['list_accounts'] }),
        ...tokens.map((token) => host.post('/host/enroll', { token })),
      ])
      for (const { status } of enrolled) expect(status).toBe(200)
      expect(registered.answer.status).toBe(200)
      expect(await stored('agentHost', { thumbprint: host.thumbprint })).toHaveLength(1)
    })

    it('AA66 AA67 takes a fresh sign-in, and no capability that takes a passkey', async () => {
      const person = await world.person()
      const create = (names: string[]) =>
        post(person, '/host/create', { default_capabilities: names })
      expect(await create(['close_account'])).toMatchObject(strict)
      expect(await create(['nope'])).toMatchObject({ body: { error: 'invalid_capabilities' } })
      expect((await create(['transfer_money'])).status).toBe(200)
      await new Authenticator().enrol(world, person)
      expect(await create(['transfer_money'])).toMatchObject(strict)
      expect((await create(['list_accounts'])).status).toBe(200)
      await makeStale(person)
      expect(await create([])).toMatchObject(fresh)
    })
  })

  it('AA66 a person renames an app; what it hands on takes a fresh sign-in', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const host_id = await hostIdOf(host, agent.id)
    const update = (body: Record<string, unknown>) =>
      post(person, '/host/update', { host_id, ...body })
    expect(await update({ default_capabilities: ['check_balance'] })).toMatchObject({
      status: 200,
      body: { default_capabilities: ['check_balance'] },
    })
    const next = await host.register({ capabilities: ['check_balance'] })
    expect(next.answer.body.status).toBe('active')
    expect(await update({ default_capabilities: ['close_account'] })).toMatchObject(strict)
    await makeStale(person)
    expect(await update({ default_capabilities: [] })).toMatchObject(fresh)
    expect(await update({ name: 'Work', status: 'revoked', user_id: 'x' })).toMatchObject({
      status: 200,
      body: { name: 'Work', status: 'active' },
    })
    expect(await hostsOf(person)).toMatchObject([{ name: 'Work' }])
    expect((await update({})).status).toBe(400)
    expect((await update({ name: '​' })).status).toBe(400)
  })

  it.each(['/host/unlink', '/host/switch-account'])(
    'AF2 %s ends all agents and leaves the host free, with its id and key',
    async (path) => {
      const { person, host, agent } = await connected(world, ['list_accounts'])
      const host_id = await hostIdOf(host, agent.id)
      const waiting = await host.register({ capabilities: ['crash'] })
      await agent.request({ capabilities: ['transfer_money'] })
      const code = waiting.answer.body.approval.user_code
      expect(await post(person, path, { host_id })).toMatchObject({
        status: 200,
        body: { host_id, status: 'active', agents_revoked: 2 },
      })
      const over = { status: 403, body: { error: 'agent_revoked' } }
      expect(await agent.execute('list_accounts')).toMatchObject(over)
      expect(await host.post('/agent/reactivate', { agent_id: agent.id })).toMatchObject(over)
      expect(await hostsOf(person)).toEqual([])
      expect((await post(person, path, { host_id })).status).toBe(404)
      const inbox = await call(world.handler, 'GET', '/agent/approvals', { cookie: person.cookie })
      expect(inbox.body.approvals).toEqual([])

      const bob = await world.person()
      const late = await decide(world, bob, { user_code: code, action: 'approve' })
      expect([404, 410]).toContain(late.status)
      expect(await hostsOf(bob)).toEqual([])

      // It asks anew, and belongs to whoever approves now.
      const { answer, agent: next } = await host.register({ capabilities: ['list_accounts'] })
      expect(answer.body).toMatchObject({ host_id, status: 'pending' })
      const { user_code } = answer.body.approval
      expect((await decide(world, bob, { user_code, action: 'approve' })).status).toBe(200)
      expect((await next.execute('list_accounts')).status).toBe(200)
      expect(await hostsOf(bob)).toMatchObject([{ host_id }])
      expect(await agent.execute('list_accounts')).toMatchObject(over)
    },
  )

  it('AA74 nobody touches the host of somebody else, or a free one', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const free = await TestHost.create(world)
    const bot = await free.register({ mode: 'autonomous', capabilities: ['tell_time'] })
    const stranger = await world.person()
    const ids = [await hostIdOf(host, agent.id), bot.answer.body.host_id, 'hst_unknown']
    for (const host_id of ids) {
      for (const path of ['/host/unlink', '/host/switch-account', '/host/revoke', '/host/update']) {
        const answer = await post(stranger, path, { host_id, name: 'mine' })
        expect(answer).toMatchObject({ status: 404, body: { error: 'host_not_found' } })
      }
    }
    for (const agent_id of [agent.id, bot.agent.id]) {
      const granted = await post(stranger, '/agent/grant-capability', {
        agent_id,
        capability: 'check_balance',
      })
      expect(granted).toMatchObject({ status: 404, body: { error: 'agent_not_found' } })
    }
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect((await bot.agent.execute('tell_time')).status).toBe(200)
  })

  it('an agent that registers while its host is unlinked never acts on', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const host_id = await hostIdOf(host, agent.id)
    const [unlinked, ...late] = await Promise.all([
      post(person, '/host/unlink', { host_id }),
      ...Array.from({ length: 8 }, async () => host.register({ capabilities: ['list_accounts'] })),
    ])
    expect(unlinked.status).toBe(200)
    for (const { answer } of late) expect([200, 503]).toContain(answer.status)
    for (const { agent: one } of late.filter(({ answer }) => answer.status === 200)) {
      expect((await one.execute('list_accounts')).status).toBe(403)
    }
  })

  describe('a grant by the person alone', () => {
    const give = (person: TestPerson, body: Record<string, unknown>) =>
      post(person, '/agent/grant-capability', body)

    it('AF2 gives an active agent what nobody asked for, within limits', async () => {
      const { person, host, agent } = await connected(world, ['list_accounts'])
      const agent_id = agent.id
      const granted = await give(person, {
        agent_id,
        capability: 'transfer_money',
        constraints: { amount: { max: 10 } },
        max_uses: 2,
        expires_in: 60,
        budget: { field: 'amount', limit: 12 },
      })
      expect(granted.status).toBe(200)
      const pay = (amount: number) => agent.execute('transfer_money', { amount, to: 'a' })
      expect(await pay(11)).toMatchObject({ body: { error: 'constraint_violated' } })
      expect((await pay(10)).status).toBe(200)
      expect(await pay(3)).toMatchObject({ body: { error: 'limit_exceeded' } })
      expect((await pay(2)).status).toBe(200)
      expect(await pay(0)).toMatchObject({ body: { error: 'limit_exceeded' } })

      const again = await give(person, { agent_id, capability: 'list_accounts' })
      expect(again).toMatchObject({ status: 409, body: { error: 'already_granted' } })
      const small = await give(person, { agent_id, capability: 'pay_small' })
      const shown = small.body.grants.find(
        (one: { capability: string }) => one.capability === 'pay_small',
      )
      expect(shown.constraints).toEqual({ amount: { max: 50 } })
      for (const [capability, status] of [
        ['nope', 400],
        ['', 400],
      ] as const) {
        expect((await give(person, { agent_id, capability })).status).toBe(status)
      }
      await host.post('/agent/revoke', { agent_id })
      const late = await give(person, { agent_id, capability: 'check_balance' })
      expect(late).toMatchObject({ status: 403, body: { error: 'agent_revoked' } })
    })

    it('AA66 AA67 takes a fresh sign-in, and a passkey over exactly the grant', async () => {
      const { person, agent } = await connected(world)
      const key = await new Authenticator().enrol(world, person)
      const body = { agent_id: agent.id, capability: 'transfer_money', max_uses: 1 }
      expect(await give(person, body)).toMatchObject(strict)
      const path = '/agent/grant-capability/challenge'
      const challenge = async () => (await post(person, path, body)).body.options.challenge
      const wider = key.assert({ challenge: await challenge() })
      expect(await give(person, { ...body, max_uses: 2, webauthn_response: wider })).toMatchObject(
        strict,
      )
      const webauthn_response = key.assert({ challenge: await challenge() })
      expect((await give(person, { ...body, webauthn_response })).status).toBe(200)
      expect(await give(person, { ...body, webauthn_response })).toMatchObject(strict)
      expect((await agent.execute('transfer_money', { amount: 1, to: 'a' })).status).toBe(200)
      await makeStale(person)
      expect(await give(person, { ...body, webauthn_response })).toMatchObject(fresh)
      expect(await post(person, path, body)).toMatchObject(fresh)
    })

    it('AA67 without a passkey what demands one is never granted', async () => {
      const { person, agent } = await connected(world)
      const body = { agent_id: agent.id, capability: 'close_account' }
      expect(await give(person, body)).toMatchObject(strict)
      expect((await agent.execute('close_account')).status).toBe(403)
    })
  })

  async function stored(model: string, where: Record<string, string | null> = {}) {
    return world.adapter.findMany<{ id: string }>({
      model,
      where: Object.entries(where).map(([field, value]) => ({ field, value })),
    })
  }
})
