import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { generateKeyPair, jwkThumbprint, signAgentJwt } from '@countersign/protocol'
import { can, createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'

const quiet = { disabled: true }
let auth: ReturnType<typeof createAuth>
let cookie: string
let userId: string
let key: string

beforeAll(async () => {
  auth = createAuth({ connectionString: await freshDatabase(), secret, baseURL, logger: quiet })
  ;({ cookie, userId } = await signUp(auth, 'ada@example.com'))
  const created = await auth.api.createApiKey({
    body: { name: 'reports', userId, permissions: { reports: ['read'] } },
  })
  key = created.key
})
afterAll(() => auth.$close())

const request = (headers: Record<string, string>, method = 'GET') =>
  new Request(`${baseURL}/anything`, { method, headers })

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A server in memory with a person, and credentials that a mutation can start from. */
async function memoryDoor() {
  const rows: Record<string, Record<string, unknown>[]> = {}
  const door = createAuth({
    database: memoryAdapter(rows),
    secret,
    baseURL,
    logger: quiet,
    rateLimit: false,
    agentAuth: {},
  })
  for (const model of Object.keys(getAuthTables(door.options))) rows[model] ??= []
  const person = await signUp(door, 'ada@example.com')
  const { key: apiKey } = await door.api.createApiKey({
    body: { name: 'k', userId: person.userId },
  })
  const { publicJwk, privateKey } = await generateKeyPair()
  const issuer = await jwkThumbprint(publicJwk)
  const { adapter } = await door.$context
  const common = { userId: person.userId, status: 'active', publicKey: JSON.stringify(publicJwk) }
  const times = { activatedAt: new Date(), createdAt: new Date(), updatedAt: new Date() }
  // In memory, what is not said is not even null.
  const none = { jwksUrl: null, keyId: null, pausedAt: null, lastUsedAt: null, previousUntil: null }
  await adapter.create({
    model: 'agentHost',
    data: {
      ...common,
      ...times,
      ...none,
      id: 'hst_1',
      thumbprint: issuer,
      defaultCapabilities: '[]',
    },
    forceAllowId: true,
  })
  await adapter.create({
    model: 'agent',
    data: {
      ...common,
      ...times,
      ...none,
      id: 'agt_1',
      name: 'Scout',
      hostId: 'hst_1',
      mode: 'delegated',
      registrationKey: 'hst_1.k',
    },
    forceAllowId: true,
  })
  const sign = () => signAgentJwt({ issuer, agentId: 'agt_1', audience: baseURL, privateKey })
  const kinds = await Promise.all(
    [`Bearer ${await sign()}`, `ApiKey ${apiKey}`].map((authorization) =>
      door.authenticate(request({ authorization })).then(({ kind }) => kind),
    ),
  )
  expect(kinds).toEqual(['agent', 'user'])
  return { door, cookie: person.cookie, good: [apiKey, await sign()] }
}

describe('who a request is', () => {
  it('nobody, without a credential', async () => {
    expect(await auth.authenticate(request({}))).toEqual({ kind: 'anonymous', method: 'none' })
  })

  it('a person, by session', async () => {
    const principal = await auth.authenticate(request({ cookie }))
    expect(principal).toMatchObject({
      kind: 'user',
      method: 'session',
      userId,
      email: 'ada@example.com',
      emailVerified: false,
      session: { id: expect.any(String), activeOrganizationId: null },
    })
    expect(can(principal, 'anything', 'write')).toBe(true)
  })

  it.each([
    ['x-countersign-api-key', () => ({ 'x-countersign-api-key': key })],
    ['Authorization: ApiKey', () => ({ authorization: `ApiKey ${key}` })],
    ['a scheme in another case', () => ({ authorization: `apikey   ${key}` })],
    ['a key next to a cookie', () => ({ cookie, authorization: `ApiKey ${key}` })],
  ])('a person limited to what their key permits, by %s', async (_title, headers) => {
    const principal = await auth.authenticate(request(headers()))
    expect(principal).toMatchObject({ kind: 'user', method: 'api-key', userId })
    expect(principal).not.toHaveProperty('session')
    expect(can(principal, 'reports', 'read')).toBe(true)
    expect(can(principal, 'reports', 'write')).toBe(false)
    expect(can(principal, 'constructor', 'read')).toBe(false)
  })

  it('a key without permissions reaches nothing, and no account endpoint', async () => {
    const bare = await auth.api.createApiKey({ body: { name: 'bare', userId } })
    const headers = { 'x-countersign-api-key': bare.key, 'x-api-key': bare.key }
    expect(can(await auth.authenticate(request(headers)), 'reports', 'read')).toBe(false)
    const sessions = await auth.handler(
      new Request(`${baseURL}/api/auth/list-sessions`, { headers }),
    )
    expect(sessions.status).toBe(401)
  })

  it('a cookie that is over, forged or of another server is nobody', async () => {
    const [name = '', value = ''] = cookie.split('=')
    const forged = `${name}=${value.slice(0, -4)}AAAA`
    const unsigned = `${name}=${decodeURIComponent(value).split('.')[0]}`
    for (const other of [
      forged,
      unsigned,
      `${name}=`,
      'other=1',
      `${name}=${value.slice(0, 20)}`,
    ]) {
      expect(await auth.authenticate(request({ cookie: other }))).toMatchObject({
        kind: 'anonymous',
      })
    }
  })
})

describe('an agent', () => {
  it('is who its JWT proves, once, and never the person behind it', async () => {
    const server = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger: quiet,
      agentAuth: {},
    })
    const person = await signUp(server, 'ada@example.com')
    const keys = await generateKeyPair()
    const thumbprint = await jwkThumbprint(keys.publicJwk)
    const sql = server.$connection?.sql
    await sql?.query(
      `INSERT INTO agent_host (id, thumbprint, public_key, user_id, status, default_capabilities)
       VALUES ('hst_1', $1, $2, $3, 'active', '[]')`,
      [thumbprint, JSON.stringify(keys.publicJwk), person.userId],
    )
    await sql?.query(
      `INSERT INTO agent (id, name, host_id, user_id, mode, status, public_key, registration_key, activated_at)
       VALUES ('agt_1', 'Scout', 'hst_1', $1, 'delegated', 'active', $2, 'hst_1.k', now())`,
      [person.userId, JSON.stringify(keys.publicJwk)],
    )
    const sign = (audience: string) =>
      signAgentJwt({ issuer: thumbprint, agentId: 'agt_1', audience, privateKey: keys.privateKey })
    const send = (jwt: string) =>
      server.authenticate(request({ authorization: `Bearer ${jwt}`, cookie: person.cookie }))

    const jwt = await sign(baseURL)
    const principal = await send(jwt)
    expect(principal).toEqual({
      kind: 'agent',
      method: 'agent',
      agentId: 'agt_1',
      hostId: 'hst_1',
      userId: person.userId,
      mode: 'delegated',
      name: 'Scout',
    })
    expect(can(principal, 'anything', 'read')).toBe(false)
    await expect(send(jwt)).rejects.toMatchObject({ status: 401, code: 'invalid_jwt' })
    await expect(send(await sign('https://other.example'))).rejects.toMatchObject({ status: 401 })
    for (const length of [10, jwt.length - 1]) {
      await expect(send((await sign(baseURL)).slice(0, length))).rejects.toMatchObject({
        status: 401,
      })
    }
    // Behind the server's back: the database tells it, a moment later.
    await sql?.query(`UPDATE agent SET status = 'revoked'`)
    await vi.waitFor(async () => {
      await expect(send(await sign(baseURL))).rejects.toMatchObject({ status: 403 })
    })
    await server.$close()
    await expect(send(await sign(baseURL))).rejects.toMatchObject({ status: 503 })
  })
})

