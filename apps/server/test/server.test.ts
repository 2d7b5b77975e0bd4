import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../testing/free-port.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { startPostgres } from '../../../testing/postgres.ts'
import { startServerProcess } from '../../../testing/server-process.ts'
import type { ServerProcess } from '../../../testing/server-process.ts'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const directories: string[] = []
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })))

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'countersign-app-'))
  directories.push(path)
  return path
}

/** Starts the server with values that must stop it, and returns how it ended. */
async function failedStart(env: Record<string, string>) {
  const { PATH } = process.env
  const child = spawn(process.execPath, [bin], {
    env: { PATH, COUNTERSIGN_DATA_DIR: join(temporaryDirectory(), 'data'), ...env },
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output, errors }
}

/** A request as it is written: `fetch` would tidy the path and refuse the headers. */
function raw(url: string, path: string, headers: Record<string, string> = {}) {
  const { port } = new URL(url)
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (part: string) => (body += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('a server in development', () => {
  const dataDirectory = join(temporaryDirectory(), 'data')
  let server: ServerProcess
  let account: { email: string; password: string }
  beforeAll(async () => {
    server = await startServerProcess({
      dataDirectory,
      env: { COUNTERSIGN_FIRST_EMAIL: 'ada@example.com' },
    })
    account = {
      email: /e-mail +(\S+)/.exec(server.output())?.[1] ?? '',
      password: /password +(\S+)/.exec(server.output())?.[1] ?? '',
    }
  })
  afterAll(() => server.stop())

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url, ...headers },
      body: JSON.stringify(body),
    })

  it('prints the first account once, and it signs in', async () => {
    expect(account.email).toBe('ada@example.com')
    expect(account.password).toMatch(/^[\w-]{20}$/)
    expect(server.output()).toContain(server.url)
    expect(server.output().match(/npx countersign/g)).toHaveLength(3)
    const response = await post('/sign-in/email', account)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('is healthy, with the database checked', async () => {
    const response = await fetch(`${server.url}/health`)
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'ok', database: 'ok', version: '0.1.0' },
    ])
  })

  it('offers the operations of the demo bank to agents', async () => {
    const discovery = await fetch(`${server.url}/.well-known/agent-configuration`)
    expect(await discovery.json()).toMatchObject({
      issuer: server.url,
      provider_name: 'Meadow Bank',
    })
    const list = await fetch(`${server.url}/api/auth/capability/list`)
    const { capabilities } = (await list.json()) as { capabilities: { name: string }[] }
    expect(capabilities.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['list_accounts', 'transfer_money', 'cancel_transfer']),
    )
  })

  it('sends security headers with everything', async () => {
    for (const path of [
      '/health',
      '/sign-in',
      '/api/auth/get-session',
      '/.well-known/agent-configuration',
      '/nothing.js',
    ]) {
      const { headers } = await fetch(`${server.url}${path}`, { headers: { accept: 'text/html' } })
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /default-src 'self'.*frame-ancestors 'none'/,
        ),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'x-request-id': expect.stringMatching(/^[\da-f-]{36}$/),
      })
      expect(headers.get('strict-transport-security')).toBeNull()
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('serves the console for navigations, and hashed files for ever', async () => {
    for (const path of ['/', '/sign-in', '/auth/device?code=ABCD-EFGH', '/account/agents/agt_1']) {
      const page = await fetch(`${server.url}${path}`, { headers: { accept: 'text/html' } })
      expect([path, page.status]).toEqual([path, 200])
      expect(page.headers.get('cache-control')).toBe('no-cache')
      expect(await page.text()).toContain('<div id="root">')
    }
    const index = await (await fetch(server.url, { headers: { accept: 'text/html' } })).text()
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(index)?.[1] ?? ''
    const asset = await fetch(server.url + script)
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await fetch(`${server.url}/assets/gone.js`)).status).toBe(404)
  })

  it.each([
    '/api/nothing',
    '/api/auth/nothing',
    '/API/auth/get-session',
    '//api/auth/get-session',
    '/api//auth/get-session',
    '/api%2fauth/get-session',
    '/..%2f..%2fetc%2fpasswd',
    '/.well-known/other',
    '/api/auth/get-session/',
    '/assets/..%2f..%2fpackage.json',
    '/api/./auth/../nothing',
    '/Health/x',
  ])('GHSA-x732-6j76-qmhm (16) %s is no page and no file', async (path) => {
    const { status, body } = await raw(server.url, path, { accept: 'text/html' })
    expect(body).not.toContain('root:')
    expect([400, 401, 404]).toContain(status)
  })

  it('refuses bodies over 1 MB, announced or not', async () => {
    const large = 'x'.repeat(1_100_000)
    const announced = await post('/sign-in/email', { email: large, password: 'x' })
    expect([announced.status, await announced.json()]).toEqual([
      413,
      { error: 'payload_too_large', message: expect.any(String) },
    ])
    const stream = new ReadableStream({
      start(controller) {
        for (let part = 0; part < 11; part++)
          controller.enqueue(new TextEncoder().encode('x'.repeat(100_000)))
        controller.close()
      },
    })
    const chunked = await fetch(`${server.url}/api/auth/sign-in/email`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json', origin: server.url },
    } as RequestInit)
    expect(chunked.status).toBe(413)
  })

  it('better-auth#10203 (19) counts the socket, whatever the headers say', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 22; attempt++) {
      const forged = `198.51.100.${attempt}`
      const response = await post(
        '/sign-in/email',
        { email: 'x@example.com', password: 'wrong one' },
        {
          'x-forwarded-for': forged,
          'x-real-ip': forged,
          'x-countersign-client-address': forged,
        },
      )
      statuses.push(response.status)
    }
    expect(statuses.at(-1)).toBe(429)
  })

  it('PG11 limits who guesses the secrets of clients, as it starts, whatever the headers say', async () => {
    const guess = async (attempt: number) => {
      const forged = `198.51.100.${attempt}`
      return fetch(`${server.url}/api/auth/oauth2/token`, {
        method: 'POST',
        headers: { 'x-forwarded-for': forged, 'x-countersign-client-address': forged },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: 'countersign-cli',
          client_secret: `guess ${attempt}`,
        }),
      })
    }
    const first = await guess(0)
    expect(first.status).toBe(401)
    let last = first
    for (let attempt = 1; attempt < 130 && last.status !== 429; attempt++) {
      last = await guess(attempt)
    }
    expect([last.status, await last.json()]).toMatchObject([
      429,
      { error: 'temporarily_unavailable' },
    ])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('CVE-2025-66414 (38) answers no other name than its own', async () => {
    expect((await raw(server.url, '/health', { host: 'evil.example' })).status).toBe(421)
    expect(
      (await raw(server.url, '/health', { host: `localhost:${new URL(server.url).port}` })).status,
    ).toBe(200)
  })

  it('refuses a second server on the same data, and the first goes on', async () => {
    const second = await failedStart({
      PORT: String(await freePort()),
      COUNTERSIGN_DATA_DIR: dataDirectory,
    })
    expect(second).toMatchObject({ code: 1, output: '' })
    expect(second.errors).toMatch(
      /^countersign: The data directory .* is in use by process \d+; stop it or choose another directory\.\n$/,
    )
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  it('stops cleanly, starts again without printing the account, and keeps it', async () => {
    expect(await server.stop()).toBe(0)
    const started = Date.now()
    server = await startServerProcess({ dataDirectory })
    expect(Date.now() - started).toBeLessThan(15_000)
    expect(server.output()).toContain('address')
    expect(server.output()).not.toMatch(/password|npx/)
    expect(server.output()).not.toContain(account.password)
    expect((await post('/sign-in/email', account)).status).toBe(200)
  })

  it('starts again after it was killed', async () => {
    const pid = Number(readFileSync(join(dataDirectory, 'process.lock'), 'utf8').split(' ')[0])
    process.kill(pid, 'SIGKILL')
    await server.stop()
    server = await startServerProcess({ dataDirectory })
    expect((await post('/sign-in/email', account)).status).toBe(200)
  })
})

