import { decodeJwt } from '@countersign/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgentClient, memoryStorage } from '../src/index.ts'
import type { AgentClient, AgentStorage } from '../src/index.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let storage: AgentStorage
let client: AgentClient

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  storage = memoryStorage()
  client = createAgentClient({ storage, clock })
})
afterEach(() => server.close())

async function connected(
  capabilities: string[] = ['list_accounts', 'slow_report'],
): Promise<string> {
  const connection = await client.connectAgent({
    provider: server.url,
    name: `Helper ${server.agents.size}`,
    mode: 'autonomous',
    capabilities,
  })
  return connection.agent_id
}

describe('capabilities', () => {
  it('AC1 lists them to anybody, page by page', async () => {
    const provider = server.url
    const first = await client.listCapabilities({ provider })
    expect(first.capabilities.map(({ name }) => name)).toEqual(['list_accounts', 'transfer_money'])
    const second = await client.listCapabilities({ provider, cursor: first.next_cursor })
    expect(second).toEqual({
      capabilities: [{ name: 'slow_report', description: 'Takes a while' }],
    })
    expect(server.requests.at(-1)?.token).toBeUndefined()
  })

  it('AC1 tells an agent what it was granted', async () => {
    const agentId = await connected()
    const { capabilities } = await client.listCapabilities({ agentId, query: 'a' })
    expect(capabilities).toMatchObject([
      { grant_status: 'granted' },
      { grant_status: 'not_granted' },
    ])
  })

  it('AC1 describes one, and says when there is none of that name', async () => {
    const provider = server.url
    const capability = await client.describeCapability({ provider, name: 'transfer_money' })
    expect(capability).toMatchObject({ name: 'transfer_money', input: { type: 'object' } })
    await expect(client.describeCapability({ provider, name: 'fly' })).rejects.toMatchObject({
      code: 'capability_not_found',
    })
  })

  it('finds a provider by the name it became known under', async () => {
    await client.discoverProvider(server.url)
    expect(await client.listCapabilities({ provider: 'foreign-bank' })).toBeDefined()
    await expect(client.listCapabilities({ provider: 'nobody' })).rejects.toThrow(
      'no known provider',
    )
  })

  it('asks anonymously when the server does not know this host yet', async () => {
    const agentId = await connected()
    server.answers.set('/api/list', ({ token }) =>
      token ? { status: 403, body: { error: 'host_pending', message: '' } } : undefined,
    )
    expect(await client.listCapabilities({ provider: server.url })).toBeDefined()
    await expect(client.listCapabilities({ agentId })).rejects.toMatchObject({
      code: 'host_pending',
    })
  })
})