describe('a bad explicit credential is a 401 and never falls through to the cookie', () => {
  it.each([
    ['an unknown API key', { 'x-countersign-api-key': 'nothing-like-a-key' }],
    ['an unknown API key in Authorization', { authorization: 'ApiKey nothing-like-a-key' }],
    ['an unknown bearer token', { authorization: 'Bearer abc.def.ghi' }],
    ['an empty Authorization', { authorization: '' }],
    ['a scheme nobody knows', { authorization: 'Digest username="x"' }],
    ['a Basic credential', { authorization: 'Basic YWRhOmFkYQ==' }],
    ['an empty API key', { 'x-countersign-api-key': '' }],
    ['an API key with a space', { 'x-countersign-api-key': 'a b' }],
    [
      'a bad Authorization next to a good key',
      { authorization: 'Bearer nope', 'x-countersign-api-key': 'K' },
    ],
  ])('%s', async (_title, headers) => {
    const sent =
      'x-countersign-api-key' in headers && headers['x-countersign-api-key'] === 'K'
        ? { ...headers, 'x-countersign-api-key': key }
        : headers
    const failure = await auth
      .authenticate(request({ cookie, ...sent }))
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: 401 })
    expect((failure as { headers: Record<string, string> }).headers['www-authenticate']).toContain(
      `AgentAuth discovery="${baseURL}/.well-known/agent-configuration"`,
    )
  })

  it('a disabled key, an expired key, and every part of a good key', async () => {
    const context = await auth.$context
    const made = await auth.api.createApiKey({ body: { name: 'short', userId } })
    const update = (values: Record<string, unknown>) =>
      context.adapter.update({
        model: 'apikey',
        where: [{ field: 'id', value: made.id }],
        update: values,
      })
    const status = (value: string) =>
      auth.authenticate(request({ authorization: `ApiKey ${value}` })).then(
        () => 200,
        (error: { status: number }) => error.status,
      )
    expect(await status(made.key)).toBe(200)
    expect(await status(made.key.slice(0, -1))).toBe(401)
    expect(await status(`${made.key}A`)).toBe(401)
    await update({ enabled: false })
    expect(await status(made.key)).toBe(401)
    await update({ enabled: true, expiresAt: new Date(Date.now() - 1000) })
    expect(await status(made.key)).toBe(401)
  })

  it('a key that is used too often is told when to come back', async () => {
    const made = await auth.api.createApiKey({
      body: {
        name: 'slow',
        userId,
        rateLimitEnabled: true,
        rateLimitMax: 1,
        rateLimitTimeWindow: 60_000,
      },
    })
    const headers = { authorization: `ApiKey ${made.key}` }
    await auth.authenticate(request(headers))
    const failure = await auth.authenticate(request(headers)).catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: 429 })
    const { 'retry-after': wait } = (failure as { headers: Record<string, string> }).headers
    expect(Number(wait)).toBeGreaterThan(50)
  })
})

