import { admin } from 'better-auth/plugins/admin'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, TestHost } from '../support/actors.ts'
import { bank, INTROSPECTION_SECRET } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { openPlain, type World, worlds } from '../support/worlds.ts'

const MODELS = ['agentHost', 'agent', 'agentGrant', 'agentApproval', 'agentEnrollment']

describe.each(worlds)('the end of an account: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  it('AA64 AF14 GHSA-2vg6-77g8-24mp (11) deleting a person ends all that acts for them', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts', 'transfer_money'])
    const { cookie } = person
    const second = await TestHost.create(world)
    const { answer } = await second.register({ capabilities: ['list_accounts'] })
    const opened = { user_code: answer.body.approval.user_code }
    expect((await look(world, person, opened)).status).toBe(200)
    const asked = await agent.request({ capabilities: ['crash'] })
    const created = await call(world.handler, 'POST', '/host/create', { cookie, body: {} })
    const token = created.body.enrollment_token
    const jwt = await agent.jwt()
    const seen = (await agent.execute('list_accounts')).status
    expect(seen).toBe(200)
    const bystander = await connected(world, ['list_accounts'])

    await world.deletePerson(person)
    const dead = [401, 403]
    expect(dead).toContain((await agent.execute('list_accounts', {}, jwt)).status)
    expect(dead).toContain((await agent.request({ capabilities: ['crash'] })).status)
    expect(dead).toContain((await host.status(agent.id)).status)
    expect(dead).toContain((await host.post('/agent/reactivate', { agent_id: agent.id })).status)
    const introspected = await call(world.handler, 'POST', '/agent/introspect', {
      token: INTROSPECTION_SECRET,
      body: { token: await agent.jwt() },
    })
    expect(introspected.body).toEqual({ active: false })
    const { user_code } = asked.body.approval
    expect((await decide(world, person, { user_code, action: 'approve' })).status).toBe(401)
    expect((await call(world.handler, 'GET', '/agent/list', { cookie })).status).toBe(401)
    expect((await second.post('/host/enroll', { token })).status).toBe(403)

    for (const model of MODELS) {
      const rows = await world.adapter.findMany<Record<string, unknown>>({ model, limit: 1000 })
      const theirs = rows.filter(
        (row) =>
          row['userId'] === person.id ||
          row['openedBy'] === person.id ||
          row['agentId'] === agent.id ||
          row['id'] === agent.id,
      )
      expect({ model, theirs }).toEqual({ model, theirs: [] })
    }
    const events = await world.adapter.findMany<{ type: string }>({
      model: 'agentEvent',
      where: [{ field: 'userId', value: person.id }],
    })
    const types = events.map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['host.linked', 'user.deleted']))
    expect((await bystander.agent.execute('list_accounts')).status).toBe(200)

    // The host is a stranger again, and the request somebody had opened can be made anew.
    const again = await host.register({ capabilities: ['list_accounts'] })
    expect(again.answer).toMatchObject({ status: 200, body: { status: 'pending' } })
    const ada = await world.person()
    const anew = await second.register({ capabilities: ['list_accounts'] })
    const code = anew.answer.body.approval.user_code
    const approved = await decide(world, ada, { user_code: code, action: 'approve' })
    expect(approved.status).toBe(200)
  })

  it('AA64 of a deletion and approvals at once nothing is left that acts', async () => {
    const person = await world.person()
    const hosts = await Promise.all(Array.from({ length: 4 }, () => TestHost.create(world)))
    const asked = await Promise.all(
      hosts.map(async (host) => host.register({ capabilities: ['list_accounts'] })),
    )
    const [, ...answers] = await Promise.all([
      world.deletePerson(person),
      ...asked.map(({ answer }) =>
        decide(world, person, { user_code: answer.body.approval.user_code, action: 'approve' }),
      ),
    ])
    for (const { status } of answers) expect([200, 401, 404, 503]).toContain(status)
    for (const { agent } of asked) {
      expect([401, 403]).toContain((await agent.execute('list_accounts')).status)
    }
  })
})

describe('a banned person', () => {
  let world: World
  beforeAll(async () => {
    world = await openPlain(bank(), {}, { plugins: [admin()], latency: 2 })
  })
  afterAll(() => world.close())

  const banned = { banned: true, banReason: 'spam', banExpires: null }

  it('AF14 CVE-2026-9798 (28) is acted for by nobody, from the moment of the ban', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const administrator = await world.person()
    await change(world, 'user', administrator.id, { role: 'admin' })
    const answer = await call(world.handler, 'POST', '/admin/ban-user', {
      cookie: administrator.cookie,
      body: { userId: person.id },
    })
    expect(answer.status).toBe(200)
    const over = { status: 403, body: { error: 'host_revoked' } }
    expect(await agent.execute('list_accounts')).toMatchObject(over)
    expect((await host.register()).answer).toMatchObject(over)
    expect(await host.post('/agent/reactivate', { agent_id: agent.id })).toMatchObject(over)
  })

  it('decides nothing with a session that was left, and enrols nothing', async () => {
    const { person } = await connected(world)
    const { cookie } = person
    const created = await call(world.handler, 'POST', '/host/create', { cookie, body: {} })
    await world.changePerson(person, banned)
    const host = await TestHost.create(world)
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    const token = created.body.enrollment_token
    expect((await host.post('/host/enroll', { token })).status).toBe(403)
  })

  it('a change of something else, and a ban that is over, end nothing', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    await world.changePerson(person, { name: 'Grace' })
    const yesterday = new Date(Date.now() - 86_400_000)
    await world.changePerson(person, { ...banned, banExpires: yesterday })
    expect((await agent.execute('list_accounts')).status).toBe(200)
  })

  it('of a ban and approvals at once nothing is left that acts', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const person = await world.person()
      const hosts = await Promise.all(Array.from({ length: 4 }, () => TestHost.create(world)))
      const asked = await Promise.all(
        hosts.map(async (host) => host.register({ capabilities: ['list_accounts'] })),
      )
      const decisions = asked.map(({ answer }) =>
        decide(world, person, { user_code: answer.body.approval.user_code, action: 'approve' }),
      )
      await new Promise((resolve) => setTimeout(resolve, turn * 12))
      await Promise.all([world.changePerson(person, banned), ...decisions])
      for (const { agent } of asked) {
        expect((await agent.execute('list_accounts')).status).toBe(403)
      }
    }
  })
})