describe('execute', () => {
  it('AC1 runs a capability and returns its data', async () => {
    const agentId = await connected()
    const result = await client.executeCapability({
      agentId,
      capability: 'list_accounts',
      arguments: { a: 1 },
    })
    expect(result).toEqual({ data: { echo: { a: 1 }, agent: agentId } })
    const { token = '' } = server.requests.at(-1) ?? {}
    const { payload } = decodeJwt(token)
    expect(payload).toMatchObject({
      aud: `${server.url}/api/execute`,
      capabilities: ['list_accounts'],
    })
    expect(Number(payload['exp']) - Number(payload['iat'])).toBe(60)
  })

  it('sends the JWT to the location of the capability, with that audience', async () => {
    const agentId = await connected()
    const location = `${server.url}/elsewhere/execute`
    server.locations.set('list_accounts', location)
    await client.executeCapability({ agentId, capability: 'list_accounts' })
    expect(server.count('/elsewhere/execute')).toBe(1)
    expect(decodeJwt(server.requests.at(-1)?.token ?? '').payload['aud']).toBe(location)
  })

  it('uses the default location of the discovery document as it is written', async () => {
    const location = `${server.url}/elsewhere/../elsewhere/execute`
    server.discovery = { default_location: location }
    const agentId = await connected()
    await client.executeCapability({ agentId, capability: 'list_accounts' })
    expect(decodeJwt(server.requests.at(-1)?.token ?? '').payload['aud']).toBe(location)
  })

  it.each(['http://evil.example/x', 'javascript:1', 'https://user:pw@evil.example/'])(
    'does not send a token to the location %s',
    async (location) => {
      const agentId = await connected()
      server.locations.set('list_accounts', location)
      const executing = client.executeCapability({ agentId, capability: 'list_accounts' })
      await expect(executing).rejects.toMatchObject({ code: 'insecure_url' })
    },
  )

  it('asks for the location once, and again after a refusal that shows it to be outdated', async () => {
    const agentId = await connected()
    const run = () => client.executeCapability({ agentId, capability: 'list_accounts' })
    await run()
    await run()
    expect(server.count('/api/describe')).toBe(1)
    server.answers.set('/api/execute', () => ({ status: 400, body: { error: 'invalid_request' } }))
    await expect(run()).rejects.toMatchObject({ code: 'invalid_request' })
    server.answers.clear()
    await run()
    expect(server.count('/api/describe')).toBe(2)
  })

  it('AC1 AC3 polls for a result that takes time, with a new JWT each time and growing pauses', async () => {
    const agentId = await connected()
    server.jobPolls = 6
    const result = await client.executeCapability({
      agentId,
      capability: 'slow_report',
      arguments: { year: 1 },
    })
    expect(result).toEqual({ data: { echo: { year: 1 }, agent: agentId } })
    expect(clock.sleeps).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
    const polls = server.requests.filter(({ path }) => path.startsWith('/api/jobs/'))
    expect(new Set(polls.map(({ token }) => token)).size).toBe(7)
    expect(decodeJwt(polls[0]?.token ?? '').payload['aud']).toBe(server.url)
  })

  it.each([
    ['a header', { headers: { 'retry-after': '7' } }, {}],
    ['a field', {}, { retry_after: 7 }],
  ])('AC3 honours Retry-After in %s', async (_title, answer, fields) => {
    const agentId = await connected()
    let asked = 0
    const pending = { status: 'pending', status_url: `${server.url}/api/jobs/1`, ...fields }
    server.answers.set('/api/execute', () => ({ status: 202, ...answer, body: pending }))
    server.answers.set('/api/jobs/1', () =>
      asked++ === 0 ? { ...answer, body: pending } : { body: { status: 'completed', result: 1 } },
    )
    await client.executeCapability({ agentId, capability: 'slow_report' })
    expect(clock.sleeps).toEqual([7_000, 7_000])
  })

  it.each([
    ['https://evil.example/job', 'issuer_mismatch'],
    ['//evil.example/job', 'insecure_url'],
    ['http://169.254.169.254/latest/meta-data', 'insecure_url'],
    ['http://127.0.0.1:1/job', 'issuer_mismatch'],
    ['file:///etc/passwd', 'insecure_url'],
    [undefined, 'bad_response'],
  ])('AC3 does not poll %s', async (statusUrl, code) => {
    const agentId = await connected()
    const body = { status: 'pending', status_url: statusUrl }
    server.answers.set('/api/execute', () => ({ status: 202, body }))
    const fetched: string[] = []
    const watching = createAgentClient({
      storage,
      clock,
      fetch: (input, init) => {
        fetched.push(new URL(input instanceof Request ? input.url : input).origin)
        return fetch(input, init)
      },
    })
    const executing = watching.executeCapability({ agentId, capability: 'slow_report' })
    await expect(executing).rejects.toMatchObject({ code })
    expect(new Set(fetched)).toEqual(new Set([server.url]))
  })

  it('reports a job that failed with its own error', async () => {
    const agentId = await connected()
    const error = { error: 'upstream_error', message: 'The bank is closed.' }
    server.answers.set('/api/execute', () => ({ body: { status: 'failed', error } }))
    const executing = client.executeCapability({ agentId, capability: 'slow_report' })
    await expect(executing).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'The bank is closed.',
    })
  })

  it('gives up on a job that never ends', async () => {
    const agentId = await connected()
    server.jobPolls = 1e9
    const executing = client.executeCapability({
      agentId,
      capability: 'slow_report',
      timeout: 60_000,
    })
    await expect(executing).rejects.toMatchObject({ code: 'timeout' })
  })

  it('passes on what the server refuses, with its details', async () => {
    const agentId = await connected()
    const violations = [{ field: 'amount', constraint: { max: 1 }, actual: 2 }]
    const body = { error: 'constraint_violated', message: 'Too much.', violations }
    server.answers.set('/api/execute', () => ({ status: 403, body }))
    const executing = client.executeCapability({ agentId, capability: 'list_accounts' })
    await expect(executing).rejects.toMatchObject({
      name: 'ProtocolError',
      status: 403,
      details: { violations },
    })
  })

  it('leaves it to the server to judge a capability that is gone', async () => {
    const agentId = await connected()
    const executing = client.executeCapability({ agentId, capability: 'fly' })
    await expect(executing).rejects.toMatchObject({ code: 'capability_not_found' })
    expect(server.count('/api/execute')).toBe(1)
  })

  it('remembers that an agent expired', async () => {
    const agentId = await connected()
    server.agent.status = 'expired'
    const executing = client.executeCapability({ agentId, capability: 'list_accounts' })
    await expect(executing).rejects.toMatchObject({ code: 'agent_expired' })
    expect(await client.listConnections()).toMatchObject([{ status: 'expired' }])
  })

  it('never mixes up the answers of 100 executions at once (CVE-2026-25536)', async () => {
    const agents = [await connected(), await connected(), await connected()]
    server.jobPolls = 1
    const runs = Array.from({ length: 100 }, async (_, index) => {
      const agentId = agents[index % agents.length] ?? ''
      const capability = index % 5 === 0 ? 'slow_report' : 'list_accounts'
      const { data } = await client.executeCapability({ agentId, capability, arguments: { index } })
      expect(data).toEqual({ echo: { index }, agent: agentId })
    })
    await Promise.all(runs)
  })
})

