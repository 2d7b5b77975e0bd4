import {
  decodeJwt,
  DPOP_ALGORITHMS,
  dpopThumbprint,
  generateKeyPair,
  type KeyPair,
  signDpopProof,
  type SignDpopProofInput,
} from '@countersign/protocol'
import { exportJWK, generateKeyPair as generateJoseKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { type AgentAuthOptions, type AgentEvent, agentAuth } from '../../src/agent-auth/index.ts'
import { createDpop } from '../../../agent/src/dpop.ts'
import { createAgentClient, memoryStorage } from '../../../agent/src/index.ts'
import { createAuth } from '../../src/index.ts'
import { connected, decide, type TestAgent } from '../support/actors.ts'
import { bank, capabilities, FILES, INTROSPECTION_SECRET } from '../support/bank.ts'
import { type Answer, call, EXECUTE, ISSUER, SECRET } from '../support/http.ts'
import { readRaw, resign, signRaw } from '../support/raw-jwt.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

const [plain] = worlds
if (!plain) throw new Error('no world')

const bound = (more: AgentAuthOptions = {}) =>
  bank({ dpop: { mode: 'optional', nonce: false }, ...more })

/** An agent that binds its JWTs to a key of their own. */
class BoundAgent {
  readonly agent: TestAgent
  readonly key: KeyPair

  constructor(agent: TestAgent, key: KeyPair) {
    this.agent = agent
    this.key = key
  }

  async token(more: Parameters<TestAgent['jwt']>[0] = {}): Promise<string> {
    return this.agent.jwt({ cnf: { jkt: await dpopThumbprint(this.key.publicJwk) }, ...more })
  }

  proof(token: string, more: Partial<SignDpopProofInput> = {}): Promise<string> {
    return signDpopProof({ method: 'POST', url: EXECUTE, token, ...this.key, ...more })
  }

  async send(token: string, proof: string | null, scheme = 'DPoP'): Promise<Answer> {
    const authorization = { authorization: `${scheme} ${token}` }
    const headers = { ...authorization, ...(proof !== null && { dpop: proof }) }
    const body = { capability: 'list_accounts' }
    return call(this.agent.host.handler, 'POST', '/capability/execute', { headers, body })
  }

  at(world: World): BoundAgent {
    return new BoundAgent(this.agent.at(world), this.key)
  }
}

async function boundAgent(world: World): Promise<BoundAgent> {
  const { agent } = await connected(world, ['list_accounts'])
  return new BoundAgent(agent, await generateKeyPair())
}

const refused = (error = 'invalid_dpop_proof') => ({ status: 401, body: { error } })

describe.each(worlds)('DPoP: $name', ({ open }) => {
  let world: World
  let seen: AgentEvent[]
  let bot: BoundAgent
  beforeAll(async () => {
    seen = []
    world = await open(bound({ onEvent: (event) => void seen.push(event) }))
    bot = await boundAgent(world)
  })
  afterAll(() => world.close())

  it('AF12 accepts a bound JWT with its proof, under either scheme', async () => {
    for (const scheme of ['DPoP', 'dpop', 'Bearer']) {
      const token = await bot.token()
      expect((await bot.send(token, await bot.proof(token), scheme)).status).toBe(200)
    }
  })

  it('AA92 refuses a bound JWT without proof, with a challenge, and leaves it good', async () => {
    const token = await bot.token()
    const answer = await bot.send(token, null, 'Bearer')
    expect(answer).toMatchObject(refused())
    const challenge = answer.headers.get('www-authenticate')
    expect(challenge).toContain('DPoP error="invalid_dpop_proof"')
    expect(challenge).toContain(DPOP_ALGORITHMS.join(' '))
    expect(challenge).toContain('AgentAuth discovery=')
    await expect
      .poll(() => seen)
      .toContainEqual(
        expect.objectContaining({
          type: 'dpop.refused',
          agentId: bot.agent.id,
          code: 'invalid_dpop_proof',
        }),
      )
    expect((await bot.send(token, await bot.proof(token))).status).toBe(200)
  })

  it('AA92 refuses a replayed proof, also two at once and with another JWT of the same text', async () => {
    const token = await bot.token()
    const proof = await bot.proof(token)
    const answers = await Promise.all([bot.send(token, proof), bot.send(token, proof)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    expect(await bot.send(token, proof)).toMatchObject(refused())
    // A new proof makes a used JWT no better.
    expect(await bot.send(token, await bot.proof(token))).toMatchObject(refused('invalid_jwt'))
  })

  it('AA92 refuses the proof of another key', async () => {
    const token = await bot.token()
    const stranger = await generateKeyPair()
    expect(await bot.send(token, await bot.proof(token, stranger))).toMatchObject(refused())
    const claimed = await bot.proof(token, { ...stranger, publicJwk: bot.key.publicJwk })
    expect(await bot.send(token, claimed)).toMatchObject(refused())
  })
})

describe('what a DPoP proof must say', () => {
  let world: World
  let bot: BoundAgent
  beforeAll(async () => {
    world = await plain.open(bound({ rateLimit: false }))
    bot = await boundAgent(world)
  })
  afterAll(() => world.close())

  const now = () => Math.floor(Date.now() / 1000)

  it.each<[string, (token: string) => Partial<SignDpopProofInput>]>([
    ['another method', () => ({ method: 'GET' })],
    ['the method in lower case', () => ({ method: 'post' })],
    ['another path', () => ({ url: `${ISSUER}/api/auth/agent/status` })],
    ['a slash at the end', () => ({ url: `${EXECUTE}/` })],
    ['another host', () => ({ url: EXECUTE.replace('localhost', 'evil.example') })],
    ['the host in upper case', () => ({ url: EXECUTE.replace('localhost', 'LOCALHOST') })],
    ['another scheme', () => ({ url: EXECUTE.replace('http:', 'https:') })],
    ['a user in the URL', () => ({ url: EXECUTE.replace('//', '//a@') })],
    ['dots in the path', () => ({ url: EXECUTE.replace('/capability', '/x/../capability') })],
    ['an escaped path', () => ({ url: EXECUTE.replace('capability', 'c%61pability') })],
    ['another JWT', (token) => ({ token: `${token}x` })],
    ['a time two minutes ago', () => ({ now: now() - 120 })],
    ['a time in the future', () => ({ now: now() + 90 })],
  ])('AF12 refuses %s', async (_title, change) => {
    const token = await bot.token()
    expect(await bot.send(token, await bot.proof(token, change(token)))).toMatchObject(refused())
    expect((await bot.send(token, await bot.proof(token))).status).toBe(200)
  })

  it('AF12 ignores the query and the fragment of htu (RFC 9449, 4.3)', async () => {
    const token = await bot.token()
    const claims = { payload: { htu: `${EXECUTE}?a=1#b` } }
    const proof = await resign(await bot.proof(token), bot.key.privateKey, claims)
    expect((await bot.send(token, proof)).status).toBe(200)
  })

  it('AF12 never takes the URL from the Host header', async () => {
    const token = await bot.token()
    const answer = await call(
      world.handler,
      'POST',
      'http://evil.example/api/auth/capability/execute',
      {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await bot.proof(token, { url: 'http://evil.example/api/auth/capability/execute' }),
          host: 'evil.example',
          'x-forwarded-host': 'evil.example',
        },
        body: { capability: 'list_accounts' },
      },
    )
    expect(answer).toMatchObject(refused())
  })

  it.each<[string, { header?: Record<string, unknown>; payload?: Record<string, unknown> }]>([
    ['the type of an agent JWT', { header: { typ: 'agent+jwt' } }],
    ['no type', { header: { typ: undefined } }],
    ['alg none', { header: { alg: 'none' } }],
    ['a symmetric algorithm', { header: { alg: 'HS256' } }],
    ['an algorithm of another key type', { header: { alg: 'ES256' } }],
    ['no key', { header: { jwk: undefined } }],
    ['a key id instead of a key', { header: { jwk: undefined, kid: 'a' } }],
    ['a symmetric key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['a critical extension', { header: { crit: ['b64'] } }],
    ['no jti', { payload: { jti: undefined } }],
    ['an empty jti', { payload: { jti: '' } }],
    ['no iat', { payload: { iat: undefined } }],
    ['an iat that is text', { payload: { iat: String(Date.now() / 1000) } }],
    ['no htm', { payload: { htm: undefined } }],
    ['no htu', { payload: { htu: undefined } }],
    ['htu in a list', { payload: { htu: [EXECUTE] } }],
    ['no ath', { payload: { ath: undefined } }],
    ['a nonce that is no text', { payload: { nonce: 1 } }],
  ])('AF12 refuses %s', async (_title, changes) => {
    const token = await bot.token()
    const proof = await resign(await bot.proof(token), bot.key.privateKey, changes)
    expect(await bot.send(token, proof)).toMatchObject(refused())
  })

  it('AF12 refuses a proof that carries its private key', async () => {
    const token = await bot.token()
    const header = { jwk: bot.key.privateJwk }
    const proof = await resign(await bot.proof(token), bot.key.privateKey, { header })
    expect(await bot.send(token, proof)).toMatchObject(refused())
  })

  it.each(['', 'x', 'a.b.c', '..', 'a'.repeat(9000)])('AF12 refuses junk (%#)', async (junk) => {
    expect(await bot.send(await bot.token(), junk)).toMatchObject(refused())
  })

  it('AF12 refuses two proofs in one request', async () => {
    const token = await bot.token()
    const both = `${await bot.proof(token)}, ${await bot.proof(token)}`
    expect(await bot.send(token, both)).toMatchObject(refused())
  })

  it('AF12 accepts ES256, checked against another implementation', async () => {
    const { publicKey, privateKey } = await generateJoseKeyPair('ES256')
    const { kty, crv, x, y } = await exportJWK(publicKey)
    const jwk = { kty, crv, x, y } as { kty: 'EC'; crv: 'P-256'; x: string; y: string }
    const token = await bot.agent.jwt({ cnf: { jkt: await dpopThumbprint(jwk) } })
    const claims = decodeJwt(await bot.proof(token)).payload
    const sign = (key: object) =>
      new SignJWT(claims)
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: key })
        .sign(privateKey)
    expect(await bot.send(token, await sign({ ...jwk, y: jwk.x }))).toMatchObject(refused())
    expect(await bot.send(token, await sign({ ...jwk, d: jwk.x }))).toMatchObject(refused())
    expect((await bot.send(token, await sign(jwk))).status).toBe(200)
  })

  it('AF12 refuses a binding that cannot be checked instead of ignoring it', async () => {
    for (const cnf of [
      null,
      'x',
      {},
      { jkt: '' },
      { jkt: 'short' },
      { 'x5t#S256': 'a' },
      { kid: 'a' },
    ]) {
      const token = await resign(await bot.agent.jwt(), bot.agent.keys.privateKey, {
        payload: { cnf },
      })
      expect(await bot.send(token, null, 'Bearer')).toMatchObject(refused('invalid_jwt'))
      expect(await bot.send(token, await bot.proof(token))).toMatchObject(refused('invalid_jwt'))
    }
  })

  it('AF12 refuses the DPoP scheme for a JWT that is bound to nothing', async () => {
    const token = await bot.agent.jwt()
    expect(await bot.send(token, await bot.proof(token))).toMatchObject(refused('invalid_jwt'))
  })

  it('a proof signed by the agent and not by the proof key is refused', async () => {
    const token = await bot.token()
    const { header, payload } = readRaw(await bot.proof(token))
    const proof = await signRaw(header, payload, bot.agent.keys.privateKey)
    expect(await bot.send(token, proof)).toMatchObject(refused())
  })
})

describe('DPoP policies', () => {
  it('AA92 AF12 required by the server: an unbound JWT is refused on every endpoint', async () => {
    const world = await plain.open(bound({ dpop: { mode: 'required', nonce: false } }))
    const bot = await boundAgent(world)
    const answer = await bot.agent.execute('list_accounts')
    expect(answer).toMatchObject(refused('invalid_jwt'))
    expect(answer.headers.get('www-authenticate')).toContain('DPoP error="invalid_token"')
    expect(await bot.agent.request({ capabilities: ['crash'] })).toMatchObject(
      refused('invalid_jwt'),
    )
    const token = await bot.token({ audience: ISSUER })
    const proof = await bot.proof(token, {
      method: 'GET',
      url: `${ISSUER}/api/auth/capability/list`,
    })
    const headers = { authorization: `DPoP ${token}`, dpop: proof }
    const listed = await call(world.handler, 'GET', '/capability/list?limit=2', { headers })
    expect(listed.status).toBe(200)
    const { body } = await call(world.handler, 'GET', `${ISSUER}/.well-known/agent-configuration`)
    expect(body).toMatchObject({
      dpop_signing_alg_values_supported: ['EdDSA', 'ES256', 'Ed25519'],
      dpop_bound_access_tokens_required: true,
    })
    await world.close()
  })

  it('AF12 required by one capability, and said where capabilities are described', async () => {
    const guarded = capabilities.map((one) =>
      one.name === 'list_accounts' ? { ...one, dpop: true } : one,
    )
    const world = await plain.open(bound({ capabilities: guarded }))
    const bot = await boundAgent(world)
    expect(await bot.agent.execute('list_accounts')).toMatchObject(refused('invalid_jwt'))
    const token = await bot.token()
    expect((await bot.send(token, await bot.proof(token))).status).toBe(200)
    const listed = await call(world.handler, 'GET', '/capability/list')
    const marked = listed.body.capabilities.filter(({ dpop }: { dpop?: boolean }) => dpop)
    expect(marked.map(({ name }: { name: string }) => name)).toEqual(['list_accounts'])
    const described = await call(world.handler, 'GET', '/capability/describe?name=list_accounts')
    expect(described.body.dpop).toBe(true)
    const other = await call(world.handler, 'GET', '/capability/describe?name=check_balance')
    expect(other.body).not.toHaveProperty('dpop')
    await world.close()
  })

  it('AF12 off: a bound JWT is refused, because its binding would protect nobody', async () => {
    const world = await plain.open(bank({ dpop: 'off' }))
    const bot = await boundAgent(world)
    const token = await bot.token()
    expect(await bot.send(token, await bot.proof(token))).toMatchObject(refused('invalid_jwt'))
    expect((await bot.agent.execute('list_accounts')).status).toBe(200)
    const { body } = await call(world.handler, 'GET', `${ISSUER}/.well-known/agent-configuration`)
    expect(body).not.toHaveProperty('dpop_signing_alg_values_supported')
    await world.close()
  })

  it('AF12 introspection tells a resource server which key to check', async () => {
    const introspect = async (world: World, token: string) => {
      const body = { token }
      const secret = INTROSPECTION_SECRET
      return (await call(world.handler, 'POST', '/agent/introspect', { token: secret, body })).body
    }
    const guarded = capabilities.map((one) => ({ ...one, dpop: one.name === 'list_accounts' }))
    const world = await plain.open(bound({ capabilities: guarded }))
    const bot = await boundAgent(world)
    const jkt = await dpopThumbprint(bot.key.publicJwk)
    expect(await introspect(world, await bot.token({ audience: FILES }))).toMatchObject({
      active: true,
      cnf: { jkt },
      agent_capability_grants: [{ capability: 'list_accounts' }],
    })
    const unbound = await introspect(world, await bot.agent.jwt({ audience: FILES }))
    expect(unbound).toMatchObject({ active: true, agent_capability_grants: [] })
    const strict = await world.restart(bound({ dpop: 'required' }))
    expect(await introspect(strict, await bot.agent.jwt({ audience: FILES }))).toEqual({
      active: false,
    })
    await strict.close()
  })

  it.each<[string, AgentAuthOptions]>([
    ['an unknown mode', { dpop: 'always' as never }],
    [
      'a capability that demands what is off',
      {
        dpop: 'off',
        capabilities: [{ name: 'a', description: 'x', dpop: true, execute: () => null }],
      },
    ],
  ])('refuses %s before the first request', (_title, options) => {
    expect(() => agentAuth(options)).toThrow(/dpop|DPoP/)
  })
})

describe('DPoP nonces and replicas', () => {
  let first: World
  let second: World
  let bot: BoundAgent
  beforeAll(async () => {
    const database = await freshDatabase()
    first = await openPostgres(bank(), database)
    second = await openPostgres(bank(), database)
    bot = await boundAgent(first)
  })
  afterAll(async () => {
    await first.close()
    await second.close()
  })

  async function nonceFrom(agent: BoundAgent): Promise<string> {
    const token = await agent.token()
    const answer = await agent.send(token, await agent.proof(token))
    return answer.headers.get('dpop-nonce') ?? ''
  }

  it('AF12 answers a missing nonce with one that works, for the same JWT, on every replica', async () => {
    const token = await bot.token()
    const answer = await bot.send(token, await bot.proof(token))
    expect(answer).toMatchObject(refused('use_dpop_nonce'))
    expect(answer.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"')
    const nonce = answer.headers.get('dpop-nonce') ?? ''
    const proof = await bot.proof(token, { nonce })
    const passed = await bot.at(second).send(token, proof)
    expect(passed.status).toBe(200)
    expect(passed.headers.get('dpop-nonce')).toMatch(/^[\w.-]{30,}$/)
  })

  it('AA92 refuses a proof that was used on another replica', async () => {
    const nonce = await nonceFrom(bot)
    const token = await bot.token()
    const proof = await bot.proof(token, { nonce })
    expect((await bot.send(token, proof)).status).toBe(200)
    expect(await bot.at(second).send(token, proof)).toMatchObject(refused())
  })

  it('AF12 refuses a nonce that is old or made up, with a good one in the answer', async () => {
    const good = await nonceFrom(bot)
    const [step = '', digest = ''] = good.split('.')
    const later = `${(Number.parseInt(step, 36) + 1).toString(36)}.${digest}`
    const forged = ['.', 'x', `${good} `, `0${good}`, later, `${step}.${'A'.repeat(32)}`]
    for (const nonce of forged) {
      const token = await bot.token()
      const answer = await bot.send(token, await bot.proof(token, { nonce }))
      expect(answer).toMatchObject(refused('use_dpop_nonce'))
      expect(answer.headers.get('dpop-nonce')).toBeTruthy()
    }
  })
})

describe('DPoP at the front door', () => {
  it('AF12 an app that asks who calls gets a bound agent only with its proof', async () => {
    const database = await freshDatabase()
    const world = await openPostgres(bound(), database)
    const bot = await boundAgent(world)
    const auth = createAuth({
      baseURL: ISSUER,
      secret: SECRET,
      connectionString: database,
      agentAuth: bound(),
    })
    const ask = async (token: string, proof: string | null, url = `${ISSUER}/orders?page=1`) => {
      const headers = { authorization: `DPoP ${token}`, ...(proof !== null && { dpop: proof }) }
      return auth.authenticate(new Request(url, { method: 'DELETE', headers }))
    }
    const prove = (token: string, url = `${ISSUER}/orders`) =>
      bot.proof(token, { method: 'DELETE', url })

    const token = await bot.token({ audience: ISSUER })
    await expect(ask(token, null)).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
    await expect(ask(token, await prove(token, `${ISSUER}/refunds`))).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
      headers: { 'www-authenticate': expect.stringContaining('DPoP error=') },
    })
    expect(await ask(token, await prove(token))).toMatchObject({
      kind: 'agent',
      agentId: bot.agent.id,
    })
    // Behind a proxy the request names another host; the proof is for the configured one.
    const next = await bot.token({ audience: ISSUER })
    const principal = await ask(next, await prove(next), 'http://10.0.0.7:3000/orders')
    expect(principal).toMatchObject({ kind: 'agent' })
    await auth.$close()
    await world.close()
  })
})