describe('GHSA-xmf8-cvqr-rfgj (25) a malformed Authorization header is never a 500', () => {
  const corpus = [
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'bearer\t',
    'Bearer  ',
    'ApiKey',
    'ApiKey =',
    'Bearer =====',
    'Bearer a b',
    'Bearer a,b',
    'Bearer "quoted"',
    ': :',
    'Basic',
    'Basic !!!',
    'Basic Og==',
    'Bearer ..',
    'Bearer a..b',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'Bearer %00',
    'Bearer ../../etc/passwd',
    'Bearer {"a":1}',
    'Bearer constructor',
    'ApiKey __proto__',
    'Bearer ÿþ',
    `Bearer ${'a'.repeat(9000)}`,
    `Bearer ${'a.'.repeat(4000)}`,
    `${'x'.repeat(9000)} y`,
    'Bearer é',
    'Bearer Bearer Bearer',
  ]
  it.each(corpus)('%j', async (authorization) => {
    const failure = await auth
      .authenticate(request({ authorization }))
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: 401 })
  })

  it('whatever else is sent, nobody is let in', async () => {
    const { door, cookie: session, good } = await memoryDoor()
    const latin = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      maxLength: 200,
    })
    const schemes = ['', 'Bearer ', 'bearer ', 'ApiKey ', 'Basic ', 'DPoP ', 'Bearer Bearer ']
    // A credential that would be let in, after something happened to it on the way.
    const changed = fc
      .tuple(fc.constantFrom(...good), fc.nat(), latin, fc.nat({ max: 3 }))
      .map(([one, position, text, cut]) => {
        const at = position % (one.length + 1)
        return one.slice(0, at) + text + one.slice(at + cut)
      })
    const json = fc
      .tuple(fc.object({ maxDepth: 1 }), fc.jsonValue({ maxDepth: 2 }))
      .map(([header, claims]) =>
        [{ alg: 'EdDSA', typ: 'agent+jwt', ...header }, claims].map(encoded).concat('A'.repeat(86)),
      )
      .map((parts) => parts.join('.'))
    const credentials = fc.oneof(latin, changed, json)

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...schemes),
        credentials,
        fc.constantFrom('authorization', 'x-countersign-api-key'),
        async (scheme, credential, name) => {
          const value = scheme + credential
          fc.pre(!good.includes(value.trim().split(' ').at(-1) ?? ''))
          const outcome = await door.authenticate(request({ [name]: value, cookie: session })).then(
            (principal) => principal,
            (error: { status?: number }) => error.status ?? error,
          )
          expect([400, 401, 403, 429]).toContain(outcome)
        },
      ),
      { numRuns: 10_000 },
    )
  }, 60_000)

  it('also at the handler, and for a malformed cookie', async () => {
    for (const headers of [
      ...corpus.map((authorization) => ({ authorization })),
      { cookie: '%%%=;;=\u00ff' },
      { cookie: 'countersign.session_token=%E0%A4%A' },
    ]) {
      const response = await auth.handler(
        new Request(`${baseURL}/api/auth/list-sessions`, { headers: headers as HeadersInit }),
      )
      expect(response.status).toBe(401)
    }
    expect(
      await auth.authenticate(request({ cookie: 'countersign.session_token=%E0%A4%A' })),
    ).toMatchObject({ kind: 'anonymous' })
  })
})

