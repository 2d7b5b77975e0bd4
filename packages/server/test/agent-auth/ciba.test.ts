import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AgentEvent,
  type ApprovalNotice,
  ciba,
  cibaWebhook,
  deviceAuthorization,
} from '../../src/agent-auth/index.ts'
import { change, connected, decide, look, storedApproval, TestHost } from '../support/actors.ts'
import { Authenticator } from '../support/authenticator.ts'
import { bank } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { type TestPerson, type World, worlds } from '../support/worlds.ts'

const transfer = (max: number) => ({ name: 'transfer_money', constraints: { amount: { max } } })

describe.each(worlds)('CIBA: $name', ({ open }) => {
  let world: World
  const notices: ApprovalNotice[] = []
  const events: AgentEvent[] = []
  let tell: (notice: ApprovalNotice) => void | Promise<void> = () => {}
  const options = bank({
    approvalMethods: [
      deviceAuthorization(),
      ciba({
        onApprovalRequested: (notice) => {
          notices.push(notice)
          return tell(notice)
        },
      }),
    ],
    onEvent: (event) => void events.push(event),
    rateLimit: {
      registration: { window: 60, max: 100_000 },
      notification: { window: 600, max: 3 },
    },
  })
  beforeAll(async () => {
    world = await open(options)
  })
  afterAll(() => world.close())
  afterEach(() => {
    tell = () => {}
    notices.length = 0
    events.length = 0
  })

  const inbox = async ({ cookie }: TestPerson) =>
    (await call(world.handler, 'GET', '/agent/approvals', { cookie })).body.approvals
  const told = (person: TestPerson) => notices.filter((notice) => notice.person.id === person.id)

  it('AA73 AF3 what is told, shown and activated is the same', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    const first = await agent.request({ capabilities: ['check_balance'], reason: 'To see.' })
    expect(first.body.approval).toMatchObject({ method: 'ciba', expires_in: 600, interval: 2 })
    const asked = await agent.request({
      capabilities: [transfer(50)],
      binding_message: 'Order 7',
      login_hint: 'somebody@else.example',
    })
    expect(asked.body.approval).toEqual({
      method: 'ciba',
      binding_message: 'Order 7',
      expires_in: 600,
      interval: 2,
      notification_url: `${ISSUER}/api/auth/agent/events?agent_id=${agent.id}`,
    })
    await expect.poll(() => told(person)).toHaveLength(2)
    const [, notice] = told(person)
    const { id: approval_id } = await storedApproval(world, agent.id)
    expect(notice).toMatchObject({
      approvalId: approval_id,
      person: { id: person.id, email: person.email, emailVerified: true },
      approvalUri: `${ISSUER}/auth/device?approval_id=${approval_id}`,
      agentName: 'Bot',
      bindingMessage: 'Order 7',
    })
    expect(JSON.stringify(notice)).not.toMatch(
      /[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}/,
    )

    const [view] = await inbox(person)
    expect(view).toMatchObject({ approval_id, kind: 'capabilities', status: 'pending' })
    const shown = (list: readonly { capability: string; constraints: unknown }[]) =>
      list.map(({ capability, constraints }) => [capability, constraints]).sort()
    expect(shown(notice?.asked ?? [])).toEqual(shown(view.capabilities))

    const approved = await decide(world, person, {
      approval_id,
      agent_id: agent.id,
      approval_digest: view.approval_digest,
      action: 'approve',
    })
    expect(approved.status).toBe(200)
    const active = approved.body.agent_capability_grants.filter(
      ({ capability }: { capability: string }) => capability !== 'list_accounts',
    )
    expect(shown(active.map((grant: object) => ({ constraints: null, ...grant })))).toEqual(
      shown(view.capabilities),
    )
    expect(await inbox(person)).toEqual([])
  })

  it('AA73 a foreign agent_id is refused, and so is a digest of other rows', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    const { agent: foreign } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'] })
    const { id: approval_id } = await storedApproval(world, agent.id)
    const [view] = await inbox(person)
    for (const action of ['approve', 'deny']) {
      expect(
        await decide(world, person, { approval_id, agent_id: foreign.id, action }),
      ).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
    }

    // Rows that another process changes under an id are not what the person saw.
    const [grant] = await world.adapter.findMany<{ id: string }>({
      model: 'agentGrant',
      where: [{ field: 'approvalId', value: approval_id }],
    })
    await change(world, 'agentGrant', grant?.id ?? '', { constraints: { account: 'acc_1' } })
    const decision = { approval_id, action: 'approve', approval_digest: view.approval_digest }
    expect(await decide(world, person, decision)).toMatchObject({
      status: 409,
      body: { error: 'approval_changed' },
    })
    const [fresh] = await inbox(person)
    expect(fresh.approval_digest).not.toBe(view.approval_digest)
    const current = { ...decision, approval_digest: fresh.approval_digest }
    expect((await decide(world, person, current)).status).toBe(200)
  })

  it('AA73 an older notice opens nothing once the agent has asked again', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'] })
    const { id: old } = await storedApproval(world, agent.id)
    await agent.request({ capabilities: ['transfer_money'] })
    const answer = await decide(world, person, { approval_id: old, action: 'approve' })
    expect([404, 410]).toContain(answer.status)
    expect((await agent.execute('transfer_money', { amount: 1, to: 'a' })).status).toBe(403)
  })

  it('AA70 AA74 nobody but the linked person sees or decides it', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'], login_hint: 'eve@example.com' })
    const { id: approval_id } = await storedApproval(world, agent.id)
    const stranger = await world.person()
    expect(await inbox(stranger)).toEqual([])
    expect((await look(world, stranger, { approval_id })).status).toBe(404)
    for (const action of ['approve', 'deny']) {
      expect((await decide(world, stranger, { approval_id, action })).status).toBe(404)
    }
    expect((await look(world, person, { approval_id })).status).toBe(200)
  })

  it('AF2 AF16 denies by id with a reason; asked, told, seen and decided are events', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    events.length = 0
    await agent.request({ capabilities: ['check_balance'] })
    const { id: approval_id } = await storedApproval(world, agent.id)
    const types = () => events.map(({ type }) => type)
    await expect.poll(types).toContain('approval.notified')
    await look(world, person, { approval_id })
    const denied = await decide(world, person, { approval_id, action: 'deny', reason: 'Not now.' })
    expect(denied.status).toBe(200)
    expect(await agent.grants()).toContainEqual({
      capability: 'check_balance',
      status: 'denied',
      reason: 'Not now.',
      denied_by: person.id,
    })
    await expect.poll(types).toContain('approval.denied')
    for (const type of ['approval.requested', 'approval.notified', 'approval.opened'] as const) {
      expect(events.find((event) => event.type === type)).toMatchObject({
        outcome: 'success',
        agentId: agent.id,
        userId: person.id,
      })
    }
  })

  it('what an agent that is over has asked leaves the inbox', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'] })
    expect(await inbox(person)).toHaveLength(1)
    await host.post('/agent/revoke', { agent_id: agent.id })
    expect(await inbox(person)).toEqual([])
  })

  it('AA65 a stale session approves nothing from the inbox', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'] })
    const { id: approval_id } = await storedApproval(world, agent.id)
    await change(world, 'session', person.sessionId, { createdAt: new Date(Date.now() - 301_000) })
    expect(await decide(world, person, { approval_id, action: 'approve' })).toMatchObject({
      status: 403,
      body: { error: 'fresh_session_required' },
    })
  })

  it('a hint tells nothing: known and unknown people get the same answer, and no mail', async () => {
    const person = await world.person()
    const answers = []
    for (const login_hint of [person.email, 'nobody@example.com']) {
      const host = await TestHost.create(world)
      const { answer } = await host.register({
        capabilities: ['list_accounts'],
        preferred_method: 'ciba',
        login_hint,
      })
      const { approval } = answer.body
      answers.push({
        status: answer.status,
        method: approval.method,
        fields: Object.keys(approval),
      })
    }
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]).toMatchObject({ status: 200, method: 'device_authorization' })
    expect(notices).toEqual([])
    expect(await inbox(person)).toEqual([])
  })

  it('nobody waits for a hook; one that fails becomes an event, the request stays', async () => {
    const { person, agent } = await connected(world, ['list_accounts'])
    let finish = () => {}
    tell = () => new Promise<void>((resolve) => (finish = resolve))
    expect((await agent.request({ capabilities: ['check_balance'] })).status).toBe(200)
    await expect.poll(() => told(person)).toHaveLength(1)
    const outcomes = () =>
      events.flatMap(({ type, outcome }) => (type === 'approval.notified' ? [outcome] : []))
    expect(outcomes()).toEqual([])
    finish()
    await expect.poll(outcomes).toEqual(['success'])

    tell = () => {
      throw new Error('smtp://user:hunter2@mail is away')
    }
    expect((await agent.request({ capabilities: ['transfer_money'] })).status).toBe(200)
    await expect.poll(outcomes).toEqual(['success', 'failed'])
    expect(JSON.stringify(events)).not.toContain('hunter2')
    expect(await inbox(person)).toHaveLength(1)
  })

  it('tells a person so often and no more; the inbox has everything', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const { agent: second } = await host.register({ capabilities: ['transfer_money'] })
    for (let turn = 0; turn < 4; turn++) await agent.request({ capabilities: ['check_balance'] })
    const refused = () =>
      events.filter(({ type, outcome }) => type === 'approval.notified' && outcome === 'refused')
    await expect.poll(refused).toHaveLength(2)
    expect(told(person)).toHaveLength(3)
    expect(refused()[0]).toMatchObject({ code: 'rate_limited', userId: person.id })
    const waiting = (await inbox(person)).map(
      ({ facts }: { facts: { agent_id: string } }) => facts.agent_id,
    )
    expect(waiting.sort()).toEqual([agent.id, second.id].sort())
    // Another person is told all the same.
    const other = await connected(world, ['list_accounts'])
    await other.agent.request({ capabilities: ['check_balance'] })
    await expect.poll(() => told(other.person)).toHaveLength(1)
  })

  it('AF3 a passkey is asked for by inbox, by code and on reactivation', async () => {
    const required = { status: 403, body: { error: 'webauthn_required' } }
    const { person, host, agent } = await connected(world, ['list_accounts'])
    await new Authenticator().enrol(world, person)

    await agent.request({ capabilities: ['transfer_money'] })
    const { id } = await storedApproval(world, agent.id)
    expect(await decide(world, person, { approval_id: id, action: 'approve' })).toMatchObject(
      required,
    )

    const byCode = await agent.request({
      capabilities: ['transfer_money'],
      preferred_method: 'device_authorization',
    })
    const { user_code } = byCode.body.approval
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject(required)

    await change(world, 'agentHost', (await host.status(agent.id)).body.host_id, {
      defaultCapabilities: ['close_account'],
    })
    await change(world, 'agent', agent.id, { status: 'expired' })
    const again = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(again.body).toMatchObject({ status: 'pending', approval: { method: 'ciba' } })
    const { id: approval_id } = await storedApproval(world, agent.id)
    expect(await decide(world, person, { approval_id, action: 'approve' })).toMatchObject(required)
    expect((await host.status(agent.id)).body.status).toBe('pending')
  })
})

