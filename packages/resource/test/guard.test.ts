import { dpopThumbprint, generateKeyPair, signDpopProof } from '@countersign/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { call, ISSUER } from '../../server/test/support/http.ts'
import { FILES, INTROSPECTION_SECRET } from '../../server/test/support/bank.ts'
import { resign } from '../../server/test/support/raw-jwt.ts'
import { worlds } from '../../server/test/support/worlds.ts'
import {
  type AgentGuard,
  type ExecutionOptions,
  jsonBody,
  memoryReplayStore,
  type VerifiedAgent,
} from '../src/index.ts'
import { type Authority, openAuthority } from './authority.ts'

const [memory] = worlds
if (!memory) throw new Error('no world')

let authority: Authority
beforeAll(async () => {
  authority = await openAuthority(memory)
})
afterAll(() => authority.close())
beforeEach(() => {
  authority.instead = null
  authority.requests.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

type Agent = Awaited<ReturnType<Authority['connect']>>['agent']

const request = (token: string, headers: Record<string, string> = {}, body = '{}') =>
  new Request('http://internal:8080/execute', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...headers },
    body,
  })

async function verify(
  guard: AgentGuard,
  agent: Agent,
  options?: ExecutionOptions,
  jwt: Parameters<Agent['jwt']>[0] = {},
): Promise<VerifiedAgent> {
  const token = await agent.jwt({ audience: FILES, ...jwt })
  return guard.verifyAgentRequest(request(token), options)
}

const introspections = () => authority.requests.filter((path) => path.endsWith('/introspect'))

