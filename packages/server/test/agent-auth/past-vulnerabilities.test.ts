import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, TestHost } from '../support/actors.ts'
import { Authenticator } from '../support/authenticator.ts'
import { bank } from '../support/bank.ts'
import { call, countStatuses, EXECUTE, ISSUER } from '../support/http.ts'
import { LongRunning } from '../support/long-running.ts'
import { resign } from '../support/raw-jwt.ts'
import { openPlain, type TestPerson, type World, worlds } from '../support/worlds.ts'

/** Everything of one person that has an id. */
async function belongings(world: World) {
  const { person, host, agent } = await connected(world, ['list_accounts'])
  const { body } = await agent.request({ capabilities: ['check_balance'] })
  const { cookie } = person
  const { body: view } = await look(world, person, { user_code: body.approval.user_code })
  const path = `/agent/get?agent_id=${agent.id}`
  const { body: seen } = await call(world.handler, 'GET', path, { cookie })
  const agent_id = agent.id
  const ids = {
    agent_id,
    host_id: seen.host.host_id as string,
    grant_id: seen.grants[0].grant_id as string,
    approval_id: view.approval_id as string,
  }
  return { person, host, agent, ids }
}

describe.each(worlds)('objects of others: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(async () => world.close())

  type Ids = Awaited<ReturnType<typeof belongings>>['ids']
  const nothing: Ids = {
    agent_id: 'agt_00000000000000000000000000',
    host_id: 'hst_00000000000000000000000000',
    grant_id: 'grt_00000000000000000000000000',
    approval_id: 'apr_00000000000000000000000000',
  }
  const requests: readonly (readonly [
    'GET' | 'POST',
    string,
    (ids: Ids) => Record<string, unknown>,
  ])[] = [
    ['GET', '/agent/get', ({ agent_id }) => ({ agent_id })],
    ['GET', '/agent/activity', ({ agent_id }) => ({ agent_id })],
    ['GET', '/agent/approval', ({ approval_id }) => ({ approval_id })],
    ['GET', '/agent/claim', ({ approval_id }) => ({ approval_id })],
    [
      'POST',
      '/agent/approve-capability',
      ({ approval_id }) => ({ approval_id, action: 'approve' }),
    ],
    ['POST', '/agent/approve-capability', ({ approval_id }) => ({ approval_id, action: 'deny' })],
    ['POST', '/agent/approval/challenge', ({ approval_id }) => ({ approval_id, capabilities: [] })],
    ['POST', '/agent/update', ({ agent_id }) => ({ agent_id, name: 'Mine' })],
    ['POST', '/agent/pause', ({ agent_id }) => ({ agent_id, paused: true })],
    ['POST', '/agent/revoke', ({ agent_id }) => ({ agent_id })],
    ['POST', '/agent/revoke-grant', ({ grant_id }) => ({ grant_id })],
    ['POST', '/agent/grant-capability', ({ agent_id }) => ({ agent_id, capability: 'tell_time' })],
    [
      'POST',
      '/agent/grant-capability/challenge',
      ({ agent_id }) => ({ agent_id, capability: 'tell_time' }),
    ],
    ['POST', '/host/update', ({ host_id }) => ({ host_id, name: 'Mine' })],
    ['POST', '/host/update', ({ host_id }) => ({ host_id, default_capabilities: [] })],
    ['POST', '/host/unlink', ({ host_id }) => ({ host_id })],
    ['POST', '/host/switch-account', ({ host_id }) => ({ host_id })],
    ['POST', '/host/revoke', ({ host_id }) => ({ host_id })],
  ]
  const send = async (
    person: TestPerson,
    [method, path, fields]: (typeof requests)[number],
    ids: Ids,
    query = '',
  ) => {
    const { cookie } = person
    if (method === 'POST') {
      return call(world.handler, method, `${path}${query}`, { cookie, body: fields(ids) })
    }
    const search = new URLSearchParams(fields(ids) as Record<string, string>)
    return call(world.handler, method, `${path}?${search}${query.replace('?', '&')}`, { cookie })
  }

  it('CVE-2026-4630 (32) another person is told the same as of what does not exist', async () => {
    const { person, agent, ids } = await belongings(world)
    const stranger = await world.person()
    for (const request of requests) {
      const foreign = await send(stranger, request, ids)
      const missing = await send(stranger, request, nothing)
      const told = [request[1], foreign.status, foreign.body]
      expect(told).toEqual([request[1], 404, missing.body])
      expect(missing.status).toBe(404)
    }
    // Nothing of it changed anything.
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    const path = `/agent/get?agent_id=${ids.agent_id}`
    const { body } = await call(world.handler, 'GET', path, { cookie: person.cookie })
    expect(body).toMatchObject({ name: 'Bot', paused: false, status: 'active' })
    const { approval_id } = ids
    expect(await decide(world, person, { approval_id, action: 'approve' })).toMatchObject({
      status: 200,
    })
  })

  it('CVE-2026-4636 (31) the id that is checked is the id that is used', async () => {
    const theirs = await belongings(world)
    const own = await belongings(world)
    for (const request of requests) {
      const [method, , fields] = request
      // The own id in the query, the other in the body; both in the query, in either order.
      const query = `?${new URLSearchParams(fields(own.ids) as Record<string, string>)}`
      const answer = await send(own.person, request, theirs.ids, query)
      if (method === 'POST') expect([request[1], answer.status]).toEqual([request[1], 404])
      else expect(JSON.stringify(answer.body)).not.toContain(theirs.ids.agent_id)
    }
    const path = `/agent/status?agent_id=${own.ids.agent_id}&agent_id=${theirs.ids.agent_id}`
    const status = await own.host.send('GET', path)
    expect(JSON.stringify(status.body)).not.toContain('"host_id":"' + theirs.ids.host_id)
    const twice = `{"agent_id":"${own.ids.agent_id}","agent_id":"${theirs.ids.agent_id}"}`
    for (const endpoint of ['/agent/revoke', '/agent/reactivate', '/agent/claim']) {
      expect(await own.host.post(endpoint, twice)).toMatchObject({ status: 403 })
    }
    expect(await theirs.agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })
})

