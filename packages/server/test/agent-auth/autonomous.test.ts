import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { change, connected, decide, storedApproval, TestHost } from '../support/actors.ts'
import { bank, capabilities } from '../support/bank.ts'
import { call, countStatuses, SECRET } from '../support/http.ts'
import { openPlain, type World, worlds } from '../support/worlds.ts'

const autonomous = { mode: 'autonomous', capabilities: ['tell_time'] }
const claimed = { status: 403, body: { error: 'agent_claimed' } }

describe.each(worlds)('autonomous agents: $name', ({ open }) => {
  let world: World
  const hooks: unknown[] = []
  beforeAll(async () => {
    world = await open(
      bank({
        modes: ['delegated', 'autonomous'],
        resolveAutonomousUser: ({ hostId, hostName, agentId, agentMode }) =>
          hostName === 'nobody' ? null : { id: `system:${agentMode}:${hostId}:${agentId}` },
        onHostClaimed: (facts) => void hooks.push(facts),
        onAutonomousAgentClaimed: (facts) => {
          hooks.push(facts)
          // Whatever a hook does, the others are called and the person is answered.
          if (hooks.length === 2) throw new Error('the transfer of resources fails')
        },
        capabilities: [
          ...capabilities,
          {
            name: 'whoami',
            description: 'Says for whom the agent acts.',
            readOnly: true,
            approvalStrength: 'none',
            execute: (_args, { agent }) => ({ user: agent.userId, mode: agent.mode }),
          },
        ],
        defaultHostCapabilities: ({ mode }) =>
          mode === 'autonomous' ? ['check_balance', 'close_account'] : ['list_accounts'],
      }),
    )
  })
  afterAll(() => world.close())

  /** An unlinked host with some autonomous agents. */
  async function unattended(agents = 1) {
    const host = await TestHost.create(world)
    const started = []
    for (let n = 0; n < agents; n += 1) started.push((await host.register(autonomous)).agent)
    const [agent] = started
    if (!agent) throw new Error('no agent')
    return { host, agent, agents: started }
  }

  /** A person approves a delegated agent of the host, and with it the host. */
  async function link(host: TestHost) {
    const person = await world.person()
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    return { person, agent, answer: await decide(world, person, { user_code, action: 'approve' }) }
  }

  it('AF11 starts at once with what policy grants, and waits for nobody', async () => {
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({
      mode: 'autonomous',
      capabilities: ['tell_time', 'check_balance', 'transfer_money', 'close_account'],
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        mode: 'autonomous',
        status: 'active',
        agent_capability_grants: [
          { capability: 'tell_time', status: 'active' },
          { capability: 'check_balance', status: 'active' },
          { capability: 'transfer_money', status: 'denied', reason: expect.any(String) },
          { capability: 'close_account', status: 'denied' },
        ],
      },
    })
    expect(answer.body.approval).toBeUndefined()
    expect((await agent.execute('tell_time')).status).toBe(200)
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
    const more = await agent.request({ capabilities: ['transfer_money', 'whoami'] })
    expect(more.body.agent_capability_grants).toMatchObject([
      { capability: 'transfer_money', status: 'denied' },
      { capability: 'whoami', status: 'active' },
    ])
    expect(more.body.approval).toBeUndefined()
  })

  it('AF11 acts for whom the operator names, or for nobody', async () => {
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ mode: 'autonomous', capabilities: ['whoami'] })
    const user = `system:autonomous:${answer.body.host_id}:${agent.id}`
    expect((await agent.execute('whoami')).body).toEqual({ data: { user, mode: 'autonomous' } })
    const other = await TestHost.create(world)
    const body = { mode: 'autonomous', host_name: 'nobody', capabilities: ['whoami'] }
    const { agent: nobody } = await other.register(body)
    const { data } = (await nobody.execute('whoami')).body
    expect(data).toEqual({ user: null, mode: 'autonomous' })
  })

  it('AF11 AA20 refuses the mode where a person is in charge, and unknown capabilities', async () => {
    const { host } = await connected(world)
    expect((await host.register(autonomous)).answer).toMatchObject({
      status: 400,
      body: { error: 'unsupported_mode' },
    })
    const waiting = await TestHost.create(world)
    await waiting.register({ capabilities: ['list_accounts'] })
    expect((await waiting.register(autonomous)).answer).toMatchObject({
      status: 403,
      body: { error: 'host_pending' },
    })
    const stranger = await TestHost.create(world)
    const unknown = await stranger.register({ mode: 'autonomous', capabilities: ['nope'] })
    expect(unknown.answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_capabilities', invalid_capabilities: ['nope'] },
    })
  })

  it('AF11 reactivates with what policy grants now', async () => {
    const { host, agent } = await unattended()
    await change(world, 'agent', agent.id, { status: 'expired' })
    const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(answer.body).toMatchObject({ status: 'active', mode: 'autonomous' })
    const names = answer.body.agent_capability_grants
    expect(names).toMatchObject([
      { capability: 'check_balance', status: 'active' },
      { capability: 'close_account', status: 'denied' },
    ])
  })

  it('AA63 linking a host claims all its autonomous agents, at once and for good', async () => {
    const { host, agent, agents } = await unattended(3)
    await agent.execute('tell_time')
    const [, expired] = agents
    await change(world, 'agent', expired?.id ?? '', { status: 'expired' })
    hooks.length = 0
    const { person, answer } = await link(host)
    expect(answer.status).toBe(200)
    for (const one of agents) {
      expect(await one.execute('tell_time')).toMatchObject(claimed)
      expect(await one.request({ capabilities: ['whoami'] })).toMatchObject(claimed)
      const { body } = await host.status(one.id)
      expect(body).toMatchObject({ status: 'claimed', user_id: person.id })
      expect(body.agent_capability_grants).toEqual([])
      const again = await host.post('/agent/reactivate', { agent_id: one.id })
      expect(again).toMatchObject(claimed)
    }
    const { cookie } = person
    const path = `/agent/activity?agent_id=${agent.id}`
    const activity = await call(world.handler, 'GET', path, { cookie })
    const types = activity.body.events.map(({ type }: { type: string }) => type)
    expect(types).toEqual(
      expect.arrayContaining(['agent.created', 'capability.executed', 'agent.claimed']),
    )
    const stored = await world.adapter.findMany<{ userId: string | null }>({
      model: 'agentEvent',
      where: [
        { field: 'agentId', value: agent.id },
        { field: 'type', value: 'capability.executed' },
      ],
    })
    expect(stored[0]?.userId).toBe(person.id)

    expect(hooks).toHaveLength(4)
    expect(hooks[0]).toMatchObject({ userId: person.id, previousUserId: null })
    expect(hooks).toContainEqual(
      expect.objectContaining({
        agentId: agent.id,
        agentName: 'Bot',
        userId: person.id,
        capabilities: ['tell_time'],
      }),
    )
  })

  it('AA63 the host of an autonomous agent asks a person to claim it', async () => {
    const { host, agent, agents } = await unattended(2)
    const asked = await host.post('/agent/claim', { agent_id: agent.id, reason: 'I moved in.' })
    expect(asked).toMatchObject({ status: 200, body: { agent_id: agent.id, status: 'active' } })
    const { user_code } = asked.body.approval
    expect((await agent.execute('tell_time')).status).toBe(200)

    const [ada, bob] = [await world.person(), await world.person()]
    const preview = (cookie: string) =>
      call(world.handler, 'GET', `/agent/claim?user_code=${user_code}`, { cookie })
    const seen = await preview(ada.cookie)
    expect(seen).toMatchObject({ status: 200, body: { agents_total: 2 } })
    const shown = seen.body.agents.find((one: { agent_id: string }) => one.agent_id === agent.id)
    expect(shown.events.map(({ type }: { type: string }) => type)).toContain('capability.executed')
    expect((await preview(bob.cookie)).status).toBe(404)

    expect((await decide(world, bob, { user_code, action: 'approve' })).status).toBe(404)
    const approved = await decide(world, ada, { user_code, action: 'approve' })
    expect(approved).toMatchObject({ status: 200, body: { status: 'claimed' } })
    for (const one of agents) expect(await one.execute('tell_time')).toMatchObject(claimed)
    const hosts = await call(world.handler, 'GET', '/host/list', { cookie: ada.cookie })
    expect(hosts.body.hosts).toMatchObject([{ status: 'active', agents: 0 }])
    // From here on the host brings delegated agents, with the defaults of its person.
    const next = await host.register({ capabilities: ['list_accounts'] })
    expect(next.answer.body).toMatchObject({ status: 'active', mode: 'delegated' })
  })

  it('AA63 nobody claims by the id of an agent, and a denial changes nothing', async () => {
    const { host, agent } = await unattended()
    const stranger = (await unattended()).host
    const body = { agent_id: agent.id }
    expect((await stranger.post('/agent/claim', body)).status).toBe(403)
    const { cookie } = await world.person()
    expect((await call(world.handler, 'POST', '/agent/claim', { cookie, body })).status).toBe(401)
    expect(
      (await call(world.handler, 'GET', '/agent/claim?approval_id=x', { cookie })).status,
    ).toBe(404)

    const { user_code } = (await host.post('/agent/claim', body)).body.approval
    const approval = await storedApproval(world, agent.id)
    const byId = { approval_id: approval.id, action: 'approve' }
    expect((await decide(world, await world.person(), byId)).status).toBe(404)
    const denied = await decide(world, await world.person(), { user_code, action: 'deny' })
    expect(denied.status).toBe(200)
    expect((await agent.execute('tell_time')).status).toBe(200)

    const delegated = await connected(world)
    const wrong = await delegated.host.post('/agent/claim', { agent_id: delegated.agent.id })
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('AA63 of 50 approvals at once one links the host, and every sibling is claimed once', async () => {
    const { host, agents } = await unattended(4)
    hooks.length = 0
    const asked = await Promise.all(
      agents.map(async (agent) => host.post('/agent/claim', { agent_id: agent.id })),
    )
    const codes = asked.map(({ body }) => body.approval.user_code)
    const people = await Promise.all(Array.from({ length: 5 }, () => world.person()))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const person = people[n % people.length]
        if (!person) throw new Error('nobody')
        return decide(world, person, { user_code: codes[n % codes.length], action: 'approve' })
      }),
    )
    expect(countStatuses(answers)[200]).toBe(1)
    for (const { status } of answers) expect(status).toBeLessThan(500)
    const owners = new Set<string>()
    for (const agent of agents) {
      const { body } = await host.status(agent.id)
      expect(body.status).toBe('claimed')
      owners.add(body.user_id)
      expect(await agent.execute('tell_time')).toMatchObject(claimed)
    }
    expect(owners.size).toBe(1)
    expect(hooks).toHaveLength(1 + agents.length)
  })

  it('AA63 an agent that registers while its host is linked never acts on', async () => {
    const { host } = await unattended()
    const person = await world.person()
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    const [approved, ...late] = await Promise.all([
      decide(world, person, { user_code, action: 'approve' }),
      ...Array.from({ length: 8 }, async () => host.register(autonomous)),
    ])
    expect(approved.status).toBe(200)
    for (const { answer: one } of late) expect([200, 400, 503]).toContain(one.status)
    for (const { agent } of late.filter(({ answer: one }) => one.status === 200)) {
      expect(await agent.execute('tell_time')).toMatchObject(claimed)
    }
  })
})

it('AF11 the mode needs `resolveAutonomousUser`, and `allowDynamicHostRegistration`', async () => {
  const modes = ['delegated', 'autonomous'] as const
  expect(() =>
    createAuth({ secret: SECRET, baseURL: 'http://localhost:1', agentAuth: { modes } }),
  ).toThrow(/resolveAutonomousUser/)
  const world = await openPlain(
    bank({ modes, resolveAutonomousUser: () => null, allowDynamicHostRegistration: false }),
  )
  const { answer } = await (await TestHost.create(world)).register(autonomous)
  expect(answer).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
  await world.close()
})