describe.each(['introspect', 'local'] as const)('AF10 a guard in mode %s', (mode) => {
  it('says who an agent is, once for each JWT', async () => {
    const { agent, person } = await authority.connect(['read_files', 'send_mail'])
    const guard = authority.guard({ mode })
    for (let round = 0; round < 2; round += 1) {
      const token = await agent.jwt({ audience: FILES })
      expect(await guard.verifyAgentRequest(request(token))).toMatchObject({
        agentId: agent.id,
        userId: person.id,
        name: 'Bot',
        // What is executed elsewhere is no business of this service.
        grants: [{ capability: 'read_files' }],
        execution: null,
      })
      await expect(guard.verifyAgentRequest(request(token))).rejects.toMatchObject({
        code: 'invalid_jwt',
      })
    }
  })

  it('AF4 enforces constraints on every request (53)', async () => {
    const wish = { name: 'write_file', constraints: { bytes: { max: 100 }, path: '/a' } }
    const { agent } = await authority.connect([wish])
    const guard = authority.guard({ mode })
    const write = (bytes: unknown) =>
      verify(guard, agent, { capability: 'write_file', arguments: { path: '/a', bytes } })
    for (let round = 0; round < 2; round += 1) {
      expect(await write(100)).toMatchObject({
        execution: { capability: 'write_file', arguments: { path: '/a', bytes: 100 } },
      })
      await expect(write(101)).rejects.toMatchObject({
        code: 'constraint_violated',
        status: 403,
        details: { violations: [{ field: 'bytes', actual: 101 }] },
      })
      await expect(write('100')).rejects.toMatchObject({ status: 400 })
    }
    await expect(
      verify(guard, agent, { capability: 'write_file' }),
      'no arguments satisfy no constraint',
    ).rejects.toMatchObject({ status: 400 })
  })

  it('AF5 lets the authority count uses, whatever comes together', async () => {
    const decision = { capabilities: [{ capability: 'read_files', allow: true, max_uses: 3 }] }
    const { agent } = await authority.connect(['read_files'], decision)
    const guards = [authority.guard({ mode }), authority.guard({ mode })]
    const outcomes = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5].map((number) =>
        verify(guards[number % 2] ?? authority.guard(), agent, { capability: 'read_files' }),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    const codes = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
    )
    expect(codes).toEqual(['limit_exceeded', 'limit_exceeded', 'limit_exceeded'])
  })

  it('AA49 keeps to what a JWT is narrowed to', async () => {
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard({ mode })
    await verify(guard, agent, { capability: 'read_files' })
    for (const capabilities of [[], ['write_file']]) {
      await expect(
        verify(guard, agent, { capability: 'read_files' }, { capabilities }),
      ).rejects.toMatchObject({ code: 'capability_not_granted' })
      expect(await verify(guard, agent, undefined, { capabilities })).toMatchObject({
        capabilities,
        grants: [],
      })
    }
  })

  it('refuses every JWT that is not good, also of an agent it knows', async () => {
    const { agent, host } = await authority.connect(['read_files'])
    const guard = authority.guard({ mode })
    await verify(guard, agent)
    const good = await agent.jwt({ audience: FILES })
    const now = Math.floor(Date.now() / 1000)
    const { privateKey } = agent.keys
    const bad = [
      await agent.jwt({ audience: FILES, privateKey: host.keys.privateKey }),
      await agent.jwt({ audience: FILES, now: now - 200 }),
      await agent.jwt({ audience: FILES, now: now + 200 }),
      await agent.jwt({ audience: FILES, agentId: 'agt_other' }),
      await agent.jwt({ audience: FILES, issuer: 'someone' }),
      await resign(good, privateKey, { payload: { jti: undefined } }),
      await resign(good, privateKey, { payload: { iss: undefined } }),
      await resign(good, privateKey, { payload: { aud: [FILES] } }),
      await resign(good, privateKey, { payload: { iat: now - 3000, exp: now + 3000 } }),
      await resign(good, privateKey, { payload: { capabilities: 'read_files' } }),
      await resign(good, privateKey, { header: { typ: 'JWT' } }),
      await host.jwt({ audience: FILES }),
      good.slice(0, -2),
    ]
    for (const token of bad) {
      await expect(guard.verifyAgentRequest(request(token))).rejects.toMatchObject({
        code: 'invalid_jwt',
        headers: { 'www-authenticate': expect.stringContaining('AgentAuth discovery=') },
      })
    }
    // Nothing forged used the good one up.
    expect(await guard.verifyAgentRequest(request(good))).toMatchObject({ agentId: agent.id })
  })

  it('checks the proof of a bound JWT', async () => {
    const { agent } = await authority.connect(['sign_file'])
    const guard = authority.guard({ mode })
    const [own, stolen] = [await generateKeyPair(), await generateKeyPair()]
    const options = { capability: 'sign_file' }
    const cnf = { jkt: await dpopThumbprint(own.publicJwk) }
    const send = async (key = own, more: { url?: string; method?: string } = {}) => {
      const token = await agent.jwt({ audience: FILES, cnf })
      const proof = await signDpopProof({ method: 'POST', url: FILES, token, ...key, ...more })
      const headers = { authorization: `DPoP ${token}`, dpop: proof }
      return guard.verifyAgentRequest(request(token, headers), options)
    }
    for (let round = 0; round < 2; round += 1) {
      expect(await send()).toMatchObject({ execution: { capability: 'sign_file' } })
      const refusals = [
        () => send(stolen),
        () => send(own, { url: 'https://files.example/other' }),
        () => send(own, { method: 'GET' }),
        () => verify(guard, agent, options, { cnf }),
      ]
      for (const refusal of refusals) {
        await expect(refusal()).rejects.toMatchObject({
          code: 'invalid_dpop_proof',
          headers: { 'www-authenticate': expect.stringMatching(/^DPoP .*AgentAuth/) },
        })
      }
      // The capability demands a bound JWT.
      await expect(verify(guard, agent, options)).rejects.toMatchObject({ code: 'invalid_jwt' })
    }
  })

  it('is 503 with the time to wait while the authority is away', async () => {
    const onError = vi.fn<(error: unknown) => void>()
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard({ mode, onError })
    authority.instead = () => new Response('<html>', { status: 502 })
    await expect(verify(guard, agent)).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
      headers: { 'retry-after': '1' },
    })
    expect(onError).toHaveBeenCalledOnce()
    authority.instead = null
    expect(await verify(guard, agent)).toMatchObject({ agentId: agent.id })
  })
})

describe('AF10 a guard in mode introspect', () => {
  it('asks about every request, and sees a revocation at once', async () => {
    const { agent, person } = await authority.connect(['read_files'])
    const guard = authority.guard()
    await verify(guard, agent)
    await verify(guard, agent, { capability: 'read_files' })
    expect(introspections()).toHaveLength(2)
    await revoke(agent, person)
    await expect(verify(guard, agent)).rejects.toMatchObject({ code: 'agent_revoked', status: 403 })
  })
})

