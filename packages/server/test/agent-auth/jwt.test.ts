import { encodeBase64url } from '@countersign/protocol'
import { createHash, createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change as move, connected, type TestAgent, TestHost } from '../support/actors.ts'
import { bank, INTROSPECTION_SECRET } from '../support/bank.ts'
import { type Answer, call, countStatuses, EXECUTE, ISSUER } from '../support/http.ts'
import { readRaw, resign, signRaw } from '../support/raw-jwt.ts'
import { type World, worlds } from '../support/worlds.ts'

const refused = { status: 401, body: { error: 'invalid_jwt' } }
const now = () => Math.floor(Date.now() / 1000)

describe.each(worlds)('JWT verification: $name', ({ name: kind, open }) => {
  let world: World
  let host: TestHost
  let agent: TestAgent
  beforeAll(async () => {
    world = await open(bank())
    ;({ host, agent } = await connected(world, [
      'list_accounts',
      'check_balance',
      'transfer_money',
    ]))
  })
  afterAll(() => world.close())

  const introspect = (token: unknown) =>
    call(world.handler, 'POST', '/agent/introspect', {
      token: INTROSPECTION_SECRET,
      body: { token },
    })
  const claims = async (payload: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    resign(await agent.jwt(), agent.keys.privateKey, { payload, header })
  const execute = (token: string) => agent.execute('list_accounts', undefined, token)

  it('AA35 accepts iss = thumbprint of the host, aud = the execute endpoint', async () => {
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it.each([
    ['AA36', 'no iss', { iss: undefined }],
    ['AA36', 'another iss', { iss: 'other' }],
    ['AA36', 'an empty iss', { iss: '' }],
    ['AA36', 'the agent as iss', { iss: 'SELF' }],
    ['AA37', 'no exp', { exp: undefined }],
    ['AA37', 'an exp that is no number', { exp: '9999999999' }],
    ['AA37', 'an exp of null', { exp: null }],
    ['AA37', 'no iat', { iat: undefined }],
    ['AA37', 'a negative iat', { iat: -1 }],
    ['AA38', 'no jti', { jti: undefined }],
    ['AA38', 'an empty jti', { jti: '' }],
    ['AA38', 'a jti that is no text', { jti: { a: 1 } }],
    ['AA38', 'an endless jti', { jti: 'j'.repeat(257) }],
    ['AA39', 'no aud', { aud: undefined }],
    ['AA44', 'a foreign aud', { aud: 'https://evil.example' }],
    ['AA45', 'an aud with strangers', { aud: ['https://evil.example', ISSUER] }],
    ['AA45', 'an aud with strangers and the right one', { aud: [EXECUTE, 'https://evil.example'] }],
    ['AA46', 'aud = the issuer, on execute', { aud: ISSUER }],
    ['AA44', 'an aud that only looks alike', { aud: `${EXECUTE}/` }],
    ['AA44', 'an aud in another case', { aud: EXECUTE.toUpperCase() }],
    ['AA36', 'no sub', { sub: undefined }],
    ['AA36', 'a strange sub', { sub: 'agt_0' }],
    ['AA49', 'capabilities that are no list', { capabilities: 'list_accounts' }],
    ['AA49', 'capabilities that are null', { capabilities: null }],
    ['AA49', 'capabilities of numbers', { capabilities: [1] }],
  ])('%s refuses %s', async (_row, _title, payload) => {
    const changes: Record<string, unknown> = { ...payload }
    if (changes['iss'] === 'SELF') changes['iss'] = agent.id
    const token = await claims(changes)
    expect(await execute(token)).toMatchObject(refused)
    // A JWT for the issuer is none for this endpoint, but good for others.
    const active = changes['aud'] === ISSUER
    expect((await introspect(token)).body.active).toBe(active)
  })

  it('AA39 says {active:false} about a JWT without aud', async () => {
    const answer = await introspect(await claims({ aud: undefined }))
    expect(answer).toMatchObject({ status: 200, body: { active: false } })
    expect(Object.keys(answer.body)).toEqual(['active'])
  })

  it.each([
    ['iat in 10 s', { iat: 10, exp: 70 }, 200],
    ['iat in 31 s', { iat: 33, exp: 90 }, 401],
    ['exp 5 s ago', { iat: -50, exp: -5 }, 200],
    ['exp 40 s ago', { iat: -60, exp: -40 }, 401],
    ['an hour of exp, fresh', { iat: -5, exp: 3595 }, 200],
    ['an hour of exp, issued 95 s ago', { iat: -95, exp: 3505 }, 401],
    ['exp before iat', { iat: 20, exp: -100 }, 401],
  ])('AA40 %s', async (_title, { iat, exp }, status) => {
    const token = await claims({ iat: now() + iat, exp: now() + exp })
    expect((await execute(token)).status).toBe(status)
    expect(await execute(token)).toMatchObject(refused)
  })

  it('AA40 remembers a jti as long as its JWT counts, also with a long exp', async () => {
    const token = await claims({ iat: now() - 60, exp: now() + 86_400 })
    expect((await execute(token)).status).toBe(200)
    const { jti } = readRaw(token).payload
    const id = `agent:${agent.id}:${String(jti)}`
    // On adapters under a digest: not every database has ids of this length.
    const digest = createHash('sha256').update(id).digest('base64url').slice(0, 36)
    const where = [{ field: 'id', operator: 'in' as const, value: [id, digest] }]
    const row = await world.adapter.findOne<{ expiresAt: Date }>({ model: 'agentJwtId', where })
    const seconds = (new Date(row?.expiresAt ?? 0).getTime() - Date.now()) / 1000
    expect(seconds).toBeGreaterThan(25)
    expect(seconds).toBeLessThan(95)
  })

  it('AA41 takes a JWT once: again 401, 40 in parallel exactly one', async () => {
    const token = await agent.jwt()
    expect((await execute(token)).status).toBe(200)
    expect(await execute(token)).toMatchObject(refused)
    const race = await agent.jwt()
    const answers = await Promise.all(Array.from({ length: 40 }, () => execute(race)))
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 39 })
  })

  // The memory adapter enforces no keys, and forgets everything with its process anyway.
  it.skipIf(kind.includes('memory'))(
    'AA41 a JWT of a restarted server is still used up',
    async () => {
      const token = await agent.jwt()
      expect((await execute(token)).status).toBe(200)
      world = await world.restart(bank())
      host = host.at(world)
      agent = agent.at(world)
      expect((await execute(await agent.jwt())).status).toBe(200)
      expect(await execute(token)).toMatchObject(refused)
    },
  )

  it('AA42 AA43 takes a host JWT once, on every endpoint, and never without jti', async () => {
    const token = await host.jwt()
    expect(await host.status(agent.id, token)).toMatchObject({ status: 200 })
    expect(await host.status(agent.id, token)).toMatchObject(refused)
    for (const path of ['/agent/revoke', '/agent/reactivate', '/host/revoke']) {
      expect(await host.post(path, { agent_id: agent.id }, token)).toMatchObject(refused)
    }
    expect(await host.send('GET', '/capability/list', undefined, token)).toMatchObject(refused)
    for (const change of [
      { jti: undefined },
      { aud: 'https://evil.example' },
      { exp: undefined },
      { aud: [ISSUER, 'https://evil.example'] },
      { aud: EXECUTE },
    ]) {
      const bad = await resign(await host.jwt(), host.keys.privateKey, { payload: change })
      expect(await host.status(agent.id, bad)).toMatchObject(refused)
    }
  })

  it('AA42 AA43 of 20 parallel uses of one host JWT one counts', async () => {
    const token = await host.jwt()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => host.status(agent.id, token)),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 401: 19 })
  })

  it('AA44 never reads an audience from the Host header', async () => {
    const token = await agent.jwt({ audience: 'http://evil.example/api/auth/capability/execute' })
    for (const name of ['host', 'x-forwarded-host', 'forwarded']) {
      const answer = await call(
        world.handler,
        'POST',
        'http://evil.example/api/auth/capability/execute',
        { token, body: { capability: 'list_accounts' }, headers: { [name]: 'evil.example' } },
      )
      expect(answer).toMatchObject(refused)
      expect(answer.headers.get('www-authenticate')).not.toContain('evil.example')
    }
  })

  it('AA46 AA50 takes a JWT for the execute endpoint nowhere else', async () => {
    for (const path of [
      '/agent/request-capability',
      '/agent/revoke',
      '/agent/reactivate',
      '/agent/status',
      '/host/revoke',
      '/agent/register',
    ]) {
      const answer = await call(
        world.handler,
        path === '/agent/status' ? 'GET' : 'POST',
        path === '/agent/status' ? `${path}?agent_id=${agent.id}` : path,
        {
          token: await agent.jwt(),
          ...(path !== '/agent/status' && {
            body: { capabilities: ['crash'], agent_id: agent.id, name: 'x' },
          }),
        },
      )
      expect(answer).toMatchObject(refused)
    }
  })

  it('AA47 tells host and agent JWTs apart by typ', async () => {
    expect(await execute(await host.jwt({ audience: EXECUTE }))).toMatchObject(refused)
    const asHost = await claims({ aud: ISSUER }, { typ: 'host+jwt' })
    expect(await host.post('/agent/reactivate', { agent_id: agent.id }, asHost)).toMatchObject(
      refused,
    )
    const asAgent = await agent.jwt({ audience: ISSUER })
    expect(await host.post('/agent/reactivate', { agent_id: agent.id }, asAgent)).toMatchObject(
      refused,
    )
    for (const typ of ['JWT', 'AGENT+JWT', 'application/agent+jwt', undefined]) {
      expect(await execute(await claims({}, { typ }))).toMatchObject(refused)
    }
  })

  it('AA48 a JWT limits itself to the capabilities it names', async () => {
    const limited = () => agent.jwt({ capabilities: ['check_balance'] })
    const other = await agent.execute('list_accounts', undefined, await limited())
    expect(other).toMatchObject({ status: 403, body: { error: 'capability_not_granted' } })
    const free = await agent.execute('tell_time', undefined, await limited())
    expect(free).toMatchObject({ status: 403, body: { error: 'capability_not_granted' } })
    expect(await agent.execute('check_balance', { account: 'a' }, await limited())).toMatchObject({
      status: 200,
    })
    const wider = await agent.jwt({ capabilities: ['crash', 'check_balance'] })
    expect(await agent.execute('crash', {}, wider)).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
  })

  it('AA49 an empty list of capabilities allows nothing', async () => {
    const token = await agent.jwt({ capabilities: [] })
    expect(await introspect(token)).toMatchObject({
      body: { active: true, agent_capability_grants: [] },
    })
    expect(await execute(token)).toMatchObject({
      status: 403,
      body: { error: 'capability_not_granted' },
    })
  })

  it('AA48 a limited JWT does not ask for more than it names either', async () => {
    const token = await agent.jwt({ audience: ISSUER, capabilities: ['list_accounts'] })
    const answer = await agent.request({ capabilities: ['crash'] }, token)
    expect([200, 403]).toContain(answer.status)
    expect(await agent.execute('crash')).toMatchObject({ status: 403 })
  })

  it('keycloak-agent-auth (51) a JWT that is refused for another reason does not burn its jti', async () => {
    const jti = crypto.randomUUID()
    expect(await execute(await claims({ jti, aud: ISSUER }))).toMatchObject(refused)
    expect(await execute(await claims({ jti, iat: now() - 200, exp: now() - 140 }))).toMatchObject(
      refused,
    )
    expect(await execute(await claims({ jti, iss: 'other' }))).toMatchObject(refused)
    const stranger = await TestHost.create(world)
    const forged = await resign(await claims({ jti }), stranger.keys.privateKey, {})
    expect(await execute(forged)).toMatchObject(refused)
    await move(world, 'agent', agent.id, { pausedAt: new Date() })
    expect((await execute(await claims({ jti }))).status).toBe(403)
    await move(world, 'agent', agent.id, { pausedAt: null })
    expect((await execute(await claims({ jti }))).status).toBe(200)
    expect(await execute(await claims({ jti }))).toMatchObject(refused)
  })

  it('one agent cannot use up the JWT ids of another', async () => {
    const { agent: other } = await connected(world, ['list_accounts'])
    const jti = crypto.randomUUID()
    const theirs = await resign(await other.jwt(), other.keys.privateKey, { payload: { jti } })
    expect((await other.execute('list_accounts', undefined, theirs)).status).toBe(200)
    expect((await execute(await claims({ jti }))).status).toBe(200)
  })

  it.each([
    ['HS256 over the public key', 'HS256'],
    ['alg none', 'none'],
    ['no alg', undefined],
    ['alg in another case', 'eddsa'],
    ['alg Ed448', 'Ed448'],
    ['alg RS256', 'RS256'],
  ])('CVE-2026-22817 CVE-2026-22818 (46) refuses %s', async (_title, alg) => {
    const { payload } = readRaw(await agent.jwt())
    const { x, ...rest } = agent.keys.publicJwk
    const secrets = [x, Buffer.from(x, 'base64url'), JSON.stringify({ x, ...rest }), '']
    for (const secret of secrets) {
      const token = await signRaw({ alg, typ: 'agent+jwt' }, payload, async (data) =>
        createHmac('sha256', secret).update(data).digest(),
      )
      expect(await execute(token)).toMatchObject(refused)
    }
    const signed = await resign(await agent.jwt(), agent.keys.privateKey, { header: { alg } })
    expect(await execute(signed)).toMatchObject(refused)
    const bare = `${signed.split('.').slice(0, 2).join('.')}.`
    expect(await execute(bare)).toMatchObject(refused)
  })

  it('CVE-2026-22818 (46) never takes a key from the header', async () => {
    const thief = await TestHost.create(world)
    const jwk = thief.keys.publicJwk
    for (const header of [
      { jwk },
      { kid: thief.thumbprint, jwk },
      { kid: '../../etc/passwd' },
      { jku: 'https://evil.example/jwks' },
      { x5c: ['AA=='] },
    ]) {
      const token = await resign(await agent.jwt(), thief.keys.privateKey, { header })
      expect(await execute(token)).toMatchObject(refused)
    }
    const critical = await claims({}, { crit: ['exp'] })
    expect(await execute(critical)).toMatchObject(refused)
    const unencoded = await claims({}, { b64: false, crit: ['b64'] })
    expect(await execute(unencoded)).toMatchObject(refused)
  })

  it('refuses a weak public key, under which anybody could sign', async () => {
    const weak = encodeBase64url(new Uint8Array(32).fill(0, 1).fill(1, 0, 1))
    const token = await resign(await host.jwt(), host.keys.privateKey, {
      payload: { agent_public_key: { kty: 'OKP', crv: 'Ed25519', x: weak } },
    })
    const answer = await host.post('/agent/register', { name: 'Bot' }, token)
    expect([400, 401]).toContain(answer.status)
  })

  it('AA90 AF1 takes JWTs without iss only in compatibility mode', async () => {
    const other = await world.restart(bank({ compatibility: { agentJwtWithoutIss: true } }))
    const friend = agent.at(other)
    const anonymous = await claims({ iss: undefined })
    expect((await friend.execute('list_accounts', undefined, anonymous)).status).toBe(200)
    const wrong = await claims({ iss: 'other' })
    expect((await friend.execute('list_accounts', undefined, wrong)).status).toBe(401)
    world = await other.restart(bank())
    host = host.at(world)
    agent = agent.at(world)
    expect(await execute(await claims({ iss: undefined }))).toMatchObject(refused)
  })
})

