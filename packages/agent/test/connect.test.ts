import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgentClient, memoryStorage } from '../src/index.ts'
import type { AgentClient, AgentStorage, ApprovalRequest, ConnectOptions } from '../src/index.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let storage: AgentStorage
let client: AgentClient
let approvals: ApprovalRequest[]

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  storage = memoryStorage()
  approvals = []
  client = createAgentClient({
    storage,
    clock,
    onApproval: (request) => void approvals.push(request),
  })
})
afterEach(() => server.close())

const wanted = { amount: { max: 200 } }

function connect(options: Partial<ConnectOptions> = {}) {
  return client.connectAgent({
    provider: server.url,
    name: 'Helper',
    capabilities: ['list_accounts'],
    ...options,
  })
}

/** Lets the person decide after so many polls. */
function decideAfter(polls: number, decide: () => void): void {
  clock.onSleep = (count) => count === polls && decide()
}

describe('connect', () => {
  it('AC1 registers, reports the approval, waits and returns the grants', async () => {
    decideAfter(3, () => server.approve(server.agent, { list_accounts: null }))
    const connection = await connect({ reason: 'pay the rent', hostName: 'laptop' })
    expect(connection).toMatchObject({
      agent_id: server.agent.id,
      issuer: server.url,
      status: 'active',
      agent_capability_grants: [{ capability: 'list_accounts', status: 'active' }],
    })
    expect(approvals).toEqual([
      {
        agent_id: server.agent.id,
        issuer: server.url,
        provider_name: 'foreign-bank',
        method: 'device_authorization',
        verification_uri: `${server.url}/device`,
        verification_uri_complete: `${server.url}/device?code=BCDF-GHJK`,
        user_code: 'BCDF-GHJK',
        expires_in: 300,
        interval: 5,
      },
    ])
    const register = server.requests.find(({ path }) => path === '/api/register')
    expect(register?.body).toEqual({
      name: 'Helper',
      host_name: 'laptop',
      mode: 'delegated',
      capabilities: ['list_accounts'],
      reason: 'pay the rent',
    })
    expect(clock.sleeps).toEqual([5_000, 5_000, 5_000])
  })

  it('AC3 signs a new host JWT for every poll', async () => {
    decideAfter(4, () => server.approve(server.agent, { list_accounts: null }))
    await connect()
    const tokens = server.requests
      .filter(({ path }) => path === '/api/status')
      .map(({ token }) => token)
    expect(tokens).toHaveLength(4)
    expect(new Set(tokens).size).toBe(4)
  })

  it('shows no key to its caller', async () => {
    const connection = await connect({ mode: 'autonomous' })
    const stored = (await storage.connections.list())[0]
    expect(stored?.private_jwk.d).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify([connection, await client.listConnections()])).not.toMatch(/jwk|"d"/)
  })

  it('returns what was approved and what was denied', async () => {
    decideAfter(1, () => server.approve(server.agent, { list_accounts: null }))
    const { agent_capability_grants: grants } = await connect({
      capabilities: ['list_accounts', 'transfer_money'],
    })
    expect(grants).toMatchObject([{ status: 'active' }, { status: 'denied', reason: 'Not today.' }])
  })

  it('says when the person denied, and keeps nothing', async () => {
    decideAfter(2, () => (server.agent.status = 'rejected'))
    await expect(connect()).rejects.toMatchObject({ code: 'approval_denied' })
    expect(await client.listConnections()).toEqual([])
    expect(server.count('/api/register')).toBe(1)
  })

  it('stops when the approval expires', async () => {
    server.approval = { expires_in: 12 }
    await expect(connect()).rejects.toMatchObject({ code: 'approval_expired' })
    expect(clock.sleeps).toEqual([5_000, 5_000, 2_000])
  })

  it('treats an agent the server forgot as expired', async () => {
    decideAfter(2, () => server.agents.clear())
    await expect(connect()).rejects.toMatchObject({ code: 'approval_expired' })
  })

  it('AC3 honours Retry-After, slows down when told and backs off when the server is away', async () => {
    const answers = [
      {
        status: 429,
        headers: { 'retry-after': '42' },
        body: { error: 'rate_limited', message: '' },
      },
      { status: 400, body: { error: 'slow_down', message: '' } },
      { cut: true },
      { cut: true },
      { status: 503, body: 'down' },
    ]
    server.answers.set('/api/status', () => answers.shift())
    decideAfter(6, () => server.approve(server.agent, { list_accounts: null }))
    await connect()
    const [first, afterRetryAfter, afterSlowDown, ...backoff] = clock.sleeps
    expect([first, afterRetryAfter]).toEqual([5_000, 42_000])
    expect(afterSlowDown).toBe(20_000)
    expect(backoff).toEqual([40_000, 60_000, 60_000])
  })

  it('does not ask again before Retry-After, even if that is too late', async () => {
    server.answers.set('/api/status', () => ({
      status: 429,
      headers: { 'retry-after': '1000' },
      body: { error: 'rate_limited' },
    }))
    await expect(connect()).rejects.toMatchObject({ code: 'approval_expired' })
    expect(server.count('/api/status')).toBe(1)
  })

  it.each([0, -1, Number.NaN, 'soon', null])(
    'does not poll in a loop when the interval is %s',
    async (interval) => {
      server.approval = { interval, expires_in: 20 }
      await expect(connect()).rejects.toMatchObject({ code: 'approval_expired' })
      expect(server.count('/api/status')).toBeLessThanOrEqual(4)
    },
  )

  it('resumes a request that is still open instead of making a second one', async () => {
    const controller = new AbortController()
    clock.onSleep = () => controller.abort(new Error('Ctrl-C'))
    await expect(connect({ signal: controller.signal })).rejects.toThrow('Ctrl-C')
    const [pending] = await client.listConnections()
    expect(pending).toMatchObject({ status: 'pending', approval: { user_code: 'BCDF-GHJK' } })

    decideAfter(2, () => server.approve(server.agent, { list_accounts: null }))
    const connection = await connect()
    expect(connection.agent_id).toBe(pending?.agent_id)
    expect(connection.approval).toBeUndefined()
    expect(server.agents.size).toBe(1)
  })

  it('picks up a decision that was made while nobody waited', async () => {
    await connect({ wait: false })
    server.approve(server.agent, { list_accounts: null })
    expect(await connect()).toMatchObject({ status: 'active' })
    expect(server.agents.size).toBe(1)
  })

  it('asks anew when something else is wanted', async () => {
    await connect({ wait: false })
    await connect({ wait: false, capabilities: ['transfer_money'] })
    expect(server.agents.size).toBe(2)
  })

  it('names what exists when a capability does not', async () => {
    await expect(connect({ capabilities: ['fly'] })).rejects.toMatchObject({
      code: 'invalid_capabilities',
      details: {
        invalid_capabilities: ['fly'],
        available_capabilities: ['list_accounts', 'transfer_money'],
      },
    })
  })

  it.each([
    ['no constraints', null],
    ['a higher maximum', { amount: { max: 201 } }],
    ['another field', { currency: 'EUR' }],
    ['an operator of the future alone', { amount: { approximately: 100 } }],
  ])('AC5 refuses a grant that is wider than asked: %s', async (_title, granted) => {
    decideAfter(1, () => server.approve(server.agent, { transfer_money: granted }))
    const capabilities = [{ name: 'transfer_money', constraints: wanted }]
    await expect(connect({ capabilities })).rejects.toMatchObject({ code: 'widened_constraints' })
    // And it stays refused: the grant is never used.
    const { agent } = server
    const executing = client.executeCapability({ agentId: agent.id, capability: 'transfer_money' })
    await expect(executing).rejects.toMatchObject({ code: 'widened_constraints' })
    expect(server.count('/api/execute')).toBe(0)
  })

  it.each([
    ['the same', wanted],
    ['narrower', { amount: { max: 50 }, to: 'acc_1' }],
    ['narrower in a way of the future', { amount: { max: 50, multiple_of: 5 } }],
  ])('AC5 takes a grant that is %s', async (_title, granted) => {
    decideAfter(1, () => server.approve(server.agent, { transfer_money: granted }))
    const connection = await connect({
      capabilities: [{ name: 'transfer_money', constraints: wanted }],
    })
    expect(connection.agent_capability_grants[0]?.constraints).toEqual(granted)
  })

  it('refuses an approval method it does not know', async () => {
    server.approval = { method: 'carrier_pigeon' }
    await expect(connect()).rejects.toMatchObject({ code: 'unsupported_approval_method' })
  })

  it('waits without a URL when the person is reached directly', async () => {
    server.approval = {
      method: 'ciba',
      verification_uri: undefined,
      verification_uri_complete: undefined,
      user_code: undefined,
    }
    decideAfter(1, () => server.approve(server.agent, { list_accounts: null }))
    expect(await connect()).toMatchObject({ status: 'active' })
  })

  it.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,hi',
    'vbscript:x',
    'http://bank.example/device',
    'https://user:pw@bank.example/',
    '$(touch /tmp/x)://',
    'https://',
    '-a Calculator',
    '',
    42,
    null,
    ['https://bank.example'],
  ])('AC4 never reports %s as a place to approve', async (uri) => {
    server.approval = { verification_uri_complete: uri }
    const refused = { code: expect.stringMatching(/^(insecure_url|bad_response)$/) as string }
    await expect(connect()).rejects.toMatchObject(refused)
    server.approval = { verification_uri: uri, verification_uri_complete: undefined }
    await expect(connect()).rejects.toMatchObject(refused)
    expect(approvals).toEqual([])
    expect(await client.listConnections()).toEqual([])
  })

  it.each(['\u001B[2J', 'A\nB', '\u202Eevil', 'x'.repeat(65), 7])(
    'refuses the user code %j',
    async (code) => {
      server.approval = { user_code: code }
      await expect(connect()).rejects.toMatchObject({ code: 'bad_response' })
    },
  )

  it('does not take an answer about another agent', async () => {
    server.answers.set('/api/status', () => ({
      body: { agent_id: 'agt_other', status: 'active', agent_capability_grants: [] },
    }))
    await expect(connect()).rejects.toMatchObject({ code: 'bad_response' })
  })

  it('AC6 uses one host key per issuer and keeps equal agent ids of two servers apart', async () => {
    const other = await ForeignServer.start()
    for (const one of [server, other]) {
      one.answers.set('/api/register', () => ({
        body: { agent_id: 'agt_1', host_id: 'h', status: 'active', agent_capability_grants: [] },
      }))
      await client.connectAgent({ provider: one.url, name: 'Helper' })
      await client.connectAgent({ provider: one.url, name: 'Second' })
    }
    const hosts = await storage.hosts.list()
    expect(hosts.map(({ issuer }) => issuer)).toEqual([server.url, other.url])
    expect(new Set(hosts.map(({ public_jwk }) => public_jwk.x)).size).toBe(2)
    expect(await client.listConnections()).toHaveLength(2)
    await expect(client.signJwt({ agentId: 'agt_1' })).rejects.toThrow('several servers')
    await client.signJwt({ agentId: 'agt_1', issuer: other.url })
    await other.close()
  })

  it('does not follow a redirect with a signed token', async () => {
    server.answers.set('/api/register', () => ({
      status: 307,
      headers: { location: '/api/stolen' },
    }))
    await expect(connect()).rejects.toMatchObject({ code: 'bad_response' })
    expect(server.count('/api/stolen')).toBe(0)
  })

  it('falls back to the status when the server uses a code of its own', async () => {
    server.answers.set('/api/register', () => ({
      status: 403,
      body: { error: 'bad_weather', message: 'Rain.' },
    }))
    await expect(connect()).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'Rain.',
      details: { server_error: 'bad_weather' },
    })
  })
})
