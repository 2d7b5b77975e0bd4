import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, type TestAgent } from '../support/actors.ts'
import { bank, capabilities, FILES } from '../support/bank.ts'
import { call, countStatuses, ISSUER } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const notGranted = { status: 403, body: { error: 'capability_not_granted' } }
const transfer = (constraints: Record<string, unknown>) => ({ name: 'transfer_money', constraints })

describe.each(worlds)('execution: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  it('AA75 answers exactly {data} for what is granted', async () => {
    const { agent } = await connected(world, ['check_balance', 'transfer_money'])
    const answer = await agent.execute('check_balance', { account: 'acc_1' })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ data: { account: 'acc_1', balance: 120 } })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const sent = await agent.execute('transfer_money', { amount: 1, to: 'a' })
    expect(sent.body).toEqual({ data: { sent: { amount: 1, to: 'a' }, by: agent.id } })
  })

  it.each([
    ['max', { amount: { max: 100 } }, { amount: 101, to: 'a' }, 'amount'],
    ['min', { amount: { min: 10 } }, { amount: 9, to: 'a' }, 'amount'],
    ['in', { to: { in: ['a', 'b'] } }, { amount: 1, to: 'c' }, 'to'],
    ['not_in', { to: { not_in: ['mallory'] } }, { amount: 1, to: 'mallory' }, 'to'],
    ['exact', { to: 'a' }, { amount: 1, to: 'A' }, 'to'],
    ['a field left out', { memo: 'rent' }, { amount: 1, to: 'a' }, 'memo'],
    ['a number as text', { memo: { max: 5 } }, { amount: 1, to: 'a', memo: '4' }, 'memo'],
  ])(
    'AA75 AF4 refuses arguments outside a constraint: %s',
    async (_title, constraints, args, field) => {
      const { agent } = await connected(world, [transfer(constraints)])
      const answer = await agent.execute('transfer_money', args)
      expect(answer).toMatchObject({ status: 403, body: { error: 'constraint_violated' } })
      expect(answer.body.violations).toMatchObject([{ field, constraint: expect.anything() }])
    },
  )

  it('AA75 lists every violation', async () => {
    const { agent } = await connected(world, [transfer({ amount: { max: 5 }, to: 'a' })])
    const { body } = await agent.execute('transfer_money', { amount: 6, to: 'b' })
    expect(body.violations).toHaveLength(2)
    expect(body.violations).toContainEqual({ field: 'amount', constraint: { max: 5 }, actual: 6 })
  })

  it('AA75 refuses what is not granted, and what does not exist', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject(notGranted)
    for (const name of ['nope', '__proto__', 'constructor', 'toString']) {
      expect(await agent.execute(name)).toMatchObject({
        status: 404,
        body: { error: 'capability_not_found' },
      })
    }
  })

  it('AA76 AF7 checks arguments against the input schema', async () => {
    const { agent } = await connected(world, ['transfer_money', 'check_balance'])
    for (const [name, args] of [
      ['transfer_money', { amount: 5 }],
      ['transfer_money', { amount: '5', to: 'a' }],
      ['transfer_money', undefined],
      ['check_balance', { account: 'a', more: 1 }],
      ['check_balance', { account: ['a'] }],
    ] as const) {
      const answer = await agent.execute(name, args)
      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_request', message: expect.stringContaining(name) },
      })
    }
    for (const args of [[], 'x', null, 7]) {
      const body = { capability: 'list_accounts', arguments: args }
      const answer = await call(world.handler, 'POST', '/capability/execute', {
        token: await agent.jwt(),
        body,
      })
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })

  it('AF7 does not pass on a result that is not what was promised', async () => {
    const { agent } = await connected(world, ['lie'])
    const answer = await agent.execute('lie')
    expect(answer).toMatchObject({ status: 502, body: { error: 'upstream_error' } })
    expect(JSON.stringify(answer.body)).not.toContain('hunter2')
  })

  it('AA77 a limited grant does not become unlimited by asking again', async () => {
    const { agent, person } = await connected(world, [
      { name: 'list_accounts', constraints: { of: 'me' } },
    ])
    const answer = await agent.request({ capabilities: ['list_accounts'] })
    expect(answer.status).toBe(200)
    expect(answer.body.agent_capability_grants).toMatchObject([
      { capability: 'list_accounts', status: 'pending' },
    ])
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'constraint_violated' },
    })
    const { user_code } = answer.body.approval
    await decide(world, person, { user_code, action: 'approve' })
    expect((await agent.execute('list_accounts')).status).toBe(200)
  })

  it('AA78 constraining another field asks for something else', async () => {
    const { agent } = await connected(world, [transfer({ amount: { max: 100 } })])
    const answer = await agent.request({ capabilities: [transfer({ to: 'acc_2' })] })
    expect(answer).toMatchObject({
      status: 200,
      body: { agent_capability_grants: [{ capability: 'transfer_money', status: 'pending' }] },
    })
    expect((await agent.execute('transfer_money', { amount: 200, to: 'acc_2' })).status).toBe(403)
  })

  it('AA78 asking for less than one holds is already granted', async () => {
    const { agent } = await connected(world, [transfer({ amount: { max: 100 } })])
    for (const max of [100, 50]) {
      const answer = await agent.request({ capabilities: [transfer({ amount: { max } })] })
      expect(answer).toMatchObject({ status: 409, body: { error: 'already_granted' } })
    }
    const more = await agent.request({ capabilities: [transfer({ amount: { max: 101 } })] })
    expect(more.status).toBe(200)
  })

  it('two grants for one capability never add up', async () => {
    const { agent, person } = await connected(world, [transfer({ amount: { max: 100 }, to: 'a' })])
    const asked = await agent.request({ capabilities: [transfer({ amount: { max: 5 }, to: 'b' })] })
    await decide(world, person, { user_code: asked.body.approval.user_code, action: 'approve' })
    expect((await agent.execute('transfer_money', { amount: 100, to: 'a' })).status).toBe(200)
    expect((await agent.execute('transfer_money', { amount: 5, to: 'b' })).status).toBe(200)
    expect((await agent.execute('transfer_money', { amount: 6, to: 'b' })).status).toBe(403)
  })

  it('AF4 the server limits what nobody asked to limit', async () => {
    const { agent } = await connected(world, ['pay_small'])
    expect((await agent.execute('pay_small', { amount: 50 })).status).toBe(200)
    expect(await agent.execute('pay_small', { amount: 51 })).toMatchObject({ status: 403 })
    const wider = await agent.request({
      capabilities: [{ name: 'pay_small', constraints: { amount: { min: 60 } } }],
    })
    expect(wider.body.agent_capability_grants).toMatchObject([{ status: 'denied' }])
    expect(wider.body).not.toHaveProperty('approval')
    expect(await agent.execute('pay_small', { amount: 61 })).toMatchObject({ status: 403 })
  })

  it('AA80 AF5 a grant ends when it expires', async () => {
    const decision = { capabilities: [{ capability: 'list_accounts', allow: true, expires_in: 1 }] }
    const { agent } = await connected(world, ['list_accounts'], decision)
    expect((await agent.execute('list_accounts')).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await agent.execute('list_accounts')).toMatchObject(notGranted)
    const listed = await call(world.handler, 'GET', '/capability/list', {
      token: await agent.jwt({ audience: ISSUER }),
    })
    const entry = listed.body.capabilities.find(
      ({ name }: { name: string }) => name === 'list_accounts',
    )
    expect(entry.grant_status).toBe('not_granted')
  })

  it('AF5 a number of uses is a number of uses', async () => {
    const decision = { capabilities: [{ capability: 'list_accounts', allow: true, max_uses: 2 }] }
    const { agent, person } = await connected(world, ['list_accounts'], decision)
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect((await agent.grants())[0]).toMatchObject({ uses_left: 1, max_uses: 2 })
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'limit_exceeded' },
    })
    const path = `/agent/get?agent_id=${agent.id}`
    const view = await call(world.handler, 'GET', path, { cookie: person.cookie })
    expect(view.body.grants).toMatchObject([{ uses_left: 0, max_uses: 2 }])
  })

  it('AF5 refused executions cost no use', async () => {
    const decision = {
      capabilities: [
        {
          capability: 'transfer_money',
          allow: true,
          max_uses: 1,
          constraints: { amount: { max: 10 } },
        },
      ],
    }
    const { agent } = await connected(world, ['transfer_money'], decision)
    expect((await agent.execute('transfer_money', { amount: 11, to: 'a' })).status).toBe(403)
    expect((await agent.execute('transfer_money', { amount: 1 })).status).toBe(400)
    expect((await agent.execute('transfer_money', { amount: 1, to: 'a' })).status).toBe(200)
  })

  it('AF5 a budget counts to the cent, and no trick fills it up', async () => {
    const decision = {
      capabilities: [
        { capability: 'transfer_money', allow: true, budget: { field: 'amount', limit: 1 } },
      ],
    }
    const { agent } = await connected(world, ['transfer_money'], decision)
    const send = (amount: unknown) => agent.execute('transfer_money', { amount, to: 'a' })
    expect((await send(0.1)).status).toBe(200)
    expect((await send(0.2)).status).toBe(200)
    expect((await send(0.7)).status).toBe(200)
    expect(await send(0.01)).toMatchObject({ status: 403, body: { error: 'limit_exceeded' } })
    for (const amount of [-5, 0.0000001, 1e300]) {
      expect(await send(amount)).toMatchObject({ status: 403 })
    }
    expect(await send(0.01)).toMatchObject({ status: 403, body: { error: 'limit_exceeded' } })
    expect((await agent.grants())[0]).toMatchObject({
      budget: { field: 'amount', limit: 1, spent: 1 },
    })
  })

  it('AA81 AF5 of 6 parallel uses of a single-use grant one succeeds', async () => {
    const decision = { capabilities: [{ capability: 'list_accounts', allow: true, max_uses: 1 }] }
    const { agent } = await connected(world, ['list_accounts'], decision)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => agent.execute('list_accounts')),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 403: 5 })
  })

  it('AF5 of 20 parallel payments only what the budget holds goes out', async () => {
    const decision = {
      capabilities: [
        {
          capability: 'transfer_money',
          allow: true,
          max_uses: 15,
          budget: { field: 'amount', limit: 100 },
        },
      ],
    }
    const { agent } = await connected(world, ['transfer_money'], decision)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => agent.execute('transfer_money', { amount: 14, to: 'a' })),
    )
    expect(countStatuses(answers)).toEqual({ 200: 7, 403: 13 })
    expect((await agent.grants())[0]).toMatchObject({ uses_left: 8, budget: { spent: 98 } })
  })

  it('AF5 a use-limited grant can be asked for again', async () => {
    const decision = { capabilities: [{ capability: 'list_accounts', allow: true, max_uses: 1 }] }
    const { agent, person } = await connected(world, ['list_accounts'], decision)
    await agent.execute('list_accounts')
    const again = await agent.request({ capabilities: ['list_accounts'] })
    expect(again.body.agent_capability_grants).toMatchObject([{ status: 'pending' }])
    await decide(world, person, { user_code: again.body.approval.user_code, action: 'approve' })
    expect((await agent.execute('list_accounts')).status).toBe(200)
  })

  it.each([
    ['a NUL', 'a\u0000b'],
    ['half a character', 'a\ud800b'],
    ['a prototype', '__proto__'],
    ['a great many', 'x'.repeat(50_000)],
  ])('AF16 no argument name with %s escapes the audit', async (_title, name) => {
    const { agent, person } = await connected(world, ['list_accounts'])
    const body = `{"capability":"list_accounts","arguments":{${JSON.stringify(name)}:1}}`
    const answer = await call(world.handler, 'POST', '/capability/execute', {
      token: await agent.jwt(),
      body,
    })
    expect(answer.status).toBeLessThan(500)
    if (answer.status !== 200) return
    const path = `/agent/activity?agent_id=${agent.id}`
    const { body: activity } = await call(world.handler, 'GET', path, { cookie: person.cookie })
    const types = activity.events.map(({ type }: { type: string }) => type)
    expect(types).toContain('capability.executed')
  })

  it('AA84 hides what a handler throws', async () => {
    const { agent } = await connected(world, ['crash', 'crash_upstream'])
    for (const name of ['crash', 'crash_upstream']) {
      const answer = await agent.execute(name)
      expect(answer).toMatchObject({ status: 500, body: { error: 'internal_error' } })
      expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|srv|ECONNREFUSED|10\.0\.0|database/)
    }
    expect(await agent.execute('crash')).toMatchObject({ status: 500 })
  })

  it('AA85 asks for a credential', async () => {
    const answer = await call(world.handler, 'POST', '/capability/execute', {
      body: { capability: 'list_accounts' },
    })
    expect(answer).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
    const challenge = `AgentAuth discovery="${ISSUER}/.well-known/agent-configuration"`
    expect(answer.headers.get('www-authenticate')).toBe(challenge)
    const cookie = (await world.person()).cookie
    for (const headers of [
      { authorization: 'Bearer ' },
      { authorization: 'Basic YTpi' },
      { authorization: '' },
    ]) {
      const bad = await call(world.handler, 'POST', '/capability/execute', {
        body: { capability: 'list_accounts' },
        headers,
        cookie,
      })
      expect(bad.status).toBe(401)
      expect(bad.headers.get('www-authenticate')).toContain('AgentAuth')
    }
  })

  it('Constraint bypass (53) a capability of another location does not run here', async () => {
    const { agent } = await connected(world, ['read_files'])
    expect(await agent.execute('read_files')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    const token = await agent.jwt({ audience: FILES })
    expect(await agent.execute('read_files', undefined, token)).toMatchObject({ status: 401 })
    expect(
      await agent.execute('list_accounts', undefined, await agent.jwt({ audience: FILES })),
    ).toMatchObject({ status: 401 })
  })

  it('CVE-2026-25536 (36) 100 parallel agents each get their own answer', async () => {
    const agents: TestAgent[] = []
    for (let n = 0; n < 10; n++) agents.push((await connected(world, ['check_balance'])).agent)
    const calls = Array.from({ length: 100 }, (_, n) => ({ n, agent: agents[n % 10] }))
    const answers = await Promise.all(
      calls.map(async ({ n, agent }) => ({
        n,
        answer: await agent?.execute('check_balance', { account: `acc_${n}` }),
      })),
    )
    for (const { n, answer } of answers) {
      expect(answer).toMatchObject({ status: 200, body: { data: { account: `acc_${n}` } } })
    }
  })

  it('what defaults hold is granted at once under a linked host, and tell_time always', async () => {
    const { agent } = await connected(world, ['check_balance'])
    expect(await agent.execute('list_accounts')).toMatchObject(notGranted)
    const answer = await agent.request({ capabilities: ['list_accounts', 'tell_time'] })
    expect(answer.body.agent_capability_grants).toMatchObject([
      { status: 'active' },
      { status: 'active' },
    ])
    expect(answer.body).not.toHaveProperty('approval')
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect((await agent.execute('tell_time')).status).toBe(200)
  })

  it('AF1 resolveGrantTTL, onExecute and validateCapabilities decide', async () => {
    const seen: unknown[] = []
    world = await world.restart(
      bank({
        capabilities: [...capabilities, { name: 'later', description: 'Runs by onExecute.' }],
        onExecute: (args, { capability, agent }) => {
          seen.push([capability.name, agent.agentId, args])
          return 'done'
        },
        resolveGrantTTL: ({ capability }) => (capability === 'tell_time' ? 60 : null),
        validateCapabilities: (names) => !names.includes('crash'),
        defaultHostCapabilities: ({ hostName }) => (hostName === 'Trusted' ? ['later'] : []),
      }),
    )
    const { host, agent } = await connected(world, ['tell_time', 'later'])
    expect(await agent.execute('later', { a: 1 })).toMatchObject({
      status: 200,
      body: { data: 'done' },
    })
    expect(seen).toEqual([['later', agent.id, { a: 1 }]])
    expect((await host.register({ capabilities: ['crash'] })).answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_capabilities', invalid_capabilities: ['crash'] },
    })
    const second = await host.register({ capabilities: ['tell_time'] })
    expect(second.answer.body.agent_capability_grants).toMatchObject([
      { status: 'active', expires_at: expect.any(String) },
    ])
    await change(world, 'agentGrant', await grantId(second.agent.id), {
      expiresAt: new Date(Date.now() - 1),
    })
    expect(await second.agent.execute('tell_time')).toMatchObject(notGranted)
  })

  it('AA79 a removed capability is not granted to whoever held it, and unknown to the others', async () => {
    world = await world.restart(bank())
    const holder = await connected(world, ['check_balance'])
    const other = await connected(world, ['list_accounts'])
    world = await world.restart(
      bank({ capabilities: capabilities.filter(({ name }) => name !== 'check_balance') }),
    )
    expect(await holder.agent.at(world).execute('check_balance', { account: 'a' })).toMatchObject(
      notGranted,
    )
    expect(await other.agent.at(world).execute('check_balance', { account: 'a' })).toMatchObject({
      status: 404,
      body: { error: 'capability_not_found' },
    })
    const status = await holder.host.at(world).status(holder.agent.id)
    expect(status.status).toBe(200)
    world = await world.restart(bank({ blockedCapabilities: ['check_balance'] }))
    expect(await holder.agent.at(world).execute('check_balance', { account: 'a' })).toMatchObject(
      notGranted,
    )
  })

  async function grantId(agentId: string): Promise<string> {
    const where = [{ field: 'agentId', value: agentId }]
    const [grant] = await world.adapter.findMany<{ id: string }>({ model: 'agentGrant', where })
    return grant?.id ?? ''
  }
})