describe('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 (44) truncated and flipped tokens', () => {
  it('refuses every prefix and every flipped bit of an agent JWT and of a host JWT', async () => {
    const [plain] = worlds
    if (!plain) throw new TypeError('no world')
    const world = await plain.open(bank({ rateLimit: false }))
    const { host, agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    const hostJwt = await host.jwt()
    const statuses = new Set<string>()
    const collect = ({ status, body }: Answer) => void statuses.add(`${status} ${body?.error}`)
    const mangled = (token: string) => [
      ...Array.from({ length: token.length }, (_, length) => token.slice(0, length)),
      ...Array.from({ length: token.length }, (_, at) => flips(token, at)).flat(),
      `${token}A`,
      `${token}=`,
      `${token}.`,
      `.${token}`,
      `${token}.${token}`,
    ]
    for (const token of mangled(jwt)) collect(await agent.execute('list_accounts', {}, token))
    for (const token of mangled(hostJwt)) collect(await host.status(agent.id, token))
    expect([...statuses]).toEqual(['401 invalid_jwt'])
    expect((await agent.execute('list_accounts', {}, jwt)).status).toBe(200)
    expect((await host.status(agent.id, hostJwt)).status).toBe(200)
  })

  it('refuses every prefix of a user code and of a session cookie', async () => {
    const [plain] = worlds
    if (!plain) throw new TypeError('no world')
    const world = await plain.open(bank({ rateLimit: false }))
    const person = await world.person()
    const host = await TestHost.create(world)
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const code: string = answer.body.approval.user_code
    for (let length = 1; length < code.length; length++) {
      const path = `/agent/approval?user_code=${code.slice(0, length)}`
      const found = await call(world.handler, 'GET', path, { cookie: person.cookie })
      expect(found.status).toBe(404)
    }
    const { cookie } = person
    const value = cookie.indexOf('=') + 1
    const cut = Array.from({ length: cookie.length - value }, (_, n) => cookie.slice(0, value + n))
    for (const part of [...cut, cookie.replace(/.$/, '')]) {
      const listed = await call(world.handler, 'GET', '/agent/list', { cookie: part })
      expect(listed).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
    }
  })
})

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The tokens that differ from this one in one bit of one character. */
function flips(token: string, at: number): string[] {
  const value = ALPHABET.indexOf(token.charAt(at))
  if (value < 0) return [`${token.slice(0, at)}_${token.slice(at + 1)}`]
  // The last characters hold padding bits: there every bit counts.
  const bits = /^.{0,2}($|\.)/.test(token.slice(at)) ? [0, 1, 2, 3, 4, 5] : [at % 6]
  return bits.map(
    (bit) => `${token.slice(0, at)}${ALPHABET.charAt(value ^ (1 << bit))}${token.slice(at + 1)}`,
  )
}