describe('request capability', () => {
  it('AC1 waits until each is decided and returns those that were asked for', async () => {
    const agentId = await connected(['list_accounts'])
    clock.onSleep = (count) =>
      count === 2 && server.approve(server.agent, { transfer_money: { amount: { max: 5 } } })
    const outcome = await client.requestCapability({
      agentId,
      capabilities: [
        { name: 'transfer_money', constraints: { amount: { max: 10 } } },
        'slow_report',
      ],
      reason: 'rent',
    })
    expect(outcome).toMatchObject({
      agent_id: agentId,
      status: 'active',
      agent_capability_grants: [
        { capability: 'transfer_money', status: 'active', constraints: { amount: { max: 5 } } },
        { capability: 'slow_report', status: 'denied' },
      ],
    })
    const [stored] = await client.listConnections()
    expect(stored?.agent_capability_grants).toHaveLength(3)
    expect(stored?.approval).toBeUndefined()
  })

  it('AC5 refuses what comes back wider', async () => {
    const agentId = await connected(['list_accounts'])
    clock.onSleep = () => server.approve(server.agent, { transfer_money: null })
    const capabilities = [{ name: 'transfer_money', constraints: { amount: { max: 10 } } }]
    const requesting = client.requestCapability({ agentId, capabilities })
    await expect(requesting).rejects.toMatchObject({ code: 'widened_constraints' })
  })

  it('keeps the approval of a request that nobody waits for', async () => {
    const agentId = await connected(['list_accounts'])
    const capabilities = ['transfer_money']
    const outcome = await client.requestCapability({ agentId, capabilities, wait: false })
    expect(outcome.agent_capability_grants).toEqual([
      { capability: 'transfer_money', status: 'pending' },
    ])
    expect((await client.listConnections())[0]?.approval?.user_code).toBe('BCDF-GHJK')
  })
})

describe('life of an agent', () => {
  it('AC1 signs a JWT for use elsewhere, only for what was granted', async () => {
    const agentId = await connected(['list_accounts'])
    const { token, expires_in } = await client.signJwt({
      agentId,
      audience: 'https://api.example',
      capabilities: ['list_accounts'],
    })
    expect(expires_in).toBe(60)
    expect(decodeJwt(token).payload).toMatchObject({
      sub: agentId,
      aud: 'https://api.example',
      capabilities: ['list_accounts'],
    })
    const { token: plain } = await client.signJwt({ agentId })
    expect(decodeJwt(plain).payload).toMatchObject({ aud: server.url })
    await expect(
      client.signJwt({ agentId, capabilities: ['transfer_money'] }),
    ).rejects.toMatchObject({
      code: 'capability_not_granted',
    })
    server.agent.grants.push({ capability: 'transfer_money', status: 'active' })
    await client.signJwt({ agentId, capabilities: ['transfer_money'] })
  })

  it('AC1 reports and keeps the status', async () => {
    const agentId = await connected()
    server.agent.status = 'expired'
    expect(await client.agentStatus({ agentId })).toMatchObject({
      agent_id: agentId,
      status: 'expired',
    })
    expect(await client.listConnections()).toMatchObject([{ status: 'expired' }])
  })

  it('AC1 reactivates, waiting for approval', async () => {
    const agentId = await connected()
    server.agent.status = 'expired'
    clock.onSleep = () => server.approve(server.agent, { list_accounts: null })
    const connection = await client.reactivateAgent({ agentId })
    expect(connection).toMatchObject({
      status: 'active',
      agent_capability_grants: [{ capability: 'list_accounts' }],
    })
    expect(await client.reactivateAgent({ agentId })).toMatchObject({ status: 'active' })
  })

  it('AC1 disconnects for good', async () => {
    const agentId = await connected()
    expect(await client.disconnectAgent({ agentId })).toEqual({
      agent_id: agentId,
      status: 'revoked',
    })
    expect(server.agent.status).toBe('revoked')
    expect(await client.listConnections()).toEqual([])
    await expect(client.agentStatus({ agentId })).rejects.toMatchObject({ code: 'unknown_agent' })
  })

  it('forgets an agent the server does not know any more, but not one it cannot ask about', async () => {
    const agentId = await connected()
    server.answers.set('/api/revoke', () => ({ cut: true }))
    await expect(client.disconnectAgent({ agentId })).rejects.toMatchObject({ code: 'unreachable' })
    expect(await client.listConnections()).toHaveLength(1)
    server.answers.clear()
    server.agents.clear()
    await client.disconnectAgent({ agentId })
    expect(await client.listConnections()).toEqual([])
  })
})
