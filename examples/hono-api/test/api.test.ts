import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../testing/free-port.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { type RunningExample, startExample } from '../../../testing/start-example.ts'

let origin: string
let example: RunningExample
let owner: Record<string, string>
let organizationId: string
let connectionString: string

beforeAll(async () => {
  const port = await freePort()
  origin = `http://localhost:${port}`
  const env = { PORT: String(port), COUNTERSIGN_BASE_URL: origin, COUNTERSIGN_SECRET: secret() }
  connectionString = await freshDatabase()
  example = startExample('hono-api', { ...env, DATABASE_URL: connectionString })
  await example.printed(/Listening/)
  owner = await signUp('ada')
  const made = await call('POST', '/api/auth/organization/create', owner, {
    name: 'Analytical Engines',
    slug: 'engines',
  })
  organizationId = made.body['id'] as string
})
afterAll(() => example.stop())

const secret = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
) {
  const response = await fetch(origin + path, {
    method,
    headers: { origin, ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  const answer = text === '' ? {} : JSON.parse(text)
  return { status: response.status, headers: response.headers, body: answer }
}

/** Signs somebody up and returns the headers of their browser. */
async function signUp(name: string): Promise<Record<string, string>> {
  const { headers } = await call(
    'POST',
    '/api/auth/sign-up/email',
    {},
    {
      name,
      email: `${name}@example.com`,
      password: 'correct horse battery',
    },
  )
  const cookies = headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  return { cookie: cookies.join('; ') }
}

async function createKey(permissions: Record<string, string[]>) {
  const made = await call('POST', '/api/auth/api-key/create', owner, {
    name: 'reports',
    organizationId,
    permissions,
  })
  return {
    id: made.body['id'] as string,
    headers: { 'x-countersign-api-key': made.body['key'] as string },
  }
}

describe('the documented example hono-api is compiled and run', () => {
  it('S14 tells routes who calls, as c.var.auth behind middleware', async () => {
    expect(await call('GET', '/api/me')).toMatchObject({
      status: 401,
      body: { error: 'authentication_required' },
    })
    expect(await call('GET', '/api/me', owner)).toMatchObject({
      status: 200,
      body: { authMethod: 'session', user: { name: 'ada', email: 'ada@example.com' } },
    })
  })

  it('S14 tells it anywhere else, through auth.authenticate()', async () => {
    const { headers } = await createKey({ reports: ['write'] })
    const who = async (credential?: Record<string, string>) =>
      (await call('GET', '/api/whoami', credential)).body
    expect(await who()).toEqual({ kind: 'anonymous', method: 'none' })
    expect(await who(owner)).toEqual({ kind: 'user', method: 'session' })
    expect(await who(headers)).toEqual({ kind: 'service', method: 'api-key' })
    const bad = { authorization: 'ApiKey csk_nobody', ...owner }
    expect((await call('GET', '/api/whoami', bad)).status).toBe(401)
  })

  it('lets programs write with a key that names it, until the key is deleted', async () => {
    const { id, headers } = await createKey({ reports: ['write'] })
    const report = { text: 'disks are fine' }
    expect((await call('POST', '/api/reports', headers, report)).status).toBe(201)
    expect(await call('GET', '/api/reports', owner)).toMatchObject({
      body: { reports: [{ text: 'disks are fine' }] },
    })
    // A key is no session, and a session is no key.
    expect((await call('GET', '/api/reports', headers)).status).toBe(401)
    expect((await call('POST', '/api/reports', owner, report)).status).toBe(401)
    expect((await call('POST', '/api/reports', headers, { text: 1 })).status).toBe(400)

    const weak = await createKey({})
    expect(await call('POST', '/api/reports', weak.headers, report)).toMatchObject({
      status: 403,
      body: { missing: { permission: [{ resource: 'reports', action: 'write' }] } },
    })
    await call('POST', '/api/auth/api-key/delete', owner, { keyId: id })
    expect((await call('POST', '/api/reports', headers, report)).status).toBe(401)
  })

  it('lets members read and owners alone remove; strangers see nothing', async () => {
    const { headers } = await createKey({ reports: ['write'] })
    await call('POST', '/api/reports', headers, { text: 'backups are fine' })
    const grace = await signUp('grace')
    expect((await call('GET', '/api/reports', grace)).status).toBe(403)

    await join(grace, 'grace@example.com')
    expect((await call('GET', '/api/reports', grace)).body.reports).not.toEqual([])
    expect(await call('DELETE', '/api/reports', grace)).toMatchObject({
      status: 403,
      body: { missing: { role: ['owner'] } },
    })
    expect((await call('DELETE', '/api/reports', owner)).status).toBe(204)
    expect((await call('GET', '/api/reports', owner)).body).toEqual({ reports: [] })
  })
})

/** Makes somebody a member. Only a verified address accepts, and this example sends no mail. */
async function join(guest: Record<string, string>, email: string): Promise<void> {
  const database = new Client(connectionString)
  await database.connect()
  await database.query('UPDATE "user" SET email_verified = true WHERE email = $1', [email])
  await database.end()
  const invited = await call('POST', '/api/auth/organization/invite-member', owner, {
    email,
    role: 'member',
    organizationId,
  })
  const invitationId = invited.body.id
  await call('POST', '/api/auth/organization/accept-invitation', guest, { invitationId })
}