describe('a server on PostgreSQL', () => {
  it('runs without the demo, and says 503 while the database is away', async () => {
    const connectionString = await freshDatabase()
    const server = await startServerProcess({
      env: { DATABASE_URL: connectionString, COUNTERSIGN_DEMO: 'off' },
    })
    try {
      expect(server.output()).toContain(`PostgreSQL at ${new URL(connectionString).host}`)
      expect(server.output()).not.toContain(new URL(connectionString).password || 'postgres://')
      const list = await fetch(`${server.url}/api/auth/capability/list`)
      expect(await list.json()).toMatchObject({ capabilities: [] })
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  it('is not healthy, and signs nobody out, while the database is away', async () => {
    const postgres = await startPostgres()
    const server = await startServerProcess({
      env: { DATABASE_URL: postgres.connectionString, COUNTERSIGN_DEMO: 'off' },
    })
    try {
      const password = /password +(\S+)/.exec(server.output())?.[1]
      const signIn = await fetch(`${server.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify({ email: 'owner@countersign.local', password }),
      })
      const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
      await postgres.stop()

      const health = await fetch(`${server.url}/health`)
      expect([health.status, await health.json()]).toEqual([
        503,
        { status: 'unavailable', database: 'unavailable', version: '0.1.0' },
      ])
      for (const path of ['get-session', 'list-sessions', 'agent/list']) {
        const response = await fetch(`${server.url}/api/auth/${path}`, { headers: { cookie } })
        expect([path, response.status]).toEqual([path, 503])
        expect(response.headers.get('set-cookie')).toBeNull()
      }
    } finally {
      expect(await server.stop()).toBe(0)
      await postgres.stop()
    }
  })

  it('in production wants a migrated database, a secret and https, and promises https', async () => {
    const connectionString = await freshDatabase()
    const production = {
      NODE_ENV: 'production',
      DATABASE_URL: connectionString,
      COUNTERSIGN_BASE_URL: 'https://id.example.com',
      COUNTERSIGN_SECRET: 'Vn3x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0Fg!',
    }
    const refused = await failedStart({ ...production, PORT: String(await freePort()) })
    expect(refused).toEqual({
      code: 1,
      output: '',
      errors:
        'countersign: The database lacks 0001_initial, 0002_provider: run `npx @countersign/cli migrate`, or start once with COUNTERSIGN_MIGRATE=true.\n',
    })

    const migrating = { ...production, COUNTERSIGN_MIGRATE: 'true' }
    await (await startServerProcess({ env: migrating })).stop()
    const server = await startServerProcess({ env: production })
    try {
      const health = await fetch(`${server.url}/health`)
      expect(health.status).toBe(200)
      expect(health.headers.get('strict-transport-security')).toBe('max-age=31536000')
    } finally {
      await server.stop()
    }
  })
})

describe('values that do not work end the start with one sentence', () => {
  it.each([
    ['PORT=http', { PORT: 'http' }, 'PORT must be a number from 1 to 65535.'],
    [
      'a base URL with a path',
      { COUNTERSIGN_BASE_URL: 'https://id.example.com/x' },
      'COUNTERSIGN_BASE_URL must be an origin such as https://id.example.com, without path, query or user.',
    ],
    [
      'a short secret',
      { COUNTERSIGN_SECRET: 'hunter2' },
      'COUNTERSIGN_SECRET must have at least 32 characters: make one with `openssl rand -hex 32`.',
    ],
    [
      'production without a secret',
      { NODE_ENV: 'production' },
      'COUNTERSIGN_SECRET is required in production: make one with `openssl rand -hex 32`.',
    ],
    [
      'another database',
      { DATABASE_URL: 'mysql://u:hunter2@db/x' },
      'DATABASE_URL must look like postgres://user:password@host:5432/name.',
    ],
    [
      'a database that is away',
      { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x' },
      'The database at 127.0.0.1:1 does not answer: connection refused.',
    ],
  ])('%s', async (_title, env, sentence) => {
    expect(await failedStart({ PORT: String(await freePort()), ...env })).toEqual({
      code: 1,
      output: '',
      errors: `countersign: ${sentence}\n`,
    })
  })

  it('a port in use', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const dataDirectory = join(temporaryDirectory(), 'data')
    const env = { PORT: String(port), COUNTERSIGN_DATA_DIR: dataDirectory }
    const { code, errors } = await failedStart(env)
    other.close()
    expect([code, errors]).toEqual([
      1,
      `countersign: Port ${port} is in use: stop the other program or set PORT.\n`,
    ])
    // The start that failed made no account: its password would never have been seen.
    const server = await startServerProcess({ dataDirectory })
    expect(server.output()).toMatch(/password {2}\S{20}/)
    await server.stop()
  })

  it('a wrong database password, without repeating it', async () => {
    const url = new URL(await freshDatabase())
    url.password = 'hunter2'
    const { code, errors } = await failedStart({
      PORT: String(await freePort()),
      DATABASE_URL: url.href,
    })
    expect(code).toBe(1)
    expect(errors).not.toContain('hunter2')
    expect(errors).toBe(
      `countersign: The database at ${url.host} does not answer: the user or the password is wrong.\n`,
    )
  })
})
