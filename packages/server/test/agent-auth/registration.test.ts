import { generateKeyPair, registerResponseSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, connected, decide, look, storedApproval, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { readRaw, resign, signRaw } from '../support/raw-jwt.ts'
import { type World, worlds } from '../support/worlds.ts'

describe.each(worlds)('registration: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  const register = (token: string, body: unknown = { name: 'Bot' }) =>
    call(world.handler, 'POST', '/agent/register', { token, body })
  const count = async (model: string, field: string, value: string) =>
    world.adapter.count({ model, where: [{ field, value }] })

  it('AA10 AA11 registers a host by the thumbprint of its key, pending approval', async () => {
    const host = await TestHost.create(world)
    const { answer } = await host.register({ capabilities: ['list_accounts', 'transfer_money'] })
    expect(answer.status).toBe(200)
    expect(registerResponseSchema.parse(answer.body)).toBeTruthy()
    expect(answer.body).toMatchObject({ status: 'pending', mode: 'delegated', name: 'Bot' })
    expect(answer.body.agent_capability_grants).toEqual([
      { capability: 'list_accounts', status: 'pending' },
      { capability: 'transfer_money', status: 'pending' },
    ])
    const { approval } = answer.body
    expect(approval).toMatchObject({
      method: 'device_authorization',
      verification_uri: `${ISSUER}/auth/device`,
      verification_uri_complete: `${ISSUER}/auth/device?code=${approval.user_code}`,
      expires_in: 600,
      interval: expect.any(Number),
    })
    expect(approval.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    const status = await host.status(answer.body.agent_id)
    expect(status).toMatchObject({ status: 200, body: { status: 'pending' } })
    expect(status.body.agent_capability_grants).toEqual(answer.body.agent_capability_grants)
  })

  it('AA12 refuses an issuer that is not the thumbprint of the key', async () => {
    const host = await TestHost.create(world)
    const { publicJwk } = await generateKeyPair()
    const jwt = await host.jwt({ agentPublicJwk: publicJwk })
    const other = await TestHost.create(world)
    for (const iss of ['nobody', other.thumbprint, '']) {
      const forged = await resign(jwt, host.keys.privateKey, { payload: { iss } })
      expect(await register(forged)).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
    }
    expect(await count('agentHost', 'thumbprint', 'nobody')).toBe(0)
  })

  it('AA13 refuses ES256 keys of a host and of an agent by name', async () => {
    const es256 = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const jwk = await crypto.subtle.exportKey('jwk', es256.publicKey)
    const publicJwk = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }
    const host = await TestHost.create(world)
    const { publicJwk: agentKey } = await generateKeyPair()
    const { payload } = readRaw(await host.jwt({ agentPublicJwk: agentKey }))

    const sign = async (data: Uint8Array<ArrayBuffer>) => {
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      return new Uint8Array(await crypto.subtle.sign(algorithm, es256.privateKey, data))
    }
    const ofHost = await signRaw(
      { alg: 'ES256', typ: 'host+jwt' },
      { ...payload, host_public_key: publicJwk },
      sign,
    )
    const ofAgent = await resign(
      await host.jwt({ agentPublicJwk: agentKey }),
      host.keys.privateKey,
      {
        payload: { agent_public_key: publicJwk },
      },
    )
    for (const token of [ofHost, ofAgent]) {
      expect(await register(token)).toMatchObject({
        status: 400,
        body: { error: 'unsupported_algorithm' },
      })
    }
  })

  it("AA14 never takes a `kid` for a host's identity", async () => {
    const { host: victim, person } = await connected(world)
    const attacker = await TestHost.create(world)
    const { publicJwk } = await generateKeyPair()
    const jwt = await attacker.jwt({ agentPublicJwk: publicJwk })
    const host_public_key = { ...attacker.keys.publicJwk, kid: victim.thumbprint }
    const claims = { payload: { iss: victim.thumbprint, host_public_key } }
    const forged = await resign(jwt, attacker.keys.privateKey, {
      ...claims,
      header: { kid: victim.thumbprint },
    })
    expect(await register(forged)).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })

    const honest = await resign(
      await attacker.jwt({ agentPublicJwk: publicJwk }),
      attacker.keys.privateKey,
      {
        header: { kid: victim.thumbprint },
        payload: { host_public_key },
      },
    )
    const answer = await register(honest)
    expect(answer).toMatchObject({ status: 200, body: { status: 'pending' } })
    const listed = await call(world.handler, 'GET', '/host/list', { cookie: person.cookie })
    expect(listed.body.hosts).toHaveLength(1)
    expect(listed.body.hosts[0].host_id).not.toBe(answer.body.host_id)
  })

  it.each([
    [
      'AA15 a JWKS URL of the agent without agent_kid',
      { agent_jwks_url: 'https://a.example/jwks' },
    ],
    [
      'AA16 one JWKS URL for host and agent',
      {
        agent_jwks_url: 'https://a.example/jwks',
        agent_kid: 'a',
        host_jwks_url: 'https://a.example/jwks',
      },
    ],
    ['AA17 a JWKS URL over http', { agent_jwks_url: 'http://a.example/jwks', agent_kid: 'a' }],
  ])('%s is refused', async (_title, payload) => {
    const host = await TestHost.create(world)
    const token = await resign(await host.jwt(), host.keys.privateKey, { payload })
    expect([400, 401]).toContain((await register(token)).status)
  })

  it('AA18 refuses a registration without an agent key, or with the key of the host', async () => {
    const host = await TestHost.create(world)
    const refused = { status: 400, body: { error: 'invalid_request' } }
    expect(await register(await host.jwt())).toMatchObject(refused)
    const own = await host.jwt({ agentPublicJwk: host.keys.publicJwk })
    expect(await register(own)).toMatchObject(refused)
    const jwt = await host.jwt({ agentPublicJwk: host.keys.publicJwk })
    for (const key of [
      { kty: 'OKP', crv: 'Ed25519' },
      { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
      'x',
      [],
      host.keys.privateJwk,
    ]) {
      const token = await resign(jwt, host.keys.privateKey, {
        payload: { agent_public_key: key, jti: crypto.randomUUID() },
      })
      expect(await register(token)).toMatchObject(refused)
    }
    expect(await count('agentHost', 'thumbprint', host.thumbprint)).toBe(0)
  })

  it.each([
    ['AA19', { mode: 'weird' }, 'unsupported_mode', {}],
    ['AA19', { mode: 'autonomous' }, 'unsupported_mode', {}],
    [
      'AA20',
      { capabilities: ['nope'] },
      'invalid_capabilities',
      { invalid_capabilities: ['nope'] },
    ],
    [
      'AA20',
      { capabilities: ['list_accounts', 'toString'] },
      'invalid_capabilities',
      { invalid_capabilities: ['toString'] },
    ],
    [
      'AA21',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: { less_than: 5 } } }] },
      'unknown_constraint_operator',
      { unknown_operators: ['less_than'] },
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: {} } }] },
      'invalid_request',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: { max: 'abc' } } }] },
      'invalid_request',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: [1] } }] },
      'invalid_request',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: { max: 5, value: 3 } } }] },
      '',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { 'a.b': 1 } }] },
      'invalid_request',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { amount: { deep: { max: 1 } } } }] },
      '',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: { to: { in: [] } } }] },
      'invalid_request',
      {},
    ],
    [
      'AA22',
      { capabilities: [{ name: 'transfer_money', constraints: null }] },
      'invalid_request',
      {},
    ],
    ['AA31', {}, 'invalid_request', {}, null],
    ['AA30', {}, 'invalid_request', {}, '<b></b>'],
    ['AA30', {}, 'invalid_request', {}, '\u202E\u200B '],
    ['AA31', {}, 'invalid_request', {}, 7],
  ])('%s refuses %j with %s', async (_row, body, error, details, name: unknown = 'Bot') => {
    const host = await TestHost.create(world)
    const { answer } = await host.register({ ...body, name: name ?? undefined })
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(error)
    expect(answer.body).toMatchObject({ message: expect.any(String), ...details })
    expect(await count('agentHost', 'thumbprint', host.thumbprint)).toBe(0)
  })

  it('AA23 refuses a capability named twice', async () => {
    const host = await TestHost.create(world)
    const twice = ['list_accounts', { name: 'list_accounts', constraints: { a: 1 } }]
    const { answer } = await host.register({ capabilities: twice })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('AA24 takes a second registration while pending as a retry with one live code', async () => {
    const host = await TestHost.create(world)
    const keys = await generateKeyPair()
    const first = (await host.register({ capabilities: ['list_accounts'] }, keys)).answer.body
    const second = (await host.register({ capabilities: ['list_accounts'] }, keys)).answer.body
    expect(second.agent_id).toBe(first.agent_id)
    expect(second.agent_capability_grants).toHaveLength(1)
    expect(second.approval.user_code).not.toBe(first.approval.user_code)
    const person = await world.person()
    const dead = await look(world, person, { user_code: first.approval.user_code })
    expect(dead).toMatchObject({ status: 404, body: { error: 'approval_not_found' } })
    const live = await look(world, person, { user_code: second.approval.user_code })
    expect(live).toMatchObject({ status: 200, body: { status: 'pending' } })
    expect(live.body.capabilities).toHaveLength(1)
  })

  it('AA24 finishes a retry that asks for nothing that has to wait', async () => {
    const { host } = await connected(world)
    const keys = await generateKeyPair()
    const first = (await host.register({ capabilities: ['transfer_money'] }, keys)).answer.body
    expect(first.status).toBe('pending')
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] }, keys)
    expect(answer).toMatchObject({ status: 200, body: { agent_id: first.agent_id } })
    expect(answer.body).not.toHaveProperty('approval')
    expect(answer.body.status).toBe('active')
    expect(answer.body.agent_capability_grants).toMatchObject([
      { capability: 'list_accounts', status: 'active' },
    ])
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    const person = await world.person()
    const dead = await look(world, person, { user_code: first.approval.user_code })
    expect(dead.status).toBe(404)
    expect(await agent.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
    })
  })

  it('AA71 approves with the new code after the first one expired', async () => {
    const host = await TestHost.create(world)
    const keys = await generateKeyPair()
    const first = (await host.register({ capabilities: ['list_accounts'] }, keys)).answer.body
    const past = new Date(Date.now() - 1000)
    const { id } = await storedApproval(world, first.agent_id)
    await change(world, 'agentApproval', id, { expiresAt: past })
    const person = await world.person()
    const { user_code } = first.approval
    expect(await decide(world, person, { user_code, action: 'approve' })).toMatchObject({
      status: 410,
      body: { error: 'approval_expired' },
    })
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] }, keys)
    const approved = await decide(world, person, {
      user_code: answer.body.approval.user_code,
      action: 'approve',
    })
    expect(approved).toMatchObject({ status: 200, body: { status: 'active' } })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('AA25 AA27 refuses to register an active agent again, however its key is written', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const exists = { status: 409, body: { error: 'agent_exists' } }
    expect((await host.register({}, agent.keys)).answer).toMatchObject(exists)
    const { x, crv, kty } = agent.keys.publicJwk
    for (const key of [
      { x, kty, crv },
      { kid: 'mine', use: 'sig', alg: 'EdDSA', x, crv, kty },
    ]) {
      const jwt = await host.jwt({ agentPublicJwk: agent.keys.publicJwk })
      const token = await resign(jwt, host.keys.privateKey, { payload: { agent_public_key: key } })
      expect(await register(token)).toMatchObject(exists)
    }
  })

  it('AA27 refuses to register a denied or revoked agent again', async () => {
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    const denied = await decide(world, person, { user_code, action: 'deny', reason: 'No.' })
    expect(denied).toMatchObject({ status: 200, body: { status: 'rejected' } })
    const exists = { status: 409, body: { error: 'agent_exists' } }
    expect((await host.register({}, agent.keys)).answer).toMatchObject(exists)
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 403 })

    const { host: linked, agent: ended } = await connected(world)
    expect((await linked.post('/agent/revoke', { agent_id: ended.id })).status).toBe(200)
    expect((await linked.register({}, ended.keys)).answer).toMatchObject(exists)
  })

  it('AA28 grants nothing when nothing is asked', async () => {
    const { host } = await connected(world, ['transfer_money'])
    const { answer, agent } = await host.register()
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'active', agent_capability_grants: [] },
    })
    expect(answer.body).not.toHaveProperty('approval')
    expect(await agent.execute('list_accounts')).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
  })

  it('AA29 AF17 shows people only harmless text', async () => {
    const host = await TestHost.create(world)
    const { answer } = await host.register({
      name: `Bot\u0007\n\u202Eevil\u2066 ${'x'.repeat(10_000)}`,
      host_name: '<script>alert(1)</script>\u202E\nMac \u200BBook',
      reason: `Pay\r\n\r\nrent <img src=x onerror=alert(1)>${'y'.repeat(10_000)}`,
      binding_message: '\u2067hello\u0007',
      capabilities: ['list_accounts'],
    })
    expect(answer.status).toBe(200)
    const { body } = await look(world, await world.person(), {
      user_code: answer.body.approval.user_code,
    })
    for (const text of Object.values<unknown>(body.asserted).flat()) {
      if (typeof text !== 'string') continue
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\n\r]|<[a-z/!]/iu)
      expect(text.length).toBeLessThanOrEqual(500)
    }
    expect(body.asserted.agent_name.length).toBeLessThanOrEqual(120)
    expect(body.asserted.host_name).toBe('alert(1) Mac Book')
    expect(body.asserted.binding_message).toBe('hello')
  })

  it('AF17 names the brand a name resembles', async () => {
    const host = await TestHost.create(world)
    const { answer } = await host.register({ name: 'Cl\u0430ude', host_name: 'G\u043E\u043Egle' })
    const { body } = await look(world, await world.person(), {
      user_code: answer.body.approval.user_code,
    })
    expect(body.asserted.resembles).toHaveLength(2)
  })

  it('AA31 refuses what is not JSON', async () => {
    const host = await TestHost.create(world)
    const { publicJwk } = await generateKeyPair()
    for (const body of ['{', 'null', '[]', '"x"', '', '{"name":']) {
      const answer = await register(await host.jwt({ agentPublicJwk: publicJwk }), body)
      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_request', message: expect.any(String) },
      })
    }
    const large = await register(await host.jwt(), JSON.stringify({ name: 'x'.repeat(2_000_000) }))
    expect(large).toMatchObject({ status: 413, body: { error: 'payload_too_large' } })
  })

  it('AA32 refuses a JWKS URL from a host registered with a key', async () => {
    const { host } = await connected(world)
    const { publicJwk } = await generateKeyPair()
    const jwt = await host.jwt({ agentPublicJwk: publicJwk })
    const token = await resign(jwt, host.keys.privateKey, {
      header: { kid: 'k' },
      payload: { host_jwks_url: 'https://evil.example/jwks' },
    })
    expect([400, 401]).toContain((await register(token)).status)
    const rows = await world.adapter.findMany<{ publicKey: unknown }>({
      model: 'agentHost',
      where: [{ field: 'thumbprint', value: host.thumbprint }],
    })
    expect(rows).toMatchObject([{ publicKey: host.keys.publicJwk }])
  })

  it('AA33 refuses a revoked host', async () => {
    const { host } = await connected(world)
    expect(await host.post('/host/revoke', {})).toMatchObject({ status: 200 })
    expect((await host.register()).answer).toMatchObject({
      status: 403,
      body: { error: 'host_revoked' },
    })
  })

  it('AA34 refuses a replayed host JWT', async () => {
    const host = await TestHost.create(world)
    const { publicJwk } = await generateKeyPair()
    const token = await host.jwt({ agentPublicJwk: publicJwk })
    expect(await register(token)).toMatchObject({ status: 200 })
    expect(await register(token)).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
  })

  it('agent-identity-management#153 (50) asks a person again when a registration grows', async () => {
    const { host } = await connected(world)
    const keys = await generateKeyPair()
    await host.register({ capabilities: ['transfer_money'] }, keys)
    const { answer, agent } = await host.register(
      { capabilities: ['transfer_money', 'list_accounts', 'crash'] },
      keys,
    )
    expect(answer.body.status).toBe('pending')
    expect(answer.body.approval.user_code).toBeTruthy()
    expect(await agent.execute('crash')).toMatchObject({ status: 403 })

    const { host: other, agent: active } = await connected(world, ['list_accounts'])
    await other.register({ capabilities: ['transfer_money'] }, active.keys)
    expect(await active.execute('transfer_money', { amount: 1, to: 'a' })).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
  })

  it('AF1 stops at maxAgentsPerUser, and takes unknown hosts only when told to', async () => {
    const small = await open(bank({ maxAgentsPerUser: 2 }))
    const { host } = await connected(small)
    expect((await host.register()).answer.status).toBe(200)
    expect((await host.register()).answer).toMatchObject({
      status: 403,
      body: { error: 'limit_exceeded' },
    })
    await small.close()
    const closed = await open(bank({ allowDynamicHostRegistration: false }))
    const stranger = await TestHost.create(closed)
    expect((await stranger.register()).answer).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    await closed.close()
  })
})
