import { statusResponseSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, type TestAgent, TestHost } from '../support/actors.ts'
import { bank, INTROSPECTION_SECRET } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const hours = (n: number) => n * 3_600_000
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds)

describe.each(worlds)('lifecycle: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(
      bank({
        agentSessionTTL: 3600,
        agentMaxLifetime: 86_400,
        absoluteLifetime: 7 * 86_400,
        defaultHostCapabilities: ['list_accounts'],
      }),
    )
  })
  afterAll(() => world.close())

  const introspect = async (agent: TestAgent) =>
    call(world.handler, 'POST', '/agent/introspect', {
      token: INTROSPECTION_SECRET,
      body: { token: await agent.jwt() },
    })
  const hostIdOf = async (agent: TestAgent) => {
    const { body } = await agent.host.status(agent.id)
    return body.host_id as string
  }

  it('tells the whole story, from a real sign-up to the end', async () => {
    const headers = { origin: 'http://localhost:4100' }
    const email = `ada-${Date.now()}@example.com`
    const password = 'correct horse battery'
    const body = { email, password, name: 'Ada' }
    const signedUp = await call(world.handler, 'POST', '/sign-up/email', { body, headers })
    expect(signedUp.status).toBe(200)
    const cookie = signedUp.headers
      .getSetCookie()
      .map((set) => set.split(';')[0])
      .join('; ')
    const person = { id: signedUp.body.user.id, email, cookie, sessionId: '' }

    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({
      host_name: "Ada's laptop",
      reason: 'Pay the rent',
      capabilities: [
        'list_accounts',
        { name: 'transfer_money', constraints: { amount: { max: 300 } } },
      ],
    })
    const { user_code } = answer.body.approval
    expect((await look(world, person, { user_code })).body.asserted.host_name).toBe("Ada's laptop")
    const approved = await decide(world, person, {
      user_code,
      action: 'approve',
      capabilities: [
        { capability: 'list_accounts', allow: true },
        {
          capability: 'transfer_money',
          allow: true,
          constraints: { amount: { max: 200 }, to: 'acc_2' },
          max_uses: 2,
          expires_in: 3600,
        },
      ],
    })
    expect(approved.status).toBe(200)
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 200,
      body: { data: ['acc_1', 'acc_2'] },
    })
    expect(await agent.execute('transfer_money', { amount: 120, to: 'acc_2' })).toMatchObject({
      status: 200,
    })
    expect(await agent.execute('transfer_money', { amount: 500, to: 'acc_2' })).toMatchObject({
      status: 403,
      body: { error: 'constraint_violated' },
    })
    expect(await agent.execute('transfer_money', { amount: 20, to: 'acc_2' })).toMatchObject({
      status: 200,
    })
    expect(await agent.execute('transfer_money', { amount: 20, to: 'acc_2' })).toMatchObject({
      status: 403,
      body: { error: 'limit_exceeded' },
    })
    const activity = await call(world.handler, 'GET', `/agent/activity?agent_id=${agent.id}`, {
      cookie,
    })
    const executed = activity.body.events.filter(
      ({ type }: { type: string }) => type === 'capability.executed',
    )
    expect(executed.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'refused',
      'success',
      'refused',
      'success',
      'success',
    ])
    expect(
      await call(world.handler, 'POST', '/agent/revoke', { cookie, body: { agent_id: agent.id } }),
    ).toMatchObject({ status: 200 })
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'agent_revoked' },
    })
  })

  it('status tells everything, and nothing of the past that counts no more', async () => {
    const { host, agent, person } = await connected(world, ['list_accounts'])
    await agent.execute('list_accounts')
    const { status, body } = await host.status(agent.id)
    expect(status).toBe(200)
    expect(statusResponseSchema.parse(body)).toBeTruthy()
    expect(body).toMatchObject({
      agent_id: agent.id,
      status: 'active',
      user_id: person.id,
      created_at: expect.any(String),
      activated_at: expect.any(String),
      last_used_at: expect.any(String),
      expires_at: expect.any(String),
    })
  })

  it('AA51 session TTL: idle for too long is expired, and stays so', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, {
      lastUsedAt: ago(hours(1.1)),
      activatedAt: ago(hours(2)),
    })
    const expired = { status: 403, body: { error: 'agent_expired' } }
    expect((await introspect(agent)).body).toEqual({ active: false })
    expect((await host.status(agent.id)).body.status).toBe('expired')
    expect(await agent.execute('list_accounts')).toMatchObject(expired)
    await change(world, 'agent', agent.id, { lastUsedAt: new Date() })
    expect(await agent.execute('list_accounts')).toMatchObject(expired)
    expect((await host.status(agent.id)).body).toMatchObject({ status: 'expired' })
    expect((await introspect(agent)).body).toEqual({ active: false })
  })

  it('AA51 every request extends the session', async () => {
    const { agent, host } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, {
      lastUsedAt: ago(hours(0.9)),
      activatedAt: ago(hours(2)),
    })
    expect((await agent.execute('list_accounts')).status).toBe(200)
    const { expires_at } = (await host.status(agent.id)).body
    expect(new Date(expires_at).getTime()).toBeGreaterThan(Date.now() + hours(0.95))
  })

  it('AA52 max lifetime: expired however busy', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, {
      activatedAt: ago(hours(24.1)),
      lastUsedAt: new Date(),
    })
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'agent_expired' },
    })
    expect((await introspect(agent)).body).toEqual({ active: false })
  })

  it('AA53 absolute lifetime: revoked, and nothing brings it back', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, {
      createdAt: ago(hours(7 * 24 + 1)),
      lastUsedAt: new Date(),
    })
    const over = { status: 403, body: { error: 'absolute_lifetime_exceeded' } }
    expect(await agent.execute('list_accounts')).toMatchObject(over)
    expect((await host.status(agent.id)).body.status).toBe('revoked')
    expect((await introspect(agent)).body).toEqual({ active: false })
    expect(await host.post('/agent/reactivate', { agent_id: agent.id })).toMatchObject(over)
    expect((await host.post('/agent/reactivate', { agent_id: agent.id })).status).toBe(403)
  })

  it('AA54 keycloak-agent-auth (51) reactivation leaves the defaults only', async () => {
    const { host, agent } = await connected(world, ['list_accounts', 'transfer_money'])
    const before = (await host.status(agent.id)).body
    await change(world, 'agent', agent.id, {
      lastUsedAt: ago(hours(2)),
      activatedAt: ago(hours(3)),
    })
    const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'active', created_at: before.created_at },
    })
    expect(new Date(answer.body.activated_at).getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(answer.body.agent_capability_grants).toMatchObject([
      { capability: 'list_accounts', status: 'active' },
    ])
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
  })

  it('AA55 reactivating an active agent changes nothing', async () => {
    const { host, agent } = await connected(world, ['transfer_money'])
    const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(answer).toMatchObject({ status: 200, body: { status: 'active' } })
    expect(answer.body.agent_capability_grants).toMatchObject([
      { capability: 'transfer_money', status: 'active' },
    ])
    expect((await agent.execute('transfer_money', { amount: 1, to: 'a' })).status).toBe(200)
  })

  it('AA55 refuses to reactivate what is revoked, rejected, pending, unknown or of another host', async () => {
    const { host, agent } = await connected(world)
    await host.post('/agent/revoke', { agent_id: agent.id })
    const reactivate = (id: string) => host.post('/agent/reactivate', { agent_id: id })
    expect(await reactivate(agent.id)).toMatchObject({
      status: 403,
      body: { error: 'agent_revoked' },
    })
    expect(await reactivate('agt_unknown')).toMatchObject({
      status: 404,
      body: { error: 'agent_not_found' },
    })
    const { agent: pending } = await host.register({ capabilities: ['crash'] })
    expect(await reactivate(pending.id)).toMatchObject({
      status: 403,
      body: { error: 'agent_pending' },
    })
    const { agent: others } = await connected(world)
    expect(await reactivate(others.id)).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    for (const body of [{}, { agent_id: 7 }, { agent_id: '' }, [], 'x']) {
      expect(await host.post('/agent/reactivate', body)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      })
    }
  })

  it('AA55 of 12 parallel reactivations the agent gets its defaults once', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, {
      lastUsedAt: ago(hours(2)),
      activatedAt: ago(hours(3)),
    })
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => host.post('/agent/reactivate', { agent_id: agent.id })),
    )
    for (const { status } of answers) expect(status).toBe(200)
    expect(await agent.grants()).toHaveLength(1)
  })

  it('AA56 what a person took away does not come back by itself', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { cookie } = person
    const view = await call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, { cookie })
    const { grant_id } = view.body.grants[0]
    await call(world.handler, 'POST', '/agent/revoke-grant', { cookie, body: { grant_id } })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 403 })
    const again = await agent.request({ capabilities: ['list_accounts'] })
    expect(again.body.agent_capability_grants).toMatchObject([
      { capability: 'list_accounts', status: 'pending' },
    ])
    expect(again.body.approval.user_code).toBeTruthy()
    await change(world, 'agent', agent.id, { status: 'expired' })
    const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(answer.status).toBe(200)
    expect((await agent.execute('list_accounts')).status).toBe(403)
    const { user_code } = answer.body.approval
    expect((await look(world, person, { user_code })).body.kind).toBe('reactivation')
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject({
      status: 200,
    })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('AA56 neither twice: what was taken away waits at every reactivation', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { cookie } = person
    const view = await call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, { cookie })
    await call(world.handler, 'POST', '/agent/revoke-grant', {
      cookie,
      body: { grant_id: view.body.grants[0].grant_id },
    })
    for (let turn = 0; turn < 3; turn++) {
      await change(world, 'agent', agent.id, { status: 'expired' })
      const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
      expect(answer.status).toBe(200)
      expect((await agent.execute('list_accounts')).status).toBe(403)
    }
  })

  it('AA56 nor by registering again, while the reactivation waits', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { cookie } = person
    const view = await call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, { cookie })
    const body = { grant_id: view.body.grants[0].grant_id }
    await call(world.handler, 'POST', '/agent/revoke-grant', { cookie, body })
    await change(world, 'agent', agent.id, { status: 'expired' })
    const reactivated = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(reactivated.body.status).toBe('pending')
    const again = await host.register({ capabilities: ['list_accounts'] }, agent.keys)
    expect(again.answer.body).toMatchObject({ agent_id: agent.id, status: 'pending' })
    expect((await agent.execute('list_accounts')).status).toBe(403)
  })

  it('an agent that waited before its host was linked acts for the person once it starts', async () => {
    const host = await TestHost.create(world)
    const [first, second] = [
      await host.register({ capabilities: ['list_accounts'] }),
      await host.register({ capabilities: ['list_accounts'] }),
    ]
    const person = await world.person()
    const { user_code } = first.answer.body.approval
    await decide(world, person, { user_code, action: 'approve' })
    const again = await host.register({ capabilities: ['list_accounts'] }, second.agent.keys)
    expect(again.answer.body).toMatchObject({ agent_id: second.agent.id, status: 'active' })
    expect((await host.status(second.agent.id)).body.user_id).toBe(person.id)
    expect((await second.agent.execute('list_accounts')).status).toBe(200)
  })

  it('a denied default is not handed out by registering or reactivating', async () => {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({
      capabilities: ['list_accounts', 'check_balance'],
    })
    const { user_code } = answer.body.approval
    await decide(world, person, {
      user_code,
      action: 'approve',
      capabilities: [{ capability: 'check_balance', allow: true }],
    })
    expect((await agent.execute('list_accounts')).status).toBe(403)
    const again = await agent.request({ capabilities: ['list_accounts'] })
    expect(again.body.agent_capability_grants).toMatchObject([{ status: 'pending' }])
    await change(world, 'agent', agent.id, { status: 'expired' })
    await host.post('/agent/reactivate', { agent_id: agent.id })
    expect((await agent.execute('list_accounts')).status).toBe(403)
  })

  it('AA60 revoking a host ends its agents, counts them, and says so ever after', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const { agent: second } = await host.register()
    expect(await host.post('/host/revoke', {})).toMatchObject({
      status: 200,
      body: { status: 'revoked', agents_revoked: 2 },
    })
    const revoked = { status: 403, body: { error: 'host_revoked' } }
    expect(await host.status(agent.id)).toMatchObject(revoked)
    expect(await host.post('/host/revoke', {})).toMatchObject(revoked)
    for (const one of [agent, second]) {
      expect((await one.execute('list_accounts')).status).toBe(403)
      expect((await introspect(one)).body).toEqual({ active: false })
    }
  })

  it('AA61 a pending host manages nothing', async () => {
    const host = await TestHost.create(world)
    const { agent } = await host.register()
    const pending = { status: 403, body: { error: 'host_pending' } }
    expect(await host.post('/host/revoke', {})).toMatchObject(pending)
    expect(await host.post('/agent/revoke', { agent_id: agent.id })).toMatchObject(pending)
    expect(await host.post('/agent/reactivate', { agent_id: agent.id })).toMatchObject(pending)
    expect((await host.status(agent.id)).body.status).toBe('pending')
  })

  it.each(['revoked', 'pending', 'rejected'])(
    'AA62 the agents of a %s host act no more',
    async (status) => {
      const { agent } = await connected(world, ['list_accounts'])
      await change(world, 'agentHost', await hostIdOf(agent), { status })
      const answer = await agent.execute('list_accounts')
      expect([401, 403]).toContain(answer.status)
      expect((await introspect(agent)).body).toEqual({ active: false })
      expect((await agent.request({ capabilities: ['crash'] })).status).toBe(answer.status)
    },
  )

  it('AA64 deleting a person takes their hosts and agents along', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    await world.adapter.delete({
      model: 'agentHost',
      where: [{ field: 'userId', value: person.id }],
    })
    const answer = await agent.execute('list_accounts')
    expect([401, 403]).toContain(answer.status)
    expect([401, 403, 404]).toContain((await host.status(agent.id)).status)
  })

  it('a revoked agent stays revoked whatever is approved later', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const asked = await agent.request({ capabilities: ['transfer_money'] })
    const { user_code } = asked.body.approval
    await host.post('/agent/revoke', { agent_id: agent.id })
    const answer = await decide(world, person, { user_code, action: 'approve' })
    expect([200, 403, 404, 409, 410]).toContain(answer.status)
    expect((await host.status(agent.id)).body.status).toBe('revoked')
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
    })

    const stranger = await TestHost.create(world)
    const waiting = await stranger.register({ capabilities: ['list_accounts'] })
    await change(world, 'agent', waiting.agent.id, { status: 'revoked' })
    const late = await decide(world, await world.person(), {
      user_code: waiting.answer.body.approval.user_code,
      action: 'approve',
    })
    expect(late.status).not.toBe(500)
    expect((await waiting.agent.execute('list_accounts')).status).toBe(403)
  })

  it('a pending agent cannot act or ask', async () => {
    const host = await TestHost.create(world)
    const { agent } = await host.register({ capabilities: ['list_accounts'] })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 403 })
    expect(await agent.request({ capabilities: ['crash'] })).toMatchObject({ status: 403 })
    const { host: linked } = await connected(world)
    const waiting = await linked.register({ capabilities: ['crash'] })
    expect(await waiting.agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'agent_pending' },
    })
  })
})
