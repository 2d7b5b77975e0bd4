import { describe, expect, it } from 'vitest'
import type { AgentEvent } from '../../src/agent-auth/index.ts'
import { connected, decide, look, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { type Answer, call } from '../support/http.ts'
import { worlds } from '../support/worlds.ts'

const limited = { status: 429, body: { error: 'rate_limited', message: expect.any(String) } }
const retryAfter = ({ headers }: Answer) => Number(headers.get('retry-after'))

describe.each(worlds)('limits and events: $name', ({ open }) => {
  it('AA89 AA90 AF16 limits each agent, host and address on its own, and says what happened', async () => {
    const seen: AgentEvent[] = []
    const window = 60
    let world = await open(
      bank({
        clientAddress: (request) => request.headers.get('x-test-address'),
        rateLimit: {
          agent: { window, max: 3 },
          host: { window, max: 8 },
          registration: { window, max: 2 },
          userCode: { window, max: 10 },
        },
        onEvent: (event) => void seen.push(event),
      }),
    )

    const first = await connected(world, ['list_accounts'])
    const second = await connected(world, ['list_accounts'])
    for (let n = 0; n < 3; n++) {
      const headers = { 'x-test-address': `198.51.100.${n}` }
      const token = await first.agent.jwt()
      const body = { capability: 'list_accounts' }
      const answer = await call(world.handler, 'POST', '/capability/execute', {
        token,
        body,
        headers,
      })
      expect(answer.status).toBe(200)
    }
    const refused = await first.agent.execute('list_accounts')
    expect(refused).toMatchObject(limited)
    expect(retryAfter(refused)).toBeGreaterThan(0)
    expect(retryAfter(refused)).toBeLessThanOrEqual(window)
    expect(await first.agent.request({ capabilities: ['crash'] })).toMatchObject(limited)
    // AA90: the same address, another agent.
    expect((await second.agent.execute('list_accounts')).status).toBe(200)

    // The host counts its own requests and those of its agents: one and three until here.
    for (let n = 0; n < 4; n++) expect((await first.host.status(first.agent.id)).status).toBe(200)
    const stopped = await first.host.status(first.agent.id)
    expect(stopped).toMatchObject(limited)
    expect(retryAfter(stopped)).toBeGreaterThan(0)
    expect((await second.host.status(second.agent.id)).status).toBe(200)

    // What did not verify costs the agent it names nothing.
    const stranger = await TestHost.create(world)
    for (let n = 0; n < 5; n++) {
      const forged = await second.agent.jwt({ privateKey: stranger.keys.privateKey })
      expect((await second.agent.execute('list_accounts', {}, forged)).status).toBe(401)
    }
    expect((await second.agent.execute('list_accounts')).status).toBe(200)

    const headers = { 'x-test-address': '203.0.113.9' }
    const register = () =>
      call(world.handler, 'POST', '/agent/register', { headers, body: { name: 'x' } })
    expect((await register()).status).toBe(401)
    expect((await register()).status).toBe(401)
    expect(await register()).toMatchObject(limited)
    expect((await (await TestHost.create(world)).register()).answer.status).toBe(200)

    await expect.poll(() => seen.map(({ type }) => type)).toContain('rate.limited')
    expect(seen.find(({ type }) => type === 'rate.limited')).toMatchObject({
      outcome: 'refused',
      code: 'rate_limited',
    })

    seen.length = 0
    world = await world.restart(bank({ onEvent: (event) => void seen.push(event) }))
    await story(world, seen)
    await world.close()
  })

  async function story(world: Parameters<typeof connected>[0], seen: AgentEvent[]) {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({
      capabilities: [{ name: 'transfer_money', constraints: { amount: { max: 5 } } }],
    })
    const { user_code } = answer.body.approval
    await look(world, person, { user_code })
    await decide(world, person, { user_code, action: 'approve' })
    await agent.execute('transfer_money', { amount: 1, to: 'secret-account' })
    await agent.execute('transfer_money', { amount: 6, to: 'a' })
    await agent.execute('list_accounts')
    const jwt = await agent.jwt()
    await agent.execute('transfer_money', { amount: 2, to: 'a' }, jwt)
    await agent.execute('transfer_money', { amount: 2, to: 'a' }, jwt)
    const asked = await agent.request({ capabilities: ['crash'] })
    const denial = { action: 'deny', reason: 'Not on a Friday.' }
    await decide(world, person, { user_code: asked.body.approval.user_code, ...denial })
    await host.post('/agent/revoke', { agent_id: agent.id })

    const expected = [
      ['host.created', 'success', null],
      ['agent.created', 'success', null],
      ['approval.requested', 'success', null],
      ['approval.opened', 'success', null],
      ['host.linked', 'success', null],
      ['approval.approved', 'success', null],
      ['capability.executed', 'success', null],
      ['capability.executed', 'refused', 'constraint_violated'],
      ['capability.executed', 'refused', 'capability_not_granted'],
      ['jwt.replayed', 'refused', 'invalid_jwt'],
      ['approval.requested', 'success', null],
      ['approval.denied', 'success', null],
      ['agent.revoked', 'success', null],
    ]
    const told = () => seen.map(({ type, outcome, code = null }) => [type, outcome, code])
    for (const event of expected) await expect.poll(told).toContainEqual(event)
    expect(JSON.stringify(seen)).not.toContain('secret-account')
    expect(JSON.stringify(seen)).not.toContain(user_code)
    expect(seen.find(({ type }) => type === 'approval.denied')?.details).toMatchObject({
      denied: ['crash'],
      reason: 'Not on a Friday.',
    })

    const { cookie } = person
    const path = `/agent/activity?agent_id=${agent.id}`
    const all = await call(world.handler, 'GET', path, { cookie })
    const stored = all.body.events.map(({ type }: { type: string }) => type)
    for (const [type] of expected.slice(1)) expect(stored).toContain(type)
    const paged: string[] = []
    let cursor: string | null = null
    for (let turn = 0; turn < 50; turn++) {
      const page: Answer = await call(
        world.handler,
        'GET',
        `${path}&limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        { cookie },
      )
      paged.push(...page.body.events.map(({ id }: { id: string }) => id))
      cursor = page.body.next_cursor
      if (!cursor) break
    }
    expect(paged).toEqual(all.body.events.map(({ id }: { id: string }) => id))
    expect((await call(world.handler, 'GET', `${path}&cursor=abc`, { cookie })).status).toBe(400)
  }

  it('an onEvent that throws changes nothing', async () => {
    const world = await open(
      bank({
        onEvent: () => {
          throw new Error('the log is full')
        },
      }),
    )
    const { agent } = await connected(world, ['list_accounts'])
    expect((await agent.execute('list_accounts')).status).toBe(200)
    await world.close()
  })
})
