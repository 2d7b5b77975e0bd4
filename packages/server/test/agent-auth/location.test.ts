import { introspectResponseSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentEvent } from '../../src/agent-auth/index.ts'
import { change, connected, type TestAgent } from '../support/actors.ts'
import { bank, capabilities, FILES, INTROSPECTION_SECRET } from '../support/bank.ts'
import { call, EXECUTE, ISSUER } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const MAIL = 'https://mail.example/execute'

describe.each(worlds)('executions at other services: $name', ({ open }) => {
  let world: World
  const events: AgentEvent[] = []
  beforeAll(async () => {
    world = await open(
      bank({
        capabilities: [
          ...capabilities,
          {
            name: 'write_file',
            description: 'Writes a file.',
            location: FILES,
            input: {
              type: 'object',
              properties: { bytes: { type: 'number' }, path: { type: 'string' } },
              required: ['bytes'],
            },
          },
          { name: 'send_mail', description: 'Sends mail.', location: MAIL },
          {
            name: 'rare',
            description: 'Rarely.',
            location: FILES,
            rateLimit: { window: 60, max: 1 },
          },
        ],
        onEvent: (event) => void events.push(event),
      }),
    )
  })
  afterAll(() => world.close())

  const introspect = (body: Record<string, unknown>, secret = INTROSPECTION_SECRET) =>
    call(world.handler, 'POST', '/agent/introspect', { token: secret, body })

  const decide = async (
    agent: TestAgent,
    capability: string,
    args?: Record<string, unknown>,
    token?: string,
  ) => {
    const answer = await introspect({
      token: token ?? (await agent.jwt({ audience: FILES })),
      capability,
      ...(args && { arguments: args }),
    })
    expect(answer.status).toBe(200)
    introspectResponseSchema.parse(answer.body)
    return answer.body
  }

  it('AF10 decides on one execution as execute would', async () => {
    const { agent, person } = await connected(world, ['read_files'])
    const answer = await decide(agent, 'read_files')
    expect(answer).toMatchObject({
      active: true,
      agent_id: agent.id,
      user_id: person.id,
      name: 'Bot',
      decision: {
        allowed: true,
        grant: { capability: 'read_files', constraints: null, metered: false },
      },
    })
    const refusals = [
      ['write_file', 'capability_not_granted'],
      ['no_such_thing', 'capability_not_found'],
    ] as const
    for (const [name, error] of refusals) {
      const { decision } = await decide(agent, name, { bytes: 1 })
      expect(decision).toMatchObject({ allowed: false, error, message: expect.any(String) })
    }
  })

  it('AF4 enforces constraints and the input schema (53)', async () => {
    const wish = { name: 'write_file', constraints: { bytes: { max: 100 } } }
    const { agent } = await connected(world, [wish])
    expect((await decide(agent, 'write_file', { bytes: 100 })).decision.allowed).toBe(true)
    expect((await decide(agent, 'write_file', { bytes: 101 })).decision).toMatchObject({
      allowed: false,
      error: 'constraint_violated',
      violations: [{ field: 'bytes', constraint: { max: 100 }, actual: 101 }],
    })
    expect((await decide(agent, 'write_file')).decision.allowed).toBe(false)
    const wrong = await decide(agent, 'write_file', { bytes: 'many' })
    expect(wrong.decision).toMatchObject({ allowed: false, error: 'invalid_request' })
  })

  it('AF5 counts uses at a location, one by one, whatever comes together', async () => {
    const decision = { capabilities: [{ capability: 'read_files', allow: true, max_uses: 2 }] }
    const { agent } = await connected(world, ['read_files'], decision)
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => decide(agent, 'read_files')))
    const allowed = answers.filter((answer) => answer.decision.allowed)
    expect(allowed).toHaveLength(2)
    expect(allowed[0].decision.grant.metered).toBe(true)
    const refused = answers.find((answer) => !answer.decision.allowed)
    expect(refused.decision.error).toBe('limit_exceeded')
  })

  it('AF5 a use is not lost at the execute endpoint, which says where to go', async () => {
    const decision = { capabilities: [{ capability: 'read_files', allow: true, max_uses: 1 }] }
    const { agent } = await connected(world, ['read_files'], decision)
    expect(await agent.execute('read_files')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', message: `read_files is executed at ${FILES}.` },
    })
    expect((await decide(agent, 'read_files')).decision.allowed).toBe(true)
  })

  it('AF5 counts a budget at a location', async () => {
    const allow = { capability: 'write_file', allow: true, budget: { field: 'bytes', limit: 100 } }
    const { agent } = await connected(world, ['write_file'], { capabilities: [allow] })
    const answers = await Promise.all(
      [60, 60, 60].map((bytes) => decide(agent, 'write_file', { bytes })),
    )
    expect(answers.filter((answer) => answer.decision.allowed)).toHaveLength(1)
    expect((await decide(agent, 'write_file', { bytes: 41 })).decision.error).toBe('limit_exceeded')
    expect((await decide(agent, 'write_file', { bytes: 40 })).decision.allowed).toBe(true)
  })

  it('takes a JWT for one decision, also when two come together', async () => {
    const { agent } = await connected(world, ['read_files'])
    const token = await agent.jwt({ audience: FILES })
    const answers = await Promise.all(
      [1, 2, 3].map(() => decide(agent, 'read_files', undefined, token)),
    )
    const allowed = answers.filter((answer) => answer.decision?.allowed)
    expect(allowed).toHaveLength(1)
    expect(answers.filter(({ active }) => !active)).toHaveLength(2)
    expect(await decide(agent, 'read_files', undefined, token)).toMatchObject({
      active: false,
      error: 'invalid_jwt',
    })
  })

  it('AA86 uses up nothing with a plain question, nor anything of the execute endpoint', async () => {
    const { agent } = await connected(world, ['read_files', 'list_accounts'])
    const token = await agent.jwt({ audience: FILES })
    expect((await introspect({ token })).body.active).toBe(true)
    expect((await decide(agent, 'read_files', undefined, token)).decision.allowed).toBe(true)
    const plain = (await introspect({ token })).body
    expect(Object.keys(plain).sort()).toEqual([
      'active',
      'agent_capability_grants',
      'agent_id',
      'expires_at',
      'host_id',
      'mode',
      'user_id',
    ])
    const forExecute = await agent.jwt()
    expect((await decide(agent, 'list_accounts', undefined, forExecute)).decision).toMatchObject({
      allowed: false,
      error: 'invalid_jwt',
    })
    expect((await agent.execute('list_accounts', undefined, forExecute)).status).toBe(200)
  })

  it('decides only where the capability is executed (8.18)', async () => {
    const { agent } = await connected(world, ['read_files', 'send_mail', 'list_accounts'])
    for (const audience of [MAIL, ISSUER, EXECUTE]) {
      const token = await agent.jwt({ audience })
      const { decision } = await decide(agent, 'read_files', undefined, token)
      expect(decision).toMatchObject({ allowed: false, error: 'invalid_jwt' })
    }
    expect((await decide(agent, 'list_accounts')).decision.allowed).toBe(false)
    const stranger = await agent.jwt({ audience: 'https://evil.example/execute' })
    expect(await decide(agent, 'read_files', undefined, stranger)).toMatchObject({ active: false })
  })

  it('AA49 allows nothing to a JWT that names nothing', async () => {
    const { agent } = await connected(world, ['read_files'])
    const jwt = (names: string[]) => agent.jwt({ audience: FILES, capabilities: names })
    for (const names of [[], ['send_mail']]) {
      const answer = await decide(agent, 'read_files', undefined, await jwt(names))
      expect(answer.decision).toMatchObject({ allowed: false, error: 'capability_not_granted' })
      expect(answer.agent_capability_grants).toEqual([])
    }
    const answer = await decide(agent, 'read_files', undefined, await jwt(['read_files']))
    expect(answer.decision.allowed).toBe(true)
  })

  it('tells why a JWT counts for nothing to who asks for more, and to nobody else', async () => {
    const { agent } = await connected(world, ['read_files'])
    await change(world, 'agent', agent.id, { pausedAt: new Date() })
    const token = await agent.jwt({ audience: FILES })
    expect((await introspect({ token })).body).toEqual({ active: false })
    expect(await decide(agent, 'read_files', undefined, token)).toMatchObject({
      active: false,
      error: 'agent_paused',
    })
    expect((await introspect({ token: 'garbage', include: 'key' })).body).toMatchObject({
      active: false,
      error: 'invalid_jwt',
    })
  })

  it('takes the limit of the capability into account', async () => {
    const { agent } = await connected(world, ['rare'])
    expect((await decide(agent, 'rare')).decision.allowed).toBe(true)
    expect((await decide(agent, 'rare')).decision).toMatchObject({
      allowed: false,
      error: 'rate_limited',
      retry_after: expect.any(Number),
    })
  })

  it('gives a guard what it takes to verify the next JWTs itself', async () => {
    const allow = { capability: 'write_file', allow: true, max_uses: 5 }
    const wish = { name: 'read_files', constraints: { path: '/a' } }
    const { agent, host } = await connected(world, [wish, 'write_file', 'send_mail'], {
      capabilities: [
        { capability: 'read_files', allow: true },
        allow,
        { capability: 'send_mail', allow: true },
      ],
    })
    const { body } = await introspect({
      token: await agent.jwt({ audience: FILES }),
      include: 'key',
    })
    introspectResponseSchema.parse(body)
    expect(body.key).toEqual({
      jwk: agent.keys.publicJwk,
      issuers: [host.thumbprint],
      dpop: 'optional',
      cache_for: 5,
    })
    expect(body.grants).toEqual([
      {
        capability: 'read_files',
        constraints: { path: '/a' },
        expires_at: null,
        metered: false,
        dpop: false,
      },
      { capability: 'write_file', constraints: null, expires_at: null, metered: true, dpop: false },
    ])
    expect(body.decision).toBeUndefined()
    await change(world, 'agent', agent.id, {
      activatedAt: new Date(Date.now() - 86_400_000 + 2500),
      lastUsedAt: new Date(),
    })
    const ending = await introspect({ token: await agent.jwt({ audience: FILES }), include: 'key' })
    expect(ending.body.key.cache_for).toBeLessThanOrEqual(2)
  })

  it('answers resource servers alone', async () => {
    const { agent } = await connected(world, ['read_files'])
    const token = await agent.jwt({ audience: FILES })
    for (const more of [{ include: 'key' }, { capability: 'read_files' }]) {
      const answer = await introspect({ token, ...more }, 'x'.repeat(40))
      expect(answer.status).toBe(401)
    }
    for (const more of [{ include: 'all' }, { arguments: {} }, { capability: 7 }]) {
      expect((await introspect({ token, ...more })).status).toBe(400)
    }
    expect((await decide(agent, 'read_files', undefined, token)).decision.allowed).toBe(true)
  })

  it('AF10 records each decision, with names and no values', async () => {
    const { agent, person } = await connected(world, ['write_file'])
    events.length = 0
    await decide(agent, 'write_file', { bytes: 7, path: 'hunter2' })
    await decide(agent, 'read_files')
    const told = events.filter(({ type }) => type === 'capability.authorized')
    const details = { location: FILES }
    expect(told).toMatchObject([
      {
        outcome: 'success',
        agentId: agent.id,
        userId: person.id,
        capability: 'write_file',
        details,
      },
      { outcome: 'refused', code: 'capability_not_granted', capability: 'read_files', details },
    ])
    expect(told[0]?.details?.['arguments']).toEqual(['bytes', 'path'])
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })
})
