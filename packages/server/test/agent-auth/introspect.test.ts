import { introspectResponseSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, TestHost } from '../support/actors.ts'
import { bank, FILES, INTROSPECTION_SECRET } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

describe.each(worlds)('introspection: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  const introspect = (token: unknown, secret: string | undefined = INTROSPECTION_SECRET) =>
    call(world.handler, 'POST', '/agent/introspect', {
      ...(secret && { token: secret }),
      body: { token },
    })

  it('tells a resource server what a JWT is worth, compactly', async () => {
    const { agent, person } = await connected(world, ['list_accounts', 'read_files'])
    const answer = await introspect(await agent.jwt())
    expect(answer.status).toBe(200)
    expect(introspectResponseSchema.parse(answer.body)).toBeTruthy()
    expect(answer.body).toMatchObject({
      active: true,
      agent_id: agent.id,
      user_id: person.id,
      mode: 'delegated',
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    for (const grant of answer.body.agent_capability_grants) {
      expect(
        Object.keys(grant).filter((key) => !['capability', 'status', 'constraints'].includes(key)),
      ).toEqual([])
    }
  })

  it('AA86 does not use the JWT up, for anybody', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    expect((await introspect(jwt)).body.active).toBe(true)
    expect((await introspect(jwt)).body.active).toBe(true)
    expect((await agent.execute('list_accounts', undefined, jwt)).status).toBe(200)
    expect((await agent.execute('list_accounts', undefined, jwt)).status).toBe(401)
  })

  it('AA87 knows the audiences of custom locations, and no others', async () => {
    const { agent } = await connected(world, ['read_files'])
    for (const audience of [FILES, ISSUER]) {
      expect((await introspect(await agent.jwt({ audience }))).body).toMatchObject({
        active: true,
        agent_capability_grants: [{ capability: 'read_files', status: 'active' }],
      })
    }
    const audience = 'https://evil.example/execute'
    expect((await introspect(await agent.jwt({ audience }))).body).toEqual({ active: false })
  })

  it('answers with the capabilities the JWT allows', async () => {
    const { agent } = await connected(world, ['list_accounts', 'check_balance'])
    const jwt = await agent.jwt({ capabilities: ['check_balance', 'crash'] })
    const { body } = await introspect(jwt)
    const names = body.agent_capability_grants.map(
      ({ capability }: { capability: string }) => capability,
    )
    expect(names).toEqual(['check_balance'])
  })

  it('AA88 says only {active:false} about everything else', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const stranger = await TestHost.create(world)
    const tokens = [
      await host.jwt(),
      await agent.jwt({ privateKey: stranger.keys.privateKey }),
      await agent.jwt({ agentId: 'agt_unknown' }),
      await agent.jwt({ now: Math.floor(Date.now() / 1000) - 200 }),
      'garbage',
      'a.b.c',
      ' ',
      `${await agent.jwt()} `,
      'x'.repeat(16_000),
      INTROSPECTION_SECRET,
    ]
    for (const token of tokens) {
      const answer = await introspect(token)
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: { active: false },
      })
    }
    for (const status of ['revoked', 'expired', 'pending', 'rejected']) {
      await change(world, 'agent', agent.id, { status })
      expect((await introspect(await agent.jwt())).body).toEqual({ active: false })
    }
    await change(world, 'agent', agent.id, { status: 'active', pausedAt: new Date() })
    expect((await introspect(await agent.jwt())).body).toEqual({ active: false })
    await change(world, 'agent', agent.id, { pausedAt: null })
    expect((await introspect(await agent.jwt())).body.active).toBe(true)
  })

  it('takes the secret of a resource server', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    for (const secret of [
      undefined,
      'wrong',
      INTROSPECTION_SECRET.slice(0, -1),
      `${INTROSPECTION_SECRET}x`,
      jwt,
    ]) {
      const answer = await call(world.handler, 'POST', '/agent/introspect', {
        ...(secret !== undefined && { token: secret }),
        body: { token: jwt },
      })
      expect(answer).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
      expect(answer.headers.get('www-authenticate')).toBeTruthy()
    }
    const { cookie } = await world.person()
    const asPerson = await call(world.handler, 'POST', '/agent/introspect', {
      cookie,
      body: { token: jwt },
    })
    expect(asPerson.status).toBe(401)
    for (const body of [{}, { token: 7 }, [], 'x']) {
      const answer = await call(world.handler, 'POST', '/agent/introspect', {
        token: INTROSPECTION_SECRET,
        body,
      })
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })

  it('a use-limited grant that is used up is not active', async () => {
    const decision = { capabilities: [{ capability: 'list_accounts', allow: true, max_uses: 1 }] }
    const { agent } = await connected(world, ['list_accounts'], decision)
    await agent.execute('list_accounts')
    expect((await introspect(await agent.jwt())).body).toMatchObject({
      active: true,
      agent_capability_grants: [],
    })
  })
})
