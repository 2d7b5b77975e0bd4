import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'

const directories: string[] = []
function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'countersign-'))
  directories.push(path)
  return path
}
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })))
afterEach(() => vi.unstubAllEnvs())

describe('options', () => {
  it.each([
    [
      'a connection string that is none',
      { connectionString: 'mysql://x' },
      'connectionString must look like postgres://',
    ],
    [
      'two databases',
      { connectionString: 'postgres://x/y', database: memoryAdapter({}) },
      'not both',
    ],
    [
      'a base URL with a path',
      { baseURL: 'https://id.example.com/auth' },
      'baseURL must be an origin',
    ],
    ['a base URL that is none', { baseURL: 'id.example.com' }, 'baseURL must be a URL'],
    ['a base URL of another scheme', { baseURL: 'javascript:alert(1)' }, 'baseURL must be a URL'],
    ['a pool without connections', { poolSize: 0 }, '`poolSize` must be a number'],
    ['a short secret', { secret: 'short' }, 'secret must have at least 32 characters'],
    [
      'a trusted origin with a wildcard',
      { trustedOrigins: ['https://*.example.com'] },
      '`trustedOrigins` must be origins',
    ],
    [
      'a trusted custom scheme (22, trustedOrigins prefix)',
      { trustedOrigins: ['myapp://callback'] },
      '`trustedOrigins` must be origins',
    ],
    [
      'a forwarded header as the client address',
      { clientAddressHeader: 'X-Forwarded-For' },
      'use `trustProxy`',
    ],
    [
      'a proxy that is no address',
      { trustProxy: ['10.0.0.0/33'] },
      '`trustProxy` must be addresses',
    ],
  ])('refuses %s', (_title, options, message) => {
    expect(() => resolveOptions({ secret, ...options }, {})).toThrow(message)
    expect(() => resolveOptions({ secret, ...options }, {})).toThrow(TypeError)
  })

  it.each([
    'better-auth-secret-12345678901234567890',
    'change-me-change-me-change-me-change-me',
    'your-secret-key-that-is-quite-long-enough',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '12121212121212121212121212121212121212',
  ])('CVE-2025-65107 (47) refuses the guessable secret %s', (guessable) => {
    expect(() => resolveOptions({ secret: guessable }, {})).toThrow('secret is easy to guess')
    expect(() => resolveOptions({}, { COUNTERSIGN_SECRET: guessable })).toThrow(
      'COUNTERSIGN_SECRET is easy to guess',
    )
  })

  it('GHSA-8fpg-xm3f-6cx3 (27) refuses to run in production without a secret or over http', () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://db/x' }
    expect(() => resolveOptions({}, production)).toThrow(
      'COUNTERSIGN_SECRET is required in production',
    )
    // Not with a folder that could hold a development secret either.
    const embedded = { NODE_ENV: 'production', COUNTERSIGN_DATA_DIR: temporaryDirectory() }
    expect(() => resolveOptions({}, embedded)).toThrow(
      'COUNTERSIGN_SECRET is required in production',
    )
    expect(() => resolveOptions({ secret, baseURL: 'http://id.example.com' }, production)).toThrow(
      'must start with https://',
    )
    expect(() =>
      resolveOptions({ secret, baseURL: 'http://127.0.0.1:4100' }, production),
    ).not.toThrow()
  })

  it('refuses a switch that is neither on nor off', () => {
    expect(() => resolveOptions({ secret }, { COUNTERSIGN_MIGRATE: 'maybe' })).toThrow(
      'COUNTERSIGN_MIGRATE must be `true` or `false`',
    )
  })

  it('makes a development secret once, readable by its owner only', () => {
    const dataDir = temporaryDirectory()
    const first = resolveOptions({ dataDir }, {}).secret
    expect(resolveOptions({ dataDir }, {}).secret).toBe(first)
    expect(first).toHaveLength(43)
    expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(dataDir, 'secret'), 'utf8').trim()).toBe(first)
  })

  it.each([
    ['embedded', {}, {}, true],
    ['embedded, in production', { dataDir: 'data' }, { NODE_ENV: 'production' }, true],
    ['PostgreSQL', { connectionString: 'postgres://db/x' }, {}, true],
    [
      'PostgreSQL, in production',
      { connectionString: 'postgres://db/x' },
      { NODE_ENV: 'production' },
      false,
    ],
    [
      'PostgreSQL, in production, on request',
      { connectionString: 'postgres://db/x', migrate: true },
      { NODE_ENV: 'production' },
      true,
    ],
    [
      'PostgreSQL, in production, on request of the environment',
      { connectionString: 'postgres://db/x' },
      { NODE_ENV: 'production', COUNTERSIGN_MIGRATE: 'true' },
      true,
    ],
    ['embedded, forbidden by the environment', {}, { COUNTERSIGN_MIGRATE: 'off' }, false],
    [
      'embedded, in code against the environment',
      { migrate: true },
      { COUNTERSIGN_MIGRATE: 'no' },
      true,
    ],
  ])('migrates at start: %s', (_title, options, env, migrates) => {
    expect(resolveOptions({ secret, ...options }, env).migrate).toBe(migrates)
  })

  it('S24 DATABASE_URL is required in production, unless a folder is named', () => {
    const env = { NODE_ENV: 'production', COUNTERSIGN_SECRET: secret }
    const required = 'DATABASE_URL is required in production: a PostgreSQL such as postgres://'
    expect(() => resolveOptions({}, env)).toThrow(required)
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    vi.stubEnv('DATABASE_URL', undefined)
    expect(() => createAuth()).toThrow(required)
    expect(resolveOptions({}, { ...env, COUNTERSIGN_DATA_DIR: '/srv/data' }).dataDir).toBe(
      '/srv/data',
    )
    expect(resolveOptions({}, { ...env, DATABASE_URL: 'postgres://db/x' })).toMatchObject({
      connectionString: 'postgres://db/x',
    })
  })

  it('S25 COUNTERSIGN_SECRET wins over BETTER_AUTH_SECRET', () => {
    const other = secret.split('').toReversed().join('')
    expect(resolveOptions({}, { BETTER_AUTH_SECRET: other }).secret).toBe(other)
    const both = { COUNTERSIGN_SECRET: secret, BETTER_AUTH_SECRET: other }
    expect(resolveOptions({}, both).secret).toBe(secret)
    expect(resolveOptions({}, { ...both, COUNTERSIGN_SECRET: ' ' }).secret).toBe(other)
    expect(() => resolveOptions({}, { BETTER_AUTH_SECRET: 'short' })).toThrow('BETTER_AUTH_SECRET')
  })

  it('S26 COUNTERSIGN_BASE_URL wins over BETTER_AUTH_URL', () => {
    const read = (env: Record<string, string>) => resolveOptions({ secret }, env).baseURL
    expect(read({ BETTER_AUTH_URL: 'https://b.test' })).toBe('https://b.test')
    const both = { COUNTERSIGN_BASE_URL: 'https://a.test', BETTER_AUTH_URL: 'https://b.test' }
    expect(read(both)).toBe('https://a.test')
    expect(() => read({ BETTER_AUTH_URL: 'b.test' })).toThrow('BETTER_AUTH_URL must be a URL')
  })

  it.each([
    ['S27', 'COUNTERSIGN_DOMAINS'],
    ['S28', 'AUTH_TRUSTED_DOMAINS'],
  ])('%s reads trusted origins from %s; a bare domain means https', (_row, name) => {
    const read = (text: string) => resolveOptions({ secret }, { [name]: text }).trustedOrigins
    expect(read('app.test, http://localhost:3000 ,,https://b.test/')).toEqual([
      'https://app.test',
      'http://localhost:3000',
      'https://b.test',
    ])
    expect(() => read('*.app.test')).toThrow(`${name} must be origins`)
    expect(() => read('app.test/path')).toThrow(`${name} must be origins`)
    const given = { secret, trustedOrigins: ['https://code.test'] }
    expect(resolveOptions(given, { [name]: 'app.test' }).trustedOrigins).toEqual([
      'https://code.test',
    ])
  })

  it('S29 a missing or weak secret in production says how to make one', () => {
    const read = (env: Record<string, string>) => () =>
      resolveOptions({ connectionString: 'postgres://db/x' }, { NODE_ENV: 'production', ...env })
    expect(read({})).toThrow('openssl rand')
    expect(read({ COUNTERSIGN_SECRET: 'weak' })).toThrow('openssl rand')
  })

  it('documents the defaults it has', () => {
    expect(resolveOptions({ secret }, {})).toMatchObject({
      dataDir: '.countersign',
      migrate: true,
      poolSize: 10,
      baseURL: 'http://localhost:4100',
      appName: 'Countersign',
      trustedOrigins: [],
      trustProxy: [],
      clientAddressHeader: undefined,
      rateLimit: true,
      skipDefaultPlugins: false,
    })
  })
})