describe('a cookie alone changes nothing from elsewhere', () => {
  it.each([
    ['a page of this server', { origin: baseURL }, 'user'],
    ['a foreign page', { origin: 'https://evil.example' }, 403],
    ['a page that hides its origin', { origin: 'null' }, 403],
    ['no page at all', {}, 403],
  ])('POST from %s', async (_title, headers, expected) => {
    const outcome = await auth.authenticate(request({ cookie, ...headers }, 'POST')).then(
      ({ kind }) => kind,
      (error: { status: number }) => error.status,
    )
    expect(outcome).toBe(expected)
  })
})

describe('a database that is away is a 503, never a 401 and never nobody', () => {
  it('for every credential, at the front door and at the handler', async () => {
    const lines: unknown[][] = []
    const logger = { log: (...line: unknown[]) => void lines.push(line) }
    const away = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger,
      rateLimit: false,
    })
    const signedUp = await signUp(away, 'ada@example.com')
    const { key: awayKey } = await away.api.createApiKey({
      body: { name: 'k', userId: signedUp.userId },
    })
    await away.$close()

    for (const headers of [
      { cookie: signedUp.cookie },
      { authorization: `ApiKey ${awayKey}` },
    ] as Record<string, string>[]) {
      await expect(away.authenticate(request(headers))).rejects.toMatchObject({
        status: 503,
        code: 'unavailable',
      })
    }
    await expect(
      away.authenticate(request({ authorization: 'ApiKey wrong' })),
    ).rejects.toMatchObject({ status: 503 })
    for (const path of ['/get-session', '/list-sessions', '/organization/list']) {
      const response = await away.handler(
        new Request(`${baseURL}/api/auth${path}`, { headers: { cookie: signedUp.cookie } }),
      )
      expect([path, response.status]).toEqual([path, 503])
      expect(response.headers.get('retry-after')).toBe('5')
      expect(response.headers.get('set-cookie')).toBeNull()
    }
    const signIn = await post(away, '/sign-in/email', {
      email: 'ada@example.com',
      password: 'correct horse',
    })
    expect(signIn.status).toBe(503)

    const log = lines.flat().map(String).join('\n')
    const token = decodeURIComponent(signedUp.cookie.split('=')[1] ?? '').split('.')[0] ?? ''
    expect(log).toContain('caused by')
    for (const value of ['ada@example.com', token, awayKey]) expect(log).not.toContain(value)
  })

  it('also when it never answered', async () => {
    const never = createAuth({
      connectionString: 'postgres://u:p@127.0.0.1:1/x',
      secret,
      baseURL,
      logger: quiet,
    })
    await expect(never.$ready).rejects.toThrow('connection refused')
    await expect(never.authenticate(request({ cookie }))).rejects.toMatchObject({ status: 503 })
    const response = await never.handler(new Request(`${baseURL}/api/auth/get-session`))
    expect(response.status).toBe(503)
    await never.$close()
  })

  it('also with an adapter of the caller', async () => {
    const rows = { user: [], session: [], account: [], verification: [], apikey: [], rateLimit: [] }
    const working = memoryAdapter(rows)
    let broken = false
    const failing = createAuth({
      database: (options) => {
        const adapter = working(options)
        return new Proxy(adapter, {
          get: (target, property) =>
            broken && (property === 'findOne' || property === 'findMany')
              ? () => Promise.reject(new Error('gone'))
              : Reflect.get(target, property),
        })
      },
      secret,
      baseURL,
      logger: quiet,
      rateLimit: false,
    })
    const person = await signUp(failing, 'ada@example.com')
    broken = true
    await expect(failing.authenticate(request({ cookie: person.cookie }))).rejects.toMatchObject({
      status: 503,
    })
  })
})

describe('52 no identity without a credential', () => {
  it('no request without a session, a key or an agent is a person, whatever its headers claim', async () => {
    const claims: Record<string, string>[] = [
      { 'x-user-id': userId },
      { 'x-forwarded-user': 'ada@example.com' },
      { 'remote-user': userId },
      { 'x-countersign-user': userId },
      { host: 'localhost' },
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-middleware-subrequest': 'middleware' },
      { cookie: `user=${userId}; session=${userId}` },
      { referer: baseURL, origin: baseURL },
      { 'user-agent': 'countersign-internal' },
    ]
    for (const headers of claims) {
      expect(await auth.authenticate(request(headers))).toEqual({
        kind: 'anonymous',
        method: 'none',
      })
      const session = await auth.handler(
        new Request(`${baseURL}/api/auth/get-session`, { headers }),
      )
      expect(await session.json()).toBeNull()
    }
  })

  it('no source names a sentinel person', () => {
    const root = join(import.meta.dirname, '../src')
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
    )
    const sentinel =
      /['"`](local@localhost|anonymous@|system@|root@|nobody@|default-user|local-user|dev-user|guest)/i
    expect(files.length).toBeGreaterThan(20)
    expect(files.filter((file) => sentinel.test(readFileSync(join(root, file), 'utf8')))).toEqual(
      [],
    )
  })
})