describe('cibaWebhook', () => {
  const secret = 'webhook-secret-0123456789-0123456789'
  const seen: { headers: IncomingHttpHeaders; body: string }[] = []
  let status = 204
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      seen.push({ headers: request.headers, body })
      response.writeHead(status, { location: 'http://localhost:1/elsewhere' }).end()
    })
  })
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  })
  afterAll(() => server.close())

  const notice: ApprovalNotice = {
    approvalId: 'apr_1',
    approvalUri: `${ISSUER}/auth/device?approval_id=apr_1`,
    agentId: 'agt_1',
    agentName: 'Bot',
    hostName: null,
    kind: 'capabilities',
    asked: [],
    reason: null,
    bindingMessage: null,
    expiresAt: new Date(0),
    person: { id: 'u', email: 'ada@example.com', emailVerified: true, name: 'Ada' },
    signal: new AbortController().signal,
  }

  it('AF3 posts a notice that the receiver can verify', async () => {
    await cibaWebhook({ url, secret })(notice)
    const { headers, body } = seen[0] ?? { headers: {}, body: '' }
    const timestamp = headers['countersign-timestamp']
    const expected = createHmac('sha256', secret).update(`${String(timestamp)}.${body}`)
    expect(headers['countersign-signature']).toBe(`v1=${expected.digest('hex')}`)
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5)
    expect(JSON.parse(body)).toMatchObject({
      type: 'approval.requested',
      approval_id: 'apr_1',
      person: { id: 'u', email: 'ada@example.com' },
    })
  })

  it('follows no redirect and takes nothing but a 2xx', async () => {
    for (status of [302, 500]) {
      await expect(cibaWebhook({ url, secret })(notice)).rejects.toThrow(String(status))
    }
  })

  it.each([
    ['http elsewhere', 'http://example.com/hook', secret],
    ['no URL', 'hook', secret],
    ['a short secret', 'https://example.com/hook', 'short'],
  ])('refuses %s', (_title, target, key) => {
    expect(() => cibaWebhook({ url: target, secret: key })).toThrow(TypeError)
  })
})