describe('an instance on PostgreSQL', () => {
  let auth: ReturnType<typeof createAuth>
  beforeAll(async () => {
    auth = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      clientAddressHeader: 'x-countersign-client-address',
      logger: { disabled: true },
    })
    await auth.$ready
  })
  afterAll(() => auth.$close())

  it('S6 works with a connection string and nothing else', async () => {
    const dataDir = temporaryDirectory()
    vi.stubEnv('COUNTERSIGN_DATA_DIR', dataDir)
    const minimal = createAuth({ connectionString: await freshDatabase() })
    await minimal.$ready
    const response = await minimal.handler(new Request('http://localhost:4100/api/auth/ok'))
    expect(await response.json()).toEqual({ ok: true })
    await minimal.$close()
  })

  it('types the plugins it composes', () => {
    expectTypeOf(auth.api.createOrganization).toBeFunction()
    expectTypeOf(auth.api.createApiKey).toBeFunction()
    expectTypeOf(auth.api.listPasskeys).toBeFunction()
    expectTypeOf(auth.api.signUpEmail).toBeFunction()
  })

  it('signs up, keeps the cookie to itself, and signs out', async () => {
    const { cookie, setCookie } = await signUp(auth, 'ada@example.com')
    expect(setCookie).toMatch(
      /^countersign\.session_token=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const session = await auth.handler(
      new Request(`${baseURL}/api/auth/get-session`, { headers: { cookie } }),
    )
    expect(await session.json()).toMatchObject({ user: { email: 'ada@example.com' } })
    expect((await post(auth, '/sign-out', {}, { cookie })).status).toBe(200)
    const after = await auth.handler(
      new Request(`${baseURL}/api/auth/get-session`, { headers: { cookie } }),
    )
    expect(await after.json()).toBeNull()
  })

  it('sets secure cookies when the issuer is https', async () => {
    const secure = createAuth({
      database: memoryAdapter(emptyTables()),
      secret,
      baseURL: 'https://id.example.com',
      logger: { disabled: true },
    })
    const response = await secure.handler(
      new Request('https://id.example.com/api/auth/sign-up/email', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'https://id.example.com' },
        body: JSON.stringify({ name: 'S', email: 's@example.com', password: 'correct horse' }),
      }),
    )
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Secure-countersign\.session_token=.*Secure/,
    )
  })

  it('refuses passwords under 8 characters', async () => {
    const response = await post(auth, '/sign-up/email', {
      name: 'A',
      email: 'short@example.com',
      password: '1234567',
    })
    expect(response.status).toBe(400)
  })

  it('answers a wrong password and an unknown address alike', async () => {
    await signUp(auth, 'known@example.com')
    const wrong = await post(auth, '/sign-in/email', {
      email: 'known@example.com',
      password: 'not this one',
    })
    const unknown = await post(auth, '/sign-in/email', {
      email: 'nobody@example.com',
      password: 'not this one',
    })
    expect([wrong.status, await wrong.text()]).toEqual([unknown.status, await unknown.text()])
    expect(wrong.status).toBe(401)
  })

  it.each([
    ['emailVerified', true],
    ['role', 'admin'],
    ['banned', false],
    ['id', 'chosen-by-the-caller'],
    ['activeOrganizationId', 'org'],
    ['createdAt', '2000-01-01T00:00:00Z'],
  ])('CVE-2026-27946 (45) never takes `%s` from a sign-up or an update', async (field, value) => {
    const email = `mass-${field.toLowerCase()}@example.com`
    const body = { name: 'M', email, password: 'correct horse', [field]: value }
    const response = await post(auth, '/sign-up/email', body)
    if (response.status !== 200) await signUp(auth, email)
    const signIn = await post(auth, '/sign-in/email', { email, password: 'correct horse' })
    const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    await post(auth, '/update-user', { name: 'N', [field]: value }, { cookie })
    const stored = await auth.$connection?.sql.query(
      `SELECT u.*, s.active_organization_id FROM "user" u JOIN session s ON s.user_id = u.id WHERE email = $1`,
      [email],
    )
    const [row] = stored?.rows ?? []
    expect(row).toMatchObject({ email_verified: false, active_organization_id: null })
    expect(row?.['id']).not.toBe('chosen-by-the-caller')
    expect(row).toMatchObject({ role: 'user', banned: false })
    expect(row?.['created_at']).not.toEqual(new Date('2000-01-01T00:00:00Z'))
  })

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['an origin that starts like ours', { origin: `${baseURL}.evil.example` }],
    ['a null origin', { origin: 'null' }],
    ['no origin', { origin: null }],
  ])('refuses a change with a cookie and %s, also under NODE_ENV=test', async (_title, headers) => {
    const { cookie } = await signUp(auth, `origin-${Math.random()}@example.com`)
    const response = await post(auth, '/update-user', { name: 'Changed' }, { cookie, ...headers })
    expect(response.status).toBe(403)
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    `${baseURL}@evil.example`,
    'javascript:alert(1)',
    `${baseURL}.evil.example/`,
    'data:text/html,x',
    '/%5cevil.example',
  ])('CVE-2024-56734 (22) refuses the callback %s', async (callbackURL) => {
    const response = await post(auth, '/sign-in/email', {
      email: 'known@example.com',
      password: 'correct horse',
      callbackURL,
    })
    expect(response.status).toBe(403)
  })

  it.each([
    '//api/auth/list-sessions',
    '/api//auth/list-sessions',
    '/api/auth//list-sessions',
    '/api/auth/list-sessions/',
    '/api/auth/LIST-SESSIONS',
    '/API/auth/list-sessions',
    '/api/auth/%6cist-sessions',
    '/api/auth%2flist-sessions',
    '/api/auth/./list-sessions',
    '/api/auth/x/../list-sessions',
    '/api/auth/%2e/list-sessions',
    '/api/auth/list-sessions%2f',
    '/api/auth\\list-sessions',
    '/api/auth/list-sessions;x',
    '/api/auth/list-sessions%00',
  ])('GHSA-x732-6j76-qmhm (16) guards %s or knows no such path', async (path) => {
    const response = await auth.handler(new Request(`${baseURL}${path}`))
    expect([401, 404]).toContain(response.status)
  })

  it('GHSA-x732-6j76-qmhm (16) counts variants of a path in the same bucket, or knows none', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 25; attempt++) {
      const variant =
        ['/sign-in/email', '/sign-in//email', '/sign-in/./email', '/sign-in/email/'][attempt % 4] ??
        ''
      const response = await post(
        auth,
        variant,
        { email: 'x@example.com', password: 'wrong one' },
        { 'x-countersign-client-address': '192.0.2.16' },
      )
      statuses.push(response.status)
    }
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(20)
    expect(new Set(statuses)).not.toContain(200)
  })

  it('better-auth#10203 (19) X-Forwarded-For does not change who is counted', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 25; attempt++) {
      const response = await post(
        auth,
        '/sign-in/email',
        { email: 'x@example.com', password: 'wrong one' },
        {
          'x-countersign-client-address': '192.0.2.19',
          'x-forwarded-for': `198.51.100.${attempt}`,
          'x-real-ip': `198.51.100.${attempt}`,
          forwarded: `for=198.51.100.${attempt}`,
        },
      )
      statuses.push(response.status)
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401))
    expect(statuses.slice(20)).toEqual(Array.from({ length: 5 }, () => 429))
  })

  it('GHSA-p6v2-xcpg-h6xw (18) counts the addresses of one /64 together', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 22; attempt++) {
      const address =
        attempt % 2
          ? `2001:db8:1:2::${attempt.toString(16)}`
          : `2001:0DB8:0001:0002:0:0:0:${attempt.toString(16)}`
      const response = await post(
        auth,
        '/sign-in/email',
        { email: 'x@example.com', password: 'wrong one' },
        { 'x-countersign-client-address': address },
      )
      statuses.push(response.status)
    }
    expect(statuses.slice(20)).toEqual([429, 429])
  })

  it('CVE-2025-61928 (1) makes no API key without a session, or for somebody else', async () => {
    const victim = await signUp(auth, 'victim@example.com')
    const attacker = await signUp(auth, 'attacker@example.com')
    const body = { name: 'stolen', userId: victim.userId }
    expect((await post(auth, '/api-key/create', body)).status).toBe(401)
    expect(
      (await post(auth, '/api-key/create', body, { cookie: attacker.cookie })).status,
    ).toBeGreaterThanOrEqual(400)
    const limits = { name: 'x', remaining: 1_000_000, permissions: { everything: ['write'] } }
    expect((await post(auth, '/api-key/create', limits, { cookie: attacker.cookie })).status).toBe(
      400,
    )
    const keys = await auth.$connection?.sql.query(
      'SELECT id FROM apikey WHERE reference_id = $1',
      [victim.userId],
    )
    expect(keys?.rows).toEqual([])
  })

  it('GHSA-2vg6-77g8-24mp (11) deleting a person ends their sessions and keys', async () => {
    const { cookie, userId } = await signUp(auth, 'leaving@example.com')
    const created = await post(auth, '/api-key/create', { name: 'k' }, { cookie })
    const { key } = (await created.json()) as { key: string }
    const context = await auth.$context
    await context.internalAdapter.deleteUser(userId)
    const principal = await auth.authenticate(new Request(baseURL, { headers: { cookie } }))
    expect(principal.kind).toBe('anonymous')
    await expect(
      auth.authenticate(new Request(baseURL, { headers: { authorization: `ApiKey ${key}` } })),
    ).rejects.toMatchObject({ status: 401 })
    const left = await auth.$connection?.sql.query(
      'SELECT id FROM apikey WHERE reference_id = $1',
      [userId],
    )
    expect(left?.rows).toEqual([])
  })

  it('publishes an Ed25519 key and never its private half', async () => {
    const response = await auth.handler(new Request(`${baseURL}/api/auth/jwks`))
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
    expect(keys).toEqual([expect.objectContaining({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' })])
    expect(keys[0]).not.toHaveProperty('d')
  })
})

describe('other databases', () => {
  // A new embedded database takes seconds, and many on a busy machine.
  it('runs embedded in a data directory', { timeout: 120_000 }, async () => {
    const auth = createAuth({ dataDir: temporaryDirectory(), baseURL, logger: { disabled: true } })
    const { cookie } = await signUp(auth, 'ada@example.com')
    expect(await auth.authenticate(new Request(baseURL, { headers: { cookie } }))).toMatchObject({
      kind: 'user',
      email: 'ada@example.com',
    })
    await auth.$close()
  })

  it(
    'gives the data directory back when a plugin refuses its options',
    { timeout: 120_000 },
    async () => {
      const dataDir = temporaryDirectory()
      const options = { dataDir, baseURL, logger: { disabled: true } }
      expect(() => createAuth({ ...options, agentAuth: { jwtMaxAge: 0 } })).toThrow('`jwtMaxAge`')
      await vi.waitFor(() => expect(existsSync(join(dataDir, 'process.lock'))).toBe(false), 60_000)
      const auth = createAuth(options)
      await auth.$ready
      await auth.$close()
    },
  )

  it('refuses a database without its tables and says what to run', async () => {
    const auth = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      migrate: false,
      logger: { disabled: true },
    })
    await expect(auth.$ready).rejects.toThrow('run `npx @countersign/cli migrate`')
    const response = await auth.handler(new Request(`${baseURL}/api/auth/get-session`))
    expect([response.status, await response.json()]).toEqual([
      503,
      { error: 'unavailable', message: expect.any(String) },
    ])
    await auth.$close()
  })

  it('S19 skipDefaultPlugins leaves only what is listed', async () => {
    const auth = createAuth({
      database: memoryAdapter(emptyTables()),
      secret,
      baseURL,
      skipDefaultPlugins: true,
      logger: { disabled: true },
    })
    expect(auth.api).not.toHaveProperty('createOrganization')
    expectTypeOf(auth.api).not.toHaveProperty('createOrganization')
    const response = await post(auth, '/organization/create', { name: 'x', slug: 'x' })
    expect(response.status).toBe(404)
    await signUp(auth, 'ada@example.com')
  })

  it('refuses to be a provider without the default plugins, instead of forgetting it', () => {
    const database = memoryAdapter(emptyTables())
    const options = { database, secret, baseURL, skipDefaultPlugins: true, provider: {} } as const
    expect(() => createAuth(options)).toThrow('`provider` needs the default plugins')
  })
})

function emptyTables(): Record<string, Record<string, unknown>[]> {
  const names = [
    'user',
    'session',
    'account',
    'verification',
    'rateLimit',
    'jwks',
    'passkey',
    'apikey',
    'organization',
    'member',
    'invitation',
    'team',
    'teamMember',
  ]
  return Object.fromEntries(names.map((name) => [name, []]))
}