describe('AF10 a guard in mode local', () => {
  const options = { capability: 'read_files', arguments: { path: '/a' } }

  it('asks once for requests that come soon after', async () => {
    const { agent } = await authority.connect([{ name: 'read_files', constraints: { path: '/a' } }])
    const guard = authority.guard({ mode: 'local' })
    await verify(guard, agent, options)
    authority.instead = () => Promise.reject(new TypeError('away'))
    for (let round = 0; round < 3; round += 1) await verify(guard, agent, options)
    expect(await verify(guard, agent)).toMatchObject({ execution: null })
    expect(introspections()).toHaveLength(1)
  })

  it('believes what it knows for five seconds and no longer', async () => {
    const { agent, person } = await authority.connect(['read_files'])
    const guard = authority.guard({ mode: 'local' })
    vi.useFakeTimers({ toFake: ['Date'] })
    await verify(guard, agent, options)
    await revoke(agent, person)
    vi.setSystemTime(Date.now() + 4000)
    expect(await verify(guard, agent, options)).toMatchObject({ agentId: agent.id })
    vi.setSystemTime(Date.now() + 1000)
    await expect(verify(guard, agent, options)).rejects.toMatchObject({ code: 'agent_revoked' })
  })

  it('learns of what was granted since, and of a new key', async () => {
    const { agent, host } = await authority.connect(['read_files'])
    const guard = authority.guard({ mode: 'local' })
    const { publicJwk, privateKey } = await generateKeyPair()
    await verify(guard, agent, options)
    const body = { agent_id: agent.id, public_key: publicJwk }
    expect((await host.post('/agent/rotate-key', body)).status).toBe(200)
    expect(await verify(guard, agent, options, { privateKey })).toMatchObject({ agentId: agent.id })
  })

  it('demands a bound JWT of an agent it knows, where the authority does', async () => {
    const { agent } = await authority.connect(['read_files'])
    const key = await generateKeyPair()
    const cnf = { jkt: await dpopThumbprint(key.publicJwk) }
    const token = await agent.jwt({ audience: FILES, cnf })
    const proof = await signDpopProof({ method: 'POST', url: FILES, token, ...key })
    // The policy of the authority changes in its answer alone.
    authority.instead = async () => {
      const path = `${ISSUER}/api/auth/agent/introspect`
      const asked = { token: INTROSPECTION_SECRET, body: { token, include: 'key' } }
      const { body } = await call(authority.world.handler, 'POST', path, asked)
      return Response.json({ ...body, key: { ...body.key, dpop: 'required' } })
    }
    const introspection = { secret: INTROSPECTION_SECRET, url: `${ISSUER}/introspect` }
    const strict = authority.guard({ mode: 'local', introspection })
    expect(await strict.verifyAgentRequest(request(token, { dpop: proof }))).toBeTruthy()
    authority.instead = () => Response.json({ active: false })
    await expect(verify(strict, agent)).rejects.toMatchObject({ code: 'invalid_jwt' })
  })

  it('shares used JWTs with other processes through a store', async () => {
    const { agent } = await authority.connect(['read_files'])
    const replayStore = memoryReplayStore()
    const guards = [1, 2].map(() => authority.guard({ mode: 'local', replayStore }))
    for (const guard of guards) await verify(guard, agent, options)
    const token = await agent.jwt({ audience: FILES })
    const outcomes = await Promise.allSettled(
      guards.map((guard) => guard.verifyAgentRequest(request(token), options)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('AF10 a guard and its authority', () => {
  it('finds the introspection endpoint once', async () => {
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard()
    await Promise.all([1, 2, 3].map(() => verify(guard, agent)))
    const found = authority.requests.filter((path) => path.includes('well-known'))
    expect(found).toEqual(['/.well-known/agent-configuration'])
  })

  it.each([
    ['that speaks for another origin', { issuer: 'https://evil.example' }],
    ['that introspects elsewhere', { endpoints: { introspect: 'https://evil.example/i' } }],
    ['that introspects nowhere', { endpoints: { introspect: undefined } }],
  ])('sends its secret to no authority %s', async (_title, wrong) => {
    const { agent } = await authority.connect(['read_files'])
    const { body } = await call(
      authority.world.handler,
      'GET',
      `${ISSUER}/.well-known/agent-configuration`,
    )
    const endpoints = { ...body.endpoints, ...('endpoints' in wrong && wrong.endpoints) }
    const guard = authority.guard()
    authority.instead = () => Response.json({ ...body, ...wrong, endpoints })
    await expect(verify(guard, agent)).rejects.toMatchObject({ code: 'unavailable' })
    expect(new Set(authority.requests)).toEqual(new Set(['/.well-known/agent-configuration']))
    authority.instead = null
    expect(await verify(guard, agent)).toMatchObject({ agentId: agent.id })
  })

  it('follows no redirect, on neither way', async () => {
    const { agent } = await authority.connect(['read_files'])
    const redirects: unknown[] = []
    for (const url of [undefined, `${ISSUER}/api/auth/agent/introspect`]) {
      const guard = authority.guard({
        introspection: { secret: 'x'.repeat(40), ...(url && { url }) },
        fetch: (_input, init) => {
          redirects.push(init?.redirect)
          return Promise.reject(new TypeError('stop'))
        },
      })
      await expect(verify(guard, agent)).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(redirects).toEqual(['error', 'error'])
  })

  it.each([
    ['bound to a key nobody proved', { cnf: { jkt: 'x'.repeat(43) } }],
    ['of another agent', { agent_id: 'agt_other' }],
  ])('believes no answer about a JWT %s', async (_title, wrong) => {
    const { agent } = await authority.connect(['read_files'])
    const introspection = { secret: 'x'.repeat(40), url: `${ISSUER}/introspect` }
    authority.instead = () =>
      Response.json({
        active: true,
        agent_id: agent.id,
        host_id: 'hst',
        agent_capability_grants: [],
        mode: 'delegated',
        ...wrong,
      })
    await expect(verify(authority.guard({ introspection }), agent)).rejects.toMatchObject({
      code: 'invalid_jwt',
    })
  })

  it('tells the operator of a wrong secret, and callers nothing', async () => {
    const onError = vi.fn<(error: unknown) => void>()
    const { agent } = await authority.connect(['read_files'])
    const introspection = { secret: 'x'.repeat(40) }
    const guard = authority.guard({ introspection, onError })
    const error = await verify(guard, agent).catch((reason: unknown) => reason)
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(onError).toHaveBeenCalledOnce()
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      cause: { message: expect.stringContaining('answered 401') },
    })
  })

  it('decides nothing with an authority that only introspects', async () => {
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard({
      introspection: { secret: 'x'.repeat(40), url: `${ISSUER}/introspect` },
    })
    authority.instead = () =>
      Response.json({
        active: true,
        agent_id: agent.id,
        host_id: 'hst',
        agent_capability_grants: [{ capability: 'read_files', status: 'active' }],
        mode: 'delegated',
      })
    await expect(verify(guard, agent, { capability: 'read_files' })).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(await verify(guard, agent)).toMatchObject({ agentId: agent.id, grants: [] })
  })

  it('asks nothing about capabilities that are not executed here', async () => {
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard({ capabilities: ['write_file'] })
    await expect(verify(guard, agent, { capability: 'read_files' })).rejects.toMatchObject({
      code: 'capability_not_found',
    })
    expect(authority.requests).toEqual([])
  })

  it('reads arguments from a copy of the request', async () => {
    const { agent } = await authority.connect(['write_file'])
    const guard = authority.guard()
    const token = await agent.jwt({ audience: FILES })
    const incoming = request(token, {}, '{"path":"/a","bytes":1}')
    const options = { capability: 'write_file', arguments: jsonBody }
    const { execution } = await guard.verifyAgentRequest(incoming, options)
    expect(execution?.arguments).toEqual({ path: '/a', bytes: 1 })
    expect(await incoming.json()).toEqual({ path: '/a', bytes: 1 })
    const huge = request(await agent.jwt({ audience: FILES }), {}, ' '.repeat(1_000_001))
    await expect(guard.verifyAgentRequest(huge, options)).rejects.toMatchObject({ status: 413 })
  })

  it('is 503 rather than forget a used JWT too early', async () => {
    const { agent } = await authority.connect(['read_files'])
    const guard = authority.guard({ replayStore: memoryReplayStore({ max: 1 }) })
    await verify(guard, agent)
    await expect(verify(guard, agent)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each([
    ['an issuer with a path', { issuer: `${ISSUER}/auth` }],
    ['an issuer without encryption', { issuer: 'http://auth.example' }],
    ['a location that is no URL', { location: 'files' }],
    ['a short secret', { introspection: { secret: 'short' } }],
    [
      'an endpoint without encryption',
      { introspection: { secret: 'x'.repeat(32), url: 'http://a.example/i' } },
    ],
  ])('is not made with %s', (_title, options) => {
    expect(() => authority.guard(options)).toThrow(TypeError)
  })
})

async function revoke(agent: Agent, { cookie }: { cookie: string }): Promise<void> {
  const body = { agent_id: agent.id }
  const answer = await call(authority.world.handler, 'POST', '/agent/revoke', { cookie, body })
  expect(answer.status).toBe(200)
}
