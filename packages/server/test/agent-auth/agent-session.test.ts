import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgentSessionApi, verifyAgentRequest } from '../../src/agent-auth/index.ts'
import { change, connected } from '../support/actors.ts'
import { bank, capabilities } from '../support/bank.ts'
import { call, EXECUTE, ISSUER } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const REPORTS = `${ISSUER}/api/reports`

describe.each(worlds)('agents on routes of your own: $name', ({ open }) => {
  let world: World
  let auth: AgentSessionApi
  beforeAll(async () => {
    const report = { name: 'report', description: 'Writes a report.', location: REPORTS }
    world = await open(bank({ capabilities: [...capabilities, report] }))
    auth = { api: world.api as AgentSessionApi['api'] }
  })
  afterAll(() => world.close())

  const request = (token?: string, url = REPORTS) =>
    new Request(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

  it('AF10 getAgentSession says who an agent is, and for whom it acts', async () => {
    const { agent, host, person } = await connected(world, ['list_accounts', 'report'])
    const token = await agent.jwt({ audience: ISSUER, capabilities: ['report'] })
    const headers = new Headers({ authorization: `Bearer ${token}` })
    const session = await auth.api.getAgentSession({ headers })
    const { body } = await host.status(agent.id)
    expect(session).toMatchObject({
      type: 'delegated',
      agent: {
        id: agent.id,
        name: 'Bot',
        mode: 'delegated',
        hostId: body.host_id,
        createdAt: expect.any(Date),
        activatedAt: expect.any(Date),
        capabilityGrants: [
          { capability: 'report', status: 'active', constraints: null, grantedBy: person.id },
        ],
      },
      host: { id: body.host_id, userId: person.id, status: 'active' },
      user: { id: person.id, name: 'Ada', email: person.email },
      principal: { kind: 'agent', agentId: agent.id, userId: person.id, capabilities: ['report'] },
      execution: null,
    })
    expect(await auth.api.getAgentSession({ headers })).toBeNull()
  })

  it('AF10 verifyAgentRequest takes a JWT for this URL or for the issuer, once', async () => {
    const { agent } = await connected(world, ['report'])
    for (const audience of [REPORTS, ISSUER]) {
      const token = await agent.jwt({ audience })
      const sessions = await Promise.all([1, 2].map(() => verifyAgentRequest(request(token), auth)))
      expect(sessions.filter((session) => session !== null)).toHaveLength(1)
    }
    for (const audience of [EXECUTE, `${ISSUER}/api/other`, 'https://evil.example/api/reports']) {
      expect(await verifyAgentRequest(request(await agent.jwt({ audience })), auth)).toBeNull()
    }
    // The host a request names is nobody's word.
    const elsewhere = 'https://evil.example/api/reports'
    const token = await agent.jwt({ audience: elsewhere })
    expect(await verifyAgentRequest(request(token, elsewhere), auth)).toBeNull()
  })

  it('is null for nobody and for agents that may not act', async () => {
    const { agent } = await connected(world, ['report'])
    expect(await verifyAgentRequest(request(), auth)).toBeNull()
    expect(await verifyAgentRequest(request('garbage'), auth)).toBeNull()
    await change(world, 'agent', agent.id, { status: 'revoked' })
    const token = await agent.jwt({ audience: REPORTS })
    expect(await verifyAgentRequest(request(token), auth)).toBeNull()
  })

  it('AF4 enforces grants and constraints on a route of the same process (53)', async () => {
    const wish = { name: 'report', constraints: { year: { min: 2020 } } }
    const { agent } = await connected(world, [wish, 'list_accounts'])
    const verify = async (capability: string, args: Record<string, unknown>, audience = REPORTS) =>
      verifyAgentRequest(request(await agent.jwt({ audience })), auth, {
        capability,
        arguments: args,
      })
    expect(await verify('report', { year: 2021 })).toMatchObject({
      execution: { capability: 'report', arguments: { year: 2021 } },
    })
    await expect(verify('report', { year: 2019 })).rejects.toMatchObject({
      code: 'constraint_violated',
      details: { violations: [{ field: 'year' }] },
    })
    await expect(verify('check_balance', {})).rejects.toMatchObject({ code: 'invalid_jwt' })
    await expect(verify('list_accounts', {})).rejects.toMatchObject({ code: 'invalid_jwt' })
    await expect(verify('report', { year: 2021 }, ISSUER)).rejects.toMatchObject({
      code: 'invalid_jwt',
    })
  })

  it("tells a person's address to nobody over HTTP", async () => {
    const { agent } = await connected(world, ['report'])
    const token = await agent.jwt({ audience: ISSUER })
    for (const path of ['/agent/session', '/get-agent-session']) {
      expect((await call(world.handler, 'GET', path, { token })).status).toBe(404)
    }
  })
})
