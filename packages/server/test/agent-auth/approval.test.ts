import { approvalViewSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, storedApproval, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call, countStatuses } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const notFound = { status: 404, body: { error: 'approval_not_found' } }
const transfer = (max: number) => ({ name: 'transfer_money', constraints: { amount: { max } } })

describe.each(worlds)('approval: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  /** An agent of an unknown host that waits, with its code. */
  async function waiting(capabilities: readonly unknown[] = ['list_accounts']) {
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities, reason: 'Rent.' })
    return { host, agent, user_code: answer.body.approval.user_code as string }
  }
  const stale = (sessionId: string) =>
    change(world, 'session', sessionId, { createdAt: new Date(Date.now() - 301_000) })

  it('shows facts apart from claims, and only what will be decided', async () => {
    const person = await world.person()
    const { agent, user_code } = await waiting(['list_accounts', transfer(300)])
    const { status, body } = await look(world, person, { user_code })
    expect(status).toBe(200)
    expect(approvalViewSchema.parse(body)).toBeTruthy()
    expect(body).toMatchObject({
      kind: 'registration',
      status: 'pending',
      provider_name: 'bank',
      facts: { agent_id: agent.id, mode: 'delegated', host_known: false },
      asserted: { agent_name: 'Bot', reason: 'Rent.', resembles: [] },
      capabilities: [
        { capability: 'list_accounts', read_only: true, strength: 'session', constraints: null },
        {
          capability: 'transfer_money',
          title: 'Transfer money',
          read_only: false,
          constraints: { amount: { max: 300 } },
        },
      ],
      webauthn: { available: false, required: false },
      fresh_session: { fresh: true, window_seconds: 300 },
    })
    expect(body.facts.host_fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
  })

  it('AA68 approves with the user code alone, written in any way', async () => {
    for (const write of [
      (code: string) => code,
      (code: string) => code.toLowerCase(),
      (code: string) => code.replace('-', ''),
      (code: string) => ` ${code.replace('-', ' ')} `,
    ]) {
      const { agent, user_code } = await waiting()
      const person = await world.person()
      const approved = await decide(world, person, {
        user_code: write(user_code),
        action: 'approve',
      })
      expect(approved).toMatchObject({
        status: 200,
        body: {
          agent_id: agent.id,
          status: 'active',
          agent_capability_grants: [{ capability: 'list_accounts', status: 'active' }],
        },
      })
      expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    }
  })

  it('AA65 refuses a stale session to approve, but not to deny', async () => {
    const person = await world.person()
    await stale(person.sessionId)
    const { agent, user_code } = await waiting()
    const view = await look(world, person, { user_code })
    expect(view.body.fresh_session.fresh).toBe(false)
    const refused = { status: 403, body: { error: 'fresh_session_required' } }
    for (const capabilities of [undefined, [], [{ capability: 'list_accounts', allow: true }]]) {
      const body = { user_code, action: 'approve', ...(capabilities && { capabilities }) }
      expect(await decide(world, person, body)).toMatchObject(refused)
    }
    const challenge = await call(world.handler, 'POST', '/agent/approval/challenge', {
      cookie: person.cookie,
      body: { approval_id: view.body.approval_id, capabilities: [] },
    })
    expect(challenge).toMatchObject(refused)
    expect((await agent.execute('list_accounts')).status).toBe(403)
    expect(await decide(world, person, { user_code, action: 'deny' })).toMatchObject({
      status: 200,
    })
  })

  it('AA66 a stale session activates nothing in any other way', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { cookie } = person
    const pause = (paused: boolean) =>
      call(world.handler, 'POST', '/agent/pause', { cookie, body: { agent_id: agent.id, paused } })
    expect(await pause(true)).toMatchObject({ status: 200, body: { paused: true } })
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'agent_paused' },
    })
    await stale(person.sessionId)
    expect(await pause(false)).toMatchObject({
      status: 403,
      body: { error: 'fresh_session_required' },
    })
    for (const path of [
      '/agent/grant',
      '/agent/grant-capability',
      '/host/create',
      '/host/update',
      '/agent/host/create',
    ]) {
      const answer = await call(world.handler, 'POST', path, {
        cookie,
        body: {
          agent_id: agent.id,
          capability: 'crash',
          capabilities: ['crash'],
          host_id: (await host.status(agent.id)).body.host_id,
          default_capabilities: ['list_accounts'],
          status: 'active',
        },
      })
      expect([403, 404]).toContain(answer.status)
    }
    const widened = await call(world.handler, 'POST', '/agent/update', {
      cookie,
      body: {
        agent_id: agent.id,
        name: 'Bob',
        status: 'active',
        paused: false,
        pausedAt: null,
        userId: 'x',
      },
    })
    expect(widened).toMatchObject({ status: 200, body: { name: 'Bob', paused: true } })
    expect((await agent.execute('list_accounts')).status).toBe(403)
  })

  it('AA69 locks after ten wrong codes, also in parallel', async () => {
    const person = await world.person()
    const { user_code } = await waiting()
    const wrong = (n: number) => `BCDF-${'BCDFGHJKLM'.charAt(n % 10).repeat(4)}`
    const first = await Promise.all(
      Array.from({ length: 10 }, (_, n) => look(world, person, { user_code: wrong(n) })),
    )
    expect(countStatuses(first)).toEqual({ 404: 10 })
    const locked = { status: 429, body: { error: 'rate_limited' } }
    const answer = await look(world, person, { user_code })
    expect(answer).toMatchObject(locked)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject(locked)
    expect(await decide(world, person, { user_code, action: 'deny' })).toMatchObject(locked)
    // Nobody else is locked out.
    expect((await look(world, await world.person(), { user_code })).status).toBe(200)
  })

  it('AA69 a burst of guesses gets no more tries than a slow one', async () => {
    const person = await world.person()
    const { user_code } = await waiting()
    const guesses = Array.from(
      { length: 60 },
      (_, n) => `ZZZZ-${'BCDFGHJKLM'.charAt(n % 10).repeat(4)}`,
    )
    const answers = await Promise.all(
      [...guesses, user_code].map((code) => look(world, person, { user_code: code })),
    )
    expect(countStatuses(answers.slice(0, -1))[404]).toBeLessThanOrEqual(10)
    expect(answers.at(-1)).toMatchObject({ status: 429 })
  })

  it('AA69 right codes cost nothing', async () => {
    const person = await world.person()
    const { user_code } = await waiting()
    for (let turn = 0; turn < 12; turn++) {
      expect((await look(world, person, { user_code })).status).toBe(200)
    }
  })

  it('AA70 a stranger without the code neither sees nor decides', async () => {
    const { agent, user_code } = await waiting()
    const stranger = await world.person()
    const { id } = await storedApproval(world, agent.id)
    expect(await look(world, stranger, { approval_id: id })).toMatchObject(notFound)
    for (const action of ['approve', 'deny']) {
      expect(await decide(world, stranger, { approval_id: id, action })).toMatchObject(notFound)
    }
    const anonymous = await call(world.handler, 'POST', '/agent/approve-capability', {
      body: { user_code, action: 'deny' },
      headers: { origin: 'http://localhost:4100' },
    })
    expect(anonymous).toMatchObject({ status: 401 })
    expect((await look(world, await world.person(), { user_code })).status).toBe(200)
  })

  it('CVE-2026-45337 (2) the first person who opens a code decides it, nobody else', async () => {
    const [ada, bob] = [await world.person(), await world.person()]
    const { user_code } = await waiting()
    const view = await look(world, ada, { user_code })
    expect(view.status).toBe(200)
    expect(await look(world, bob, { user_code })).toMatchObject(notFound)
    for (const action of ['approve', 'deny']) {
      expect(await decide(world, bob, { user_code, action })).toMatchObject(notFound)
      const byId = { approval_id: view.body.approval_id, action }
      expect(await decide(world, bob, byId)).toMatchObject(notFound)
    }
    const approval_id = view.body.approval_id
    expect(await decide(world, ada, { approval_id, action: 'approve' })).toMatchObject({
      status: 200,
    })
    expect(await decide(world, bob, { approval_id, action: 'deny' })).toMatchObject(notFound)
    expect(await decide(world, ada, { approval_id, action: 'deny' })).toMatchObject({
      status: 409,
      body: { error: 'approval_decided' },
    })
    expect(await decide(world, ada, { user_code, action: 'approve' })).toMatchObject({
      status: 409,
    })
  })

  it("a person cannot approve under somebody else's host", async () => {
    const { host, person } = await connected(world)
    const { answer } = await host.register({ capabilities: ['transfer_money'] })
    const { user_code } = answer.body.approval
    const stranger = await world.person()
    expect(await look(world, stranger, { user_code })).toMatchObject(notFound)
    expect(await decide(world, stranger, { user_code, action: 'approve' })).toMatchObject(notFound)
    const inbox = await call(world.handler, 'GET', '/agent/approvals', { cookie: person.cookie })
    expect(inbox.body.approvals).toMatchObject([
      { kind: 'registration', facts: { host_known: true } },
    ])
    const { approval_id } = inbox.body.approvals[0]
    expect(await decide(world, stranger, { approval_id, action: 'deny' })).toMatchObject(notFound)
    expect(await decide(world, person, { approval_id, action: 'approve' })).toMatchObject({
      status: 200,
    })
    const empty = await call(world.handler, 'GET', '/agent/approvals', { cookie: stranger.cookie })
    expect(empty.body.approvals).toEqual([])
  })

  it('AA72 tells the agent what was denied, why and by whom', async () => {
    const person = await world.person()
    const { host, agent, user_code } = await waiting(['list_accounts', 'transfer_money', 'crash'])
    const approved = await decide(world, person, {
      user_code,
      action: 'approve',
      capabilities: [
        { capability: 'list_accounts', allow: true },
        { capability: 'transfer_money', allow: false, reason: 'Only on Fridays.' },
      ],
    })
    const denied = {
      capability: 'transfer_money',
      status: 'denied',
      reason: 'Only on Fridays.',
      denied_by: person.id,
    }
    expect(approved).toMatchObject({ status: 200, body: { status: 'active' } })
    for (const grants of [approved.body.agent_capability_grants, await agent.grants()]) {
      expect(grants).toHaveLength(3)
      expect(grants).toContainEqual(denied)
      expect(grants).toContainEqual({ capability: 'crash', status: 'denied', denied_by: person.id })
    }
    expect((await host.status(agent.id)).body.status).toBe('active')
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
    })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('approving with nothing allowed leaves an active agent with nothing', async () => {
    const person = await world.person()
    const { host, agent, user_code } = await waiting()
    const approved = await decide(world, person, { user_code, action: 'approve', capabilities: [] })
    expect(approved).toMatchObject({ status: 200, body: { status: 'active' } })
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
    expect((await host.status(agent.id)).body.status).toBe('active')
  })

  it('denying rejects the agent for good', async () => {
    const person = await world.person()
    const { host, agent, user_code } = await waiting()
    const denied = await decide(world, person, { user_code, action: 'deny', reason: 'Unknown.' })
    expect(denied).toMatchObject({ status: 200, body: { status: 'rejected' } })
    expect((await host.status(agent.id)).body).toMatchObject({ status: 'rejected' })
    expect((await agent.grants())[0]).toMatchObject({ status: 'denied', reason: 'Unknown.' })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 403 })
  })

  it('AF4 a person narrows and never widens', async () => {
    const person = await world.person()
    const { agent, user_code } = await waiting([transfer(300), 'pay_small'])
    const approved = await decide(world, person, {
      user_code,
      action: 'approve',
      capabilities: [
        {
          capability: 'transfer_money',
          allow: true,
          constraints: { amount: { max: 5000, min: 10 }, to: 'acc_2' },
        },
        { capability: 'pay_small', allow: true, constraints: { amount: { max: 100 } } },
      ],
    })
    expect(approved.status).toBe(200)
    expect(approved.body.agent_capability_grants).toMatchObject([
      { capability: 'transfer_money', constraints: { amount: { min: 10, max: 300 }, to: 'acc_2' } },
      { capability: 'pay_small', constraints: { amount: { max: 50 } } },
    ])
    expect((await agent.execute('transfer_money', { amount: 300, to: 'acc_2' })).status).toBe(200)
    for (const [amount, to] of [
      [301, 'acc_2'],
      [9, 'acc_2'],
      [20, 'acc_3'],
    ]) {
      expect(await agent.execute('transfer_money', { amount, to })).toMatchObject({
        status: 403,
        body: { error: 'constraint_violated' },
      })
    }
    expect((await agent.execute('pay_small', { amount: 51 })).status).toBe(403)
  })

  it('a limit that leaves nothing is a denial', async () => {
    const person = await world.person()
    const { user_code } = await waiting([transfer(300)])
    const approved = await decide(world, person, {
      user_code,
      action: 'approve',
      capabilities: [
        { capability: 'transfer_money', allow: true, constraints: { amount: { min: 400 } } },
      ],
    })
    expect(approved.body.agent_capability_grants).toMatchObject([
      { capability: 'transfer_money', status: 'denied', reason: expect.stringContaining('amount') },
    ])
  })

  it.each([
    ['a capability nobody asked for', [{ capability: 'crash', allow: true }], 'invalid_request'],
    [
      'one capability twice',
      [
        { capability: 'list_accounts', allow: true },
        { capability: 'list_accounts', allow: false },
      ],
      'invalid_request',
    ],
    [
      'an unknown operator',
      [{ capability: 'list_accounts', allow: true, constraints: { a: { less_than: 1 } } }],
      'unknown_constraint_operator',
    ],
    ['zero uses', [{ capability: 'list_accounts', allow: true, max_uses: 0 }], 'invalid_request'],
    [
      'a negative lifetime',
      [{ capability: 'list_accounts', allow: true, expires_in: -5 }],
      'invalid_request',
    ],
    [
      'a negative budget',
      [{ capability: 'list_accounts', allow: true, budget: { field: 'amount', limit: -1 } }],
      'invalid_request',
    ],
    [
      'a budget finer than a millionth',
      [{ capability: 'list_accounts', allow: true, budget: { field: 'amount', limit: 0.1234567 } }],
      'invalid_request',
    ],
    [
      'a budget that is not countable',
      [{ capability: 'list_accounts', allow: true, budget: { field: 'amount', limit: 1e300 } }],
      'invalid_request',
    ],
    [
      'uses beyond what a database counts',
      [{ capability: 'list_accounts', allow: true, max_uses: 1e15 }],
      'invalid_request',
    ],
  ])(
    'keycloak-agent-auth (51) refuses a decision with %s, and decides nothing',
    async (_title, capabilities, error) => {
      const person = await world.person()
      const { agent, user_code } = await waiting()
      const answer = await decide(world, person, { user_code, action: 'approve', capabilities })
      expect(answer).toMatchObject({ status: 400, body: { error } })
      expect((await agent.execute('list_accounts')).status).toBe(403)
      expect((await look(world, person, { user_code })).body.status).toBe('pending')
    },
  )

  it('AA73 an approval id stands for what was shown, not for what the agent asked since', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: [transfer(100)] })
    const inbox = await call(world.handler, 'GET', '/agent/approvals', { cookie: person.cookie })
    const [shown] = inbox.body.approvals
    expect(shown.capabilities).toMatchObject([{ constraints: { amount: { max: 100 } } }])
    await agent.request({ capabilities: [transfer(10_000), 'crash'] })
    const answer = await decide(world, person, {
      approval_id: shown.approval_id,
      action: 'approve',
    })
    const body = {
      approval_id: shown.approval_id,
      action: 'approve',
      capabilities: [{ capability: 'transfer_money', allow: true }],
    }
    const explicit = answer.status === 200 ? answer : await decide(world, person, body)
    for (const { status } of [answer, explicit]) expect([200, 404, 409, 410]).toContain(status)
    expect(await agent.execute('transfer_money', { amount: 5000, to: 'a' })).toMatchObject({
      status: 403,
    })
    expect(await agent.execute('crash')).toMatchObject({ status: 403 })
  })

  it('AA73 a code opened for one request does not approve the next one', async () => {
    const person = await world.person()
    const { host, agent, user_code } = await waiting(['list_accounts'])
    const shown = (await look(world, person, { user_code })).body
    await host.register({ capabilities: ['list_accounts', 'transfer_money'] }, agent.keys)
    const answers = [
      await decide(world, person, { user_code, action: 'approve' }),
      await decide(world, person, { approval_id: shown.approval_id, action: 'approve' }),
    ]
    for (const answer of answers) expect([404, 409, 410]).toContain(answer.status)
    expect((await host.status(agent.id)).body.status).toBe('pending')
  })

  it('AA74 a stranger reaches no agent, grant, host or activity of another', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { cookie } = await world.person()
    const own = await call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, {
      cookie: person.cookie,
    })
    const [{ grant_id }] = own.body.grants
    const { host_id } = own.body.host
    const attempts = [
      call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, { cookie }),
      call(world.handler, 'GET', `/agent/activity?agent_id=${agent.id}`, { cookie }),
      call(world.handler, 'POST', '/agent/update', {
        cookie,
        body: { agent_id: agent.id, name: 'x' },
      }),
      call(world.handler, 'POST', '/agent/pause', {
        cookie,
        body: { agent_id: agent.id, paused: true },
      }),
      call(world.handler, 'POST', '/agent/revoke', { cookie, body: { agent_id: agent.id } }),
      call(world.handler, 'POST', '/agent/revoke-grant', { cookie, body: { grant_id } }),
      call(world.handler, 'POST', '/host/revoke', { cookie, body: { host_id } }),
    ]
    for (const answer of await Promise.all(attempts)) expect([403, 404]).toContain(answer.status)
    const empty = await call(world.handler, 'GET', '/agent/list', { cookie })
    expect(empty.body).toEqual({ agents: [] })
    expect((await call(world.handler, 'GET', '/host/list', { cookie })).body).toEqual({ hosts: [] })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })

    const stranger = await TestHost.create(world)
    await stranger.register()
    for (const path of ['/agent/revoke', '/agent/reactivate']) {
      const answer = await stranger.post(path, { agent_id: agent.id })
      expect(answer).toMatchObject({ status: 403, body: { error: 'host_pending' } })
    }
    expect(await stranger.status(agent.id)).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    const { host: linked } = await connected(world)
    for (const path of ['/agent/revoke', '/agent/reactivate']) {
      const answer = await linked.post(path, { agent_id: agent.id })
      expect(answer).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
    }
    expect(await host.status(agent.id)).toMatchObject({ status: 200 })
  })

  it('AA74 the owner renames, pauses, takes away and revokes', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts', 'check_balance'])
    const { cookie } = person
    const post = (path: string, body: unknown) =>
      call(world.handler, 'POST', path, { cookie, body })
    expect(
      await post('/agent/update', { agent_id: agent.id, name: '<b>Rent</b>\u202E bot' }),
    ).toMatchObject({
      status: 200,
      body: { name: 'Rent bot' },
    })
    const { body } = await call(world.handler, 'GET', `/agent/get?agent_id=${agent.id}`, { cookie })
    const grant = body.grants.find(
      ({ capability }: { capability: string }) => capability === 'check_balance',
    )
    expect(await post('/agent/revoke-grant', { grant_id: grant.grant_id })).toMatchObject({
      status: 200,
    })
    expect(await agent.execute('check_balance', { account: 'a' })).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    expect(await post('/agent/revoke', { agent_id: agent.id })).toMatchObject({
      status: 200,
      body: { agent_id: agent.id, status: 'revoked' },
    })
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'agent_revoked' },
    })
    expect(await host.status(agent.id)).toMatchObject({ status: 200, body: { status: 'revoked' } })
    const [view] = (await call(world.handler, 'GET', '/host/list', { cookie })).body.hosts
    expect(await post('/host/revoke', { host_id: view.host_id })).toMatchObject({ status: 200 })
    expect((await host.register()).answer).toMatchObject({
      status: 403,
      body: { error: 'host_revoked' },
    })
  })

  it('Sentinel identity local@localhost (52) no person endpoint answers without a session', async () => {
    const endpoints: ['GET' | 'POST', string, unknown?][] = [
      ['GET', '/agent/approval?user_code=BCDF-BCDF'],
      ['GET', '/agent/approvals'],
      ['GET', '/agent/list'],
      ['GET', '/agent/get?agent_id=agt_1'],
      ['GET', '/agent/activity?agent_id=agt_1'],
      ['GET', '/agent/live'],
      ['GET', '/host/list'],
      ['POST', '/agent/approval/challenge', { approval_id: 'a', capabilities: [] }],
      ['POST', '/agent/approve-capability', { user_code: 'BCDF-BCDF', action: 'approve' }],
      ['POST', '/agent/update', { agent_id: 'a', name: 'b' }],
      ['POST', '/agent/pause', { agent_id: 'a', paused: true }],
      ['POST', '/agent/revoke', { agent_id: 'a' }],
      ['POST', '/agent/revoke-grant', { grant_id: 'a' }],
      ['POST', '/host/revoke', { host_id: 'a' }],
    ]
    for (const [method, path, body] of endpoints) {
      for (const [name, value] of [
        ['x-test', 'nothing'],
        ['x-user-id', 'local@localhost'],
        ['cookie', 'better-auth.session_token=local'],
      ] as const) {
        const answer = await call(world.handler, method, path, {
          headers: { origin: 'http://localhost:4100', [name]: value },
          ...(body !== undefined && { body }),
        })
        expect({ path, status: answer.status }).toEqual({ path, status: 401 })
        expect(answer.body.error).toBe('authentication_required')
      }
    }
    const people = await world.adapter.findMany<{ email: string }>({ model: 'user', limit: 1000 })
    expect(people.filter(({ email }) => !email.endsWith('@example.com'))).toEqual([])
  })

  it('answers a malformed request of a person in the format of the error table', async () => {
    const { cookie } = await world.person()
    for (const body of [
      {},
      { action: 'maybe', user_code: 'x' },
      { action: 'approve' },
      [],
      'x',
      { action: 'approve', user_code: 7 },
    ]) {
      const answer = await call(world.handler, 'POST', '/agent/approve-capability', {
        cookie,
        body,
      })
      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_request', message: expect.any(String) },
      })
    }
    expect(await call(world.handler, 'GET', '/agent/approval', { cookie })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })
})