describe('past vulnerabilities of others', () => {
  let world: World
  const longRunning = new LongRunning()
  beforeAll(async () => {
    world = await openPlain(
      bank({ capabilities: [...(bank().capabilities ?? []), ...longRunning.capabilities] }),
    )
  })
  afterAll(async () => world.close())

  it('better-auth#9622 (21) of many uses of one passkey assertion one counts', async () => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const host = await TestHost.create(world)
    const { answer } = await host.register({ capabilities: ['transfer_money'] })
    const { user_code } = answer.body.approval
    const { body: view } = await look(world, person, { user_code })
    const { approval_id } = view
    const capabilities = [{ capability: 'transfer_money', allow: true }]
    const { cookie } = person
    const { body } = await call(world.handler, 'POST', '/agent/approval/challenge', {
      cookie,
      body: { approval_id, capabilities },
    })
    const webauthn_response = key.assert({ challenge: body.options.challenge })
    const decision = { approval_id, action: 'approve', capabilities, webauthn_response }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => decide(world, person, decision)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => [200, 403, 409].includes(status))).toBe(true)
  })

  it('CVE-2026-8922 (29) of everything that can end an agent, the strictest counts', async () => {
    const made = await connected(world, ['list_accounts'])
    const hosts = ['active', 'pending', 'revoked']
    const agents = ['active', 'expired', 'revoked', 'claimed', 'rejected', 'pending']
    const grants = ['active', 'revoked', 'denied', 'pending', 'over']
    const states = hosts
      .flatMap((host) => agents.map((agent) => ({ host, agent })))
      .flatMap((state) => grants.map((grant) => ({ ...state, grant })))
      .flatMap((state) => [false, true].map((isPaused) => ({ ...state, isPaused })))
    for (const state of states) {
      await put(made, state)
      const { host, agent, grant, isPaused } = state
      const isGood = [host, agent, grant].every((one) => one === 'active') && !isPaused
      const { status } = await made.agent.execute('list_accounts')
      expect({ ...state, allowed: status === 200 }).toEqual({ ...state, allowed: isGood })
    }
  })

  async function put(
    made: Awaited<ReturnType<typeof connected>>,
    state: { host: string; agent: string; grant: string; isPaused: boolean },
  ) {
    const of = (field: string, value: string) => [{ field, value }]
    const grant =
      state.grant === 'over'
        ? { status: 'active', expiresAt: new Date(0) }
        : { status: state.grant, expiresAt: null }
    const agent = { status: state.agent, pausedAt: state.isPaused ? new Date() : null }
    for (const [model, where, update] of [
      ['agentHost', of('thumbprint', made.host.thumbprint), { status: state.host }],
      ['agentGrant', of('agentId', made.agent.id), grant],
      ['agent', of('id', made.agent.id), agent],
    ] as const) {
      await world.adapter.updateMany({ model, where, update })
    }
  }

  it('CVE-2026-7571 (30) a mode that is not offered stays so, however it is asked for', async () => {
    const host = await TestHost.create(world)
    const { answer } = await host.register({ mode: 'autonomous' })
    expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_mode' } })
    const { answer: pending, agent } = await host.register({})
    expect(pending).toMatchObject({ status: 200, body: { status: 'pending' } })
    const { answer: again } = await host.register({ mode: 'autonomous' }, agent.keys)
    expect(again).toMatchObject({ status: 400, body: { error: 'unsupported_mode' } })
    const { answer: other } = await host.register({ preferred_method: 'none' })
    expect(other.body.approval.method).toBe('device_authorization')
    expect(await agent.execute('tell_time')).toMatchObject({ status: 403 })
  })

  it('CVE-2025-29927 (48) no header opens a door', async () => {
    const { agent } = await belongings(world)
    const headers = {
      'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware',
      'x-original-url': '/api/auth/capability/list',
      'x-rewrite-url': '/api/auth/capability/list',
      'x-http-method-override': 'GET',
      'x-forwarded-host': 'localhost:4100',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      forwarded: 'for=127.0.0.1;host=localhost:4100',
      'x-agent-id': agent.id,
      'x-countersign-client-address': '127.0.0.1',
    }
    for (const [method, path, body] of [
      ['POST', '/capability/execute', { capability: 'list_accounts' }],
      [
        'POST',
        '/capability/batch-execute',
        { requests: [{ id: '1', capability: 'list_accounts' }] },
      ],
      ['POST', '/agent/introspect', { token: 'x' }],
      ['GET', `/agent/status?agent_id=${agent.id}`, undefined],
      ['GET', '/agent/list', undefined],
      ['POST', '/agent/revoke', { agent_id: agent.id }],
    ] as const) {
      const answer = await call(world.handler, method, path, { headers, ...(body && { body }) })
      expect([path, answer.status]).toEqual([path, 401])
    }
  })

  it('CVE-2026-55669 (43) a JWT for another audience counts nowhere', async () => {
    const { host, agent } = await belongings(world)
    const others = [
      'https://evil.example',
      `${ISSUER}.evil.example`,
      `${ISSUER}/`,
      ISSUER.replace('http:', 'https:'),
      ISSUER.toUpperCase(),
      `${EXECUTE}/`,
      `${EXECUTE}?a=b`,
      `${ISSUER}:80`,
      `${ISSUER} ${EXECUTE}`,
      '*',
    ]
    for (const audience of others) {
      for (const [method, path, body] of [
        ['GET', `/agent/status?agent_id=${agent.id}`, undefined],
        ['GET', '/capability/list', undefined],
        ['POST', '/agent/register', { name: 'Bot' }],
        ['POST', '/agent/revoke', { agent_id: agent.id }],
        ['POST', '/host/revoke', {}],
        ['POST', '/host/enroll', { token: 'x' }],
      ] as const) {
        const answer = await host.send(method, path, body, await host.jwt({ audience }))
        expect([path, audience, answer.status]).toEqual([path, audience, 401])
      }
      for (const [path, body] of [
        ['/capability/execute', { capability: 'list_accounts' }],
        ['/capability/batch-execute', { requests: [{ id: '1', capability: 'list_accounts' }] }],
        ['/agent/request-capability', { capabilities: ['tell_time'] }],
      ] as const) {
        const answer = await host.post(path, body, await agent.jwt({ audience }))
        expect([path, audience, answer.status]).toEqual([path, audience, 401])
      }
    }
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('CVE-2026-55669 (43) a JWT for one place counts at no other', async () => {
    const { host, agent } = await belongings(world)
    const forIssuer = () => agent.jwt({ audience: ISSUER })
    for (const [path, body, token] of [
      ['/capability/execute', { capability: 'list_accounts' }, forIssuer],
      ['/capability/batch-execute', { requests: [{ id: '1', capability: 'x' }] }, forIssuer],
      ['/agent/request-capability', { capabilities: ['tell_time'] }, () => agent.jwt()],
      ['/agent/revoke', { agent_id: agent.id }, forIssuer],
      ['/agent/reactivate', { agent_id: agent.id }, forIssuer],
      ['/host/revoke', {}, forIssuer],
      ['/capability/execute', { capability: 'list_accounts' }, () => host.jwt()],
    ] as const) {
      const answer = await host.post(path, body, await token())
      expect([path, answer.status, answer.body.error]).toEqual([path, 401, 'invalid_jwt'])
    }
    expect(
      await host.send('GET', '/capability/job?id=job_1', undefined, await agent.jwt()),
    ).toMatchObject({
      status: 401,
    })
  })

  it('keycloak-agent-auth P1 (51) a JWT that was refused does not use its id up', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const good = await agent.jwt()
    const now = Math.floor(Date.now() / 1000)
    const { privateKey } = agent.keys
    for (const payload of [
      { aud: ISSUER },
      { iss: 'x'.repeat(43) },
      { iat: now - 600, exp: now - 540 },
      { capabilities: 'all' },
    ]) {
      const refused = await resign(good, privateKey, { payload })
      expect(await agent.execute('list_accounts', {}, refused)).toMatchObject({ status: 401 })
    }
    expect(await agent.execute('list_accounts', {}, good)).toMatchObject({ status: 200 })
    expect(await agent.execute('list_accounts', {}, good)).toMatchObject({ status: 401 })
  })

  it('keycloak-agent-auth P1 (51) a stored operator that nobody knows allows nothing', async () => {
    for (const constraints of [
      { amount: { less_than: 5 } },
      { amount: { max: 5, less_than: 5 } },
      { amount: [1] },
      { amount: { max: '5' } },
      { __proto__: null, amount: { constructor: 5 } },
    ]) {
      const { agent } = await connected(world, ['pay_small'])
      const [grant] = await world.adapter.findMany<{ id: string }>({
        model: 'agentGrant',
        where: [{ field: 'agentId', value: agent.id }],
      })
      await change(world, 'agentGrant', grant?.id ?? '', { constraints })
      const answer = await agent.execute('pay_small', { amount: 1 })
      expect([constraints, [400, 403].includes(answer.status)]).toEqual([constraints, true])
    }
  })

  it('keycloak-agent-auth P0 (51) what policy denies is no grant', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const capabilities = [{ name: 'pay_small', constraints: { amount: { min: 60 } } }]
    const { body } = await agent.request({ capabilities })
    expect(body.agent_capability_grants).toMatchObject([{ status: 'denied' }])
    for (const amount of [1, 60, 100]) {
      const answer = await agent.execute('pay_small', { amount })
      expect(answer).toMatchObject({ status: 403, body: { error: 'capability_not_granted' } })
    }
  })

  it('one-click takeover, registration phishing (39): what a host says of itself is only said', async () => {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer } = await host.register({
      name: 'Claude\u202e<img src=x onerror=alert(1)>',
      host_name: 'javascript:alert(1)//Anthropic',
      reason: '[click](javascript:alert(1))',
    })
    const { body } = await look(world, person, { user_code: answer.body.approval.user_code })
    expect(body.asserted.resembles.length).toBeGreaterThan(0)
    expect(body.facts.host_known).toBe(false)
    expect(JSON.stringify(body.asserted)).not.toMatch(/[\u202e<>]/)
    // Said in no place that the page takes for the server's own word.
    const { asserted: _said, ...own } = body
    expect(JSON.stringify(own)).not.toMatch(/Claude|Anthropic|javascript/)
  })

  it('CVE-2026-4630 (32) a job belongs to the agent that started it', async () => {
    const { agent } = await connected(world, ['export_statement'])
    const other = await connected(world, ['export_statement'])
    const started = await agent.execute('export_statement', { key: 'mine' })
    expect(started).toMatchObject({ status: 202 })
    const path = started.body.status_url as string
    const foreign = await other.host.send(
      'GET',
      path,
      undefined,
      await other.agent.jwt({ audience: ISSUER }),
    )
    const missing = await other.host.send(
      'GET',
      path.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      undefined,
      await other.agent.jwt({ audience: ISSUER }),
    )
    expect([foreign.status, foreign.body]).toEqual([404, missing.body])
    ;(await longRunning.job('mine')).finish('done')
    expect(countStatuses([foreign, missing])).toEqual({ 404: 2 })
  })
})
