import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServerProcess } from '../../../testing/server-process.ts'
import type { ServerProcess } from '../../../testing/server-process.ts'
import type { Check } from '../src/doctor/check.ts'

type Json = Record<string, unknown>

const bin = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))
let server: ServerProcess
let home: string
let cookie: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'countersign-'))
  const env = { COUNTERSIGN_FIRST_EMAIL: 'ada@example.com', COUNTERSIGN_DEMO: 'false' }
  server = await startServerProcess({ env })
  const password = /password +(\S+)/.exec(server.output())?.[1] ?? ''
  const signedIn = await fromBrowser('POST', '/sign-in/email', {
    email: 'ada@example.com',
    password,
  })
  cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}, 60_000)
afterAll(async () => {
  await server.stop()
  await rm(home, { recursive: true, force: true })
})

/** What the person's browser sends. */
function fromBrowser(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${server.url}/api/auth${path}`, {
    method,
    headers: { 'content-type': 'application/json', origin: server.url, cookie: cookie ?? '' },
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** The built program as a process of its own, without a terminal. */
async function countersign(argv: readonly string[], onLine?: (line: Json) => Promise<void>) {
  const { PATH = '' } = process.env
  const env = { PATH, HOME: home, COUNTERSIGN_HOME: home }
  const child = spawn(process.execPath, [bin, ...argv, '--json'], { env })
  const lines: Json[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Json)
    void onLine?.(lines.at(-1) ?? {})
  })
  const [errors, code] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    new Promise((resolve) => reader.once('close', resolve)),
  ])
  return { code, errors, lines, last: lines.at(-1) ?? {} }
}

const oidc = (...argv: string[]) => countersign(['oidc', ...argv])

async function approve({ event, user_code: code }: Json): Promise<void> {
  if (event !== 'approval_required') return
  const shown = await fromBrowser('GET', `/oidc/device?user_code=${String(code)}`)
  const { ticket } = (await shown.json()) as Json
  await fromBrowser('POST', '/oidc/device', { user_code: code, ticket, decision: 'allow' })
}

describe('P13 doctor on our own server', { timeout: 60_000 }, () => {
  it('P13 finds nothing wrong, and exits with 0', async () => {
    const resource = ['--resource', `${server.url}/mcp`]
    const { code, last } = await countersign(['doctor', server.url, ...resource])
    const checks = last['checks'] as Check[]
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(checks.length).toBeGreaterThan(30)
    expect([code, last['ok']]).toEqual([0, true])
  })

  it('P13 names what is wrong when people come by another name', async () => {
    const { code, last } = await countersign([
      'doctor',
      server.url.replace('localhost', '127.0.0.1'),
    ])
    const checks = last['checks'] as Check[]
    expect([code, last['ok']]).toEqual([1, false])
    expect(checks.find(({ id }) => id === 'base-url')).toMatchObject({ status: 'failed' })
  })
})

describe('PA11 O61 S66 the administration with our own server', { timeout: 120_000 }, () => {
  it('O23 signs in by device code, creates, lists, rotates, looks, and deletes', async () => {
    expect((await oidc('list')).code).toBe(11)
    const login = await countersign(['login', server.url], approve)
    expect(login).toMatchObject({ code: 0, last: { issuer: server.url, email: 'ada@example.com' } })
    expect((await countersign(['whoami'])).last).toMatchObject({ email: 'ada@example.com' })

    const shop = ['--name', 'Shop', '--redirect-uris', 'https://shop.example/cb']
    const scopes = ['--scopes', 'openid', 'profile', 'offline_access']
    const created = await oidc('create', '--type', 'confidential', ...shop, ...scopes)
    expect(created).toMatchObject({ code: 0, last: { client: { name: 'Shop' } } })
    const { client, client_secret: secret } = created.last as {
      client: Json
      client_secret: string
    }
    const id = String(client['client_id'])
    expect(client['scopes']).toEqual(['openid', 'profile', 'offline_access'])
    expect(secret).toMatch(/^cs_cs_/)

    const [listed, got] = await Promise.all([oidc('list'), oidc('get', id)])
    expect(JSON.stringify(listed.last)).toContain(id)
    expect(got.last).toMatchObject({ client: { client_id: id, client_type: 'confidential' } })
    expect(JSON.stringify([listed.last, got.last])).not.toContain(secret)

    const updated = await oidc('update', id, '--description', 'Sells things')
    expect(updated.last).toMatchObject({ client: { name: 'Shop', description: 'Sells things' } })
    const rotated = await oidc('rotate-secret', id, '--overlap', '60', '--yes')
    expect(rotated.last['client_secret']).toMatch(/^cs_cs_/)
    expect(rotated.last['client_secret']).not.toBe(secret)

    const [activity, users, catalogue, consents] = await Promise.all([
      oidc('activity', '--client', id, '--days', '7'),
      oidc('users', id),
      oidc('scopes'),
      oidc('consents'),
    ])
    expect(activity).toMatchObject({ code: 0, last: { activity: expect.any(Array) } })
    expect(users).toMatchObject({ code: 0, last: { users: [] } })
    // The program itself has somebody: who is connected, and what it did.
    const own = await Promise.all([
      oidc('users', 'countersign-cli'),
      oidc('activity', '--client', 'countersign-cli', '--days', '2'),
    ])
    expect(own[0].last).toMatchObject({
      users: [{ email: 'ada@example.com', scopes: expect.arrayContaining(['oidc:admin']) }],
    })
    const days = own[1].last['activity'] as { total: number; unique_users: number }[]
    expect(days.some(({ total, unique_users: people }) => total > 0 && people === 1)).toBe(true)
    expect(JSON.stringify(catalogue.last)).toContain('offline_access')
    // The program itself is an application the person let in.
    expect(JSON.stringify(consents.last)).toContain('countersign-cli')
    expect((await oidc('revoke', id, '--yes')).last).toMatchObject({ revoked: 0 })
    expect((await oidc('rotate-keys', '--yes')).last).toMatchObject({ kid: expect.any(String) })

    expect((await oidc('create', ...shop, '--type', 'public', '--scopes', 'nonsense')).code).toBe(
      10,
    )
    expect((await oidc('delete', id, '--yes')).code).toBe(0)
    expect((await oidc('get', id)).code).toBe(12)
    // A role that is taken away is gone at once, whatever the token was given before.
    const { sub: userId } = login.last
    const demoted = await fromBrowser('POST', '/admin/set-role', { userId, role: 'user' })
    expect([demoted.status, (await oidc('list')).code]).toEqual([200, 13])
    expect((await countersign(['logout'])).last).toMatchObject({ revoked: true })
    expect((await oidc('list')).code).toBe(11)
  })
})