describe('DPoP in the agent SDK', () => {
  it.each<[string, AgentAuthOptions, number]>([
    ['with a nonce', { dpop: 'required' }, 2],
    ['without one', { dpop: { mode: 'required', nonce: false } }, 1],
  ])('AF12 proves itself to a server that demands it, %s', async (_title, options, sent) => {
    const world = await plain.open(bank(options))
    const person = await world.person()
    const authorizations: string[] = []
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      const authorization = request.headers.get('authorization')
      if (request.url === EXECUTE && authorization) authorizations.push(authorization)
      return world.handler(request)
    }
    const dpop = await createDpop({ fetch })
    const client = createAgentClient({
      storage: memoryStorage(),
      clock: { now: () => Date.now(), sleep: () => new Promise((done) => setTimeout(done, 10)) },
      onApproval: async ({ user_code = '' }) => {
        await decide(world, person, { user_code, action: 'approve' })
      },
      ...dpop,
    })
    const { agent_id: agentId } = await client.connectAgent({
      provider: ISSUER,
      name: 'Bot',
      capabilities: ['list_accounts'],
    })
    const execute = () => client.executeCapability({ agentId, capability: 'list_accounts' })
    authorizations.length = 0
    expect((await execute()).data).toEqual(['acc_1', 'acc_2'])
    expect((await execute()).data).toEqual(['acc_1', 'acc_2'])
    expect(new Set(authorizations.map((one) => one.split(' ')[0]))).toEqual(new Set(['DPoP']))
    // With a nonce the very first request is answered with it, and no later one again.
    expect(authorizations.length).toBeLessThanOrEqual(sent + 1)

    const { token } = await client.signJwt({ agentId, audience: ISSUER })
    const url = `${ISSUER}/api/auth/capability/list`
    const proof = (nonce?: string) => dpop.prove({ method: 'GET', url, token, nonce })
    const ask = async (nonce?: string) => {
      const headers = { authorization: `DPoP ${token}`, dpop: await proof(nonce) }
      return call(world.handler, 'GET', url, { headers })
    }
    const first = await ask()
    const nonce = first.headers.get('dpop-nonce')
    expect((nonce === null ? first : await ask(nonce)).status).toBe(200)
    await world.close()
  })
})
