import { createHash } from 'node:crypto'
import { apiKey as betterAuthApiKey } from '@better-auth/api-key'
import { apiKeyClient } from '@better-auth/api-key/client'
import { createAuthClient } from 'better-auth/client'
import { admin as adminPlugin } from 'better-auth/plugins/admin'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { apiKeySchema } from '../src/api-keys/schema.ts'
import { can, createAuth } from '../src/index.ts'
import {
  answerTo,
  good,
  type KeyAuth,
  keysOf,
  limited,
  openInMemory,
  openOn,
  permissions,
  refused,
  withKey,
} from './support/api-keys.ts'
import { baseURL, secret } from './support/auth.ts'
import { call } from './support/http.ts'
import { join, organizationBy, person, type Person } from './support/organizations.ts'
import { dump, get } from './support/sessions.ts'

let auth: KeyAuth
let ada: Person
let keys: ReturnType<typeof keysOf>
beforeAll(async () => {
  auth = openOn(await freshDatabase())
  ada = await person(auth, { name: 'ada' })
  keys = keysOf(auth, ada)
})
afterAll(() => auth.$close())

const make = async (body: object = {}) => {
  const made = await keys.post('/create', {
    name: 'k',
    permissions: { reports: ['read'] },
    ...body,
  })
  if (made.status !== 200) throw new Error(`create: ${JSON.stringify(made.body)}`)
  return made.body as { id: string; key: string; expiresAt: string | null }
}
const own = (body: object) =>
  auth.api.createApiKey({ body: { name: 'own', userId: ada.userId, ...body } })
const rows = async (where: string, params: unknown[]) =>
  (await auth.$connection?.sql.query(`SELECT * FROM apikey WHERE ${where}`, params))?.rows ?? []

describe('S2 S18 a key of a person', () => {
  it('S2 is created, used and revoked over HTTP', async () => {
    const { id, key } = await make()
    const principal = await auth.authenticate(withKey(key))
    expect(principal).toMatchObject({
      kind: 'user',
      method: 'api-key',
      userId: ada.userId,
      email: ada.email,
      apiKey: { id, permissions: { reports: ['read'] } },
    })
    expect(can(principal, 'reports', 'read')).toBe(true)
    expect(can(principal, 'reports', 'write')).toBe(false)
    expect(await keys.post('/delete', { keyId: id })).toMatchObject({ status: 200 })
    expect(await answerTo(auth, key)).toBe(refused)
    expect((await keys.post('/delete', { keyId: id })).status).toBe(404)
  })

  it('S20 is stored as its SHA-256, with what shows which one it is; shown once', async () => {
    const { id, key } = await make({ name: 'shown once' })
    expect(key).toMatch(/^csk_[\w-]{43}$/)
    const [row] = await rows('id = $1', [id])
    const hash = createHash('sha256').update(key).digest('base64url')
    expect(row).toMatchObject({ key: hash, prefix: 'csk_', last_four: key.slice(-4), start: null })
    expect(await dump(auth)).not.toContain(key)
    const got = await keys.get(`/get?id=${id}`)
    expect(got.body).toMatchObject({ id, name: 'shown once', lastFour: key.slice(-4) })
    const listed = await keys.get('/list')
    expect(listed.body.apiKeys.map((one: { id: string }) => one.id)).toContain(id)
    for (const { body } of [got, listed]) expect(JSON.stringify(body)).not.toContain(hash)
  })

  it('takes the prefix of the options, and reaches nothing unless it says so', async () => {
    const memory = openInMemory({ apiKeys: { prefix: 'acme_live_', permissions } })
    const eve = await person(memory)
    const { key } = (await keysOf(memory, eve).post('/create')).body
    expect(key).toMatch(/^acme_live_[\w-]{43}$/)
    const principal = await memory.authenticate(withKey(key))
    expect(principal).toMatchObject({ apiKey: { permissions: {} } })
    for (const [resource, action] of [
      ['reports', 'read'],
      ['constructor', 'name'],
      ['__proto__', 'toString'],
    ] as const) {
      expect(can(principal, resource, action)).toBe(false)
    }
  })

  it('S10 S11 S13 is taken from both headers, whatever their case, and never from a query', async () => {
    const { key } = await make()
    for (const headers of [
      { 'x-countersign-api-key': key },
      { 'X-Countersign-API-Key': key },
      { authorization: `ApiKey ${key}` },
      { AUTHORIZATION: `apikey ${key}` },
      { authorization: `APIKEY ${key}`, cookie: ada.cookie },
    ] as Record<string, string>[]) {
      const principal = await auth.authenticate(new Request(baseURL, { headers }))
      expect(principal.method).toBe('api-key')
    }
    for (const name of ['api_key', 'apikey', 'key', 'x-countersign-api-key', 'access_token']) {
      const asked = new Request(`${baseURL}/api?${name}=${key}`)
      expect((await auth.authenticate(asked)).kind).toBe('anonymous')
    }
    expect(await answerTo(auth, 'x')).toBe(refused)
    const bearer = new Request(baseURL, { headers: { authorization: `Bearer ${key}` } })
    await expect(auth.authenticate(bearer)).rejects.toMatchObject({ status: 401 })
  })

  it('opens no account endpoint, also beside the cookie of its owner', async () => {
    const { key } = await make()
    const paths = [
      '/get-session',
      '/list-sessions',
      '/api-key/list',
      '/organization/list',
      '/token',
    ]
    for (const path of paths) {
      for (const credential of [
        { authorization: `ApiKey ${key}` },
        { 'x-countersign-api-key': key },
      ]) {
        for (const headers of [credential, { ...credential, cookie: ada.cookie }]) {
          const response = await get(auth, path, headers as unknown as Record<string, string>)
          expect([path, response.status]).toEqual([path, 401])
          expect(await response.json()).toMatchObject({ error: 'authentication_required' })
        }
      }
    }
    const headers = { 'x-countersign-api-key': key }
    const options = { headers, cookie: ada.cookie, body: { permissions } }
    expect((await call(auth.handler, 'POST', '/api-key/create', options)).status).toBe(401)
  })

  it("works with Better Auth's client, and not from a page of somebody else", async () => {
    const fetchOptions = {
      headers: { cookie: ada.cookie, origin: baseURL },
      customFetchImpl: (url: string | URL | Request, init?: RequestInit) =>
        auth.handler(new Request(url, init)),
    }
    const client = createAuthClient({ baseURL, plugins: [apiKeyClient()], fetchOptions })
    const { data } = await client.apiKey.create({ name: 'from a page' })
    expect(await answerTo(auth, data?.key ?? '')).toBe(good)
    const keyId = data?.id ?? ''
    const { data: listed } = await client.apiKey.list()
    expect(listed?.apiKeys.map(({ id }) => id)).toContain(keyId)
    expect((await client.apiKey.update({ keyId, name: 'renamed' })).data?.name).toBe('renamed')
    expect((await client.apiKey.delete({ keyId })).data).toEqual({ success: true })
    expect((await client.apiKey.get({ query: { id: keyId } })).error).toMatchObject({
      status: 404,
      code: 'KEY_NOT_FOUND',
    })
    const headers = { origin: 'https://evil.example' }
    const forged = { cookie: ada.cookie, headers, body: { name: 'forged' } }
    expect((await call(auth.handler, 'POST', '/api-key/create', forged)).status).toBe(403)
    expect(await rows('name = $1', ['forged'])).toEqual([])
  })

  it('says when it was last used, a moment later', async () => {
    const { id, key } = await make()
    const before = Date.now()
    await auth.authenticate(withKey(key))
    await vi.waitFor(
      async () => {
        const { lastRequest } = (await keys.get(`/get?id=${id}`)).body
        expect(Date.parse(lastRequest)).toBeGreaterThanOrEqual(before)
      },
      { timeout: 10_000 },
    )
  })

  it('the table is the one of Better Auth, so that its keys keep working', async () => {
    const theirs = betterAuthApiKey().schema.apikey.fields
    const ours: Record<string, { type: string; required: boolean }> = apiKeySchema.apikey.fields
    for (const [name, { type, required }] of Object.entries(theirs)) {
      expect({ name, type: ours[name]?.type, required: ours[name]?.required }).toEqual({
        name,
        type,
        required,
      })
    }
    const key = 'a-key-that-better-auth-made'
    await auth.$connection?.sql.query(
      `INSERT INTO apikey (id, reference_id, "key", permissions) VALUES ('theirs', $1, $2, $3)`,
      [
        ada.userId,
        createHash('sha256').update(key).digest('base64url'),
        JSON.stringify({ reports: ['read'] }),
      ],
    )
    expect(can(await auth.authenticate(withKey(key)), 'reports', 'read')).toBe(true)
  })
})

describe('a key that does not hold is a 401 that says so', () => {
  it.each(['PostgreSQL', 'an adapter of the caller'])('on %s', async (where) => {
    const server = where === 'PostgreSQL' ? auth : openInMemory()
    const owner = await person(server)
    const mine = keysOf(server, owner)
    const { id, key } = (await mine.post('/create')).body as { id: string; key: string }
    const failure = (value: string) =>
      server.authenticate(withKey(value)).then(
        () => null,
        ({ status, code, message }: Record<string, unknown>) => ({ status, code, message }),
      )
    const unauthorized = { status: 401, code: 'authentication_required' }
    const unknown = { ...unauthorized, message: 'The API key is not valid.' }
    expect(await failure(key)).toBeNull()
    for (const other of [
      `csk_${'A'.repeat(43)}`,
      key.replace('csk_', 'csx_'),
      key.replace('csk_', ''),
      `csk_${key}`,
      key.toLowerCase(),
      createHash('sha256').update(key).digest('base64url'),
    ]) {
      expect(await failure(other)).toEqual(unknown)
    }
    await mine.post('/update', { keyId: id, enabled: false })
    expect(await failure(key)).toEqual({ ...unauthorized, message: 'The API key is disabled.' })
    await mine.post('/update', { keyId: id, enabled: true, expiresIn: 1 })
    const { adapter } = await server.$context
    const expire = { expiresAt: new Date(Date.now() - 1) }
    await adapter.update({ model: 'apikey', where: [{ field: 'id', value: id }], update: expire })
    expect(await failure(key)).toEqual({ ...unauthorized, message: 'The API key has expired.' })
    expect(await server.api.deleteAllExpiredApiKeys()).toMatchObject({ success: true })
    expect(await failure(key)).toEqual(unknown)
    for (const malformed of ['a b', '', 'ä', 'x'.repeat(513)]) {
      const request = new Request(baseURL)
      const headers = {
        get: (name: string) => (name === 'x-countersign-api-key' ? malformed : null),
        has: (name: string) => name === 'x-countersign-api-key',
      }
      const asked = {
        method: request.method,
        url: request.url,
        headers: headers as unknown as Headers,
      }
      await expect(server.authenticate(asked)).rejects.toMatchObject(unauthorized)
    }
    if (server !== auth) await server.$close()
  })

  it('vulnerability 44 CVE-2026-27840 truncated or with one character changed', async () => {
    const { key } = await make()
    const changed = Array.from(key).flatMap((character, at) => [
      key.slice(0, at),
      key.slice(0, at) + (character === 'A' ? 'B' : 'A') + key.slice(at + 1),
      key.slice(0, at) + key.slice(at + 1),
    ])
    const answers = await Promise.all(
      [...changed.filter(Boolean), `${key}=`, `${key}A`].map((value) => answerTo(auth, value)),
    )
    expect(new Set(answers)).toEqual(new Set([refused]))
    expect(await answerTo(auth, key)).toBe(good)
  })
})

describe('CVE-2025-61928 vulnerability 1', () => {
  it('nobody makes or changes a key for somebody else, and no row appears', async () => {
    const [victim, attacker] = await Promise.all([person(auth), person(auth)])
    const { id, key } = (await keysOf(auth, victim).post('/create')).body
    const before = (await rows('reference_id = $1', [victim.userId])).length
    const body = { name: 'stolen', userId: victim.userId, permissions: { reports: ['read'] } }
    const change = { keyId: id, userId: victim.userId, enabled: false, name: 'stolen' }
    const nobody = (path: string, sent: unknown) =>
      call(auth.handler, 'POST', `/api-key${path}`, { body: sent })
    const theirs = keysOf(auth, attacker)
    expect((await nobody('/create', body)).status).toBe(401)
    expect((await nobody('/update', change)).status).toBe(401)
    expect((await nobody('/rotate', { keyId: id })).status).toBe(401)
    expect((await nobody('/delete', { keyId: id })).status).toBe(401)
    expect((await theirs.post('/create', body)).status).toBe(403)
    expect((await theirs.post('/update', change)).status).toBe(403)
    const unnamed = { keyId: id, enabled: false }
    for (const [path, sent] of [
      ['/update', unnamed],
      ['/rotate', { keyId: id }],
      ['/delete', { keyId: id }],
    ] as const) {
      expect((await theirs.post(path, sent)).status).toBe(404)
    }
    expect((await theirs.get(`/get?id=${id}`)).status).toBe(404)
    expect((await theirs.get('/list')).body).toMatchObject({ apiKeys: [], total: 0 })
    expect((await theirs.get(`/list?userId=${victim.userId}`)).status).toBe(403)
    expect(await rows('reference_id = $1', [victim.userId])).toHaveLength(before)
    expect(await rows('reference_id = $1', [attacker.userId])).toEqual([])
    expect(await answerTo(auth, key)).toBe(good)
  })

  it('what only code on the server may set is refused, and makes no row', async () => {
    const eve = await person(auth)
    const theirs = keysOf(auth, eve)
    const limits = [
      { remaining: 1_000_000 },
      { rateLimitEnabled: false },
      { rateLimitMax: 1_000_000 },
      { rateLimitTimeWindow: 1000 },
      { refillAmount: 5, refillInterval: 1 },
    ]
    for (const body of limits) expect((await theirs.post('/create', body)).status).toBe(400)
    expect(await rows('reference_id = $1', [eve.userId])).toEqual([])
    // Not fields of the input at all: they change nothing.
    const foreign = { key: 'chosen', enabled: false, referenceId: ada.userId, configId: 'service' }
    const made = await theirs.post('/create', { ...foreign, start: 'x', prefix: 'x', id: 'x' })
    expect(made.body).toMatchObject({ referenceId: eve.userId, configId: 'default', enabled: true })
    for (const body of limits) {
      expect((await theirs.post('/update', { keyId: made.body.id, ...body })).status).toBe(400)
    }
    expect(await answerTo(auth, 'chosen')).toBe(refused)
  })

  it('people give the permissions that the options allow, and no others', async () => {
    const eve = await person(auth)
    const theirs = keysOf(auth, eve)
    const { id } = (await theirs.post('/create', { permissions: { reports: ['read'] } })).body
    for (const asked of [
      { reports: ['read', 'delete'] },
      { everything: ['write'] },
      { constructor: ['name'] },
    ]) {
      expect((await theirs.post('/create', { permissions: asked })).status).toBe(403)
      const changed = await theirs.post('/update', { keyId: id, permissions: asked })
      expect(changed).toMatchObject({ status: 403, body: { code: 'PERMISSIONS_NOT_ALLOWED' } })
    }
    for (const asked of [{ reports: 'read' }, ['reports'], { reports: [1] }, 'reports']) {
      expect((await theirs.post('/create', { permissions: asked })).status).toBe(400)
    }
    expect(await rows('reference_id = $1', [eve.userId])).toHaveLength(1)
  })

  it('code on the server names an owner that exists', async () => {
    await expect(auth.api.createApiKey({ body: { name: 'k' } })).rejects.toThrow('one owner')
    await expect(auth.api.createApiKey({ body: { userId: 'nobody' } })).rejects.toThrow('no such')
  })
})

describe('GHSA-2vg6-77g8-24mp vulnerability 11 keys end with their owner', () => {
  it('of a deleted person, an organization and a service, at once', async () => {
    const eve = await person(auth)
    const organizationId = await organizationBy(eve)
    const service = await auth.api.createService({ body: { name: 'ci', organizationId } })
    const loose = await auth.api.createService({ body: { name: 'cron' } })
    const made = await Promise.all(
      [
        { userId: eve.userId },
        { organizationId },
        { serviceId: service.id },
        { serviceId: loose.id },
      ].map(async (owner) => (await auth.api.createApiKey({ body: owner })).key),
    )
    const answers = () => Promise.all(made.map((key) => answerTo(auth, key)))
    expect(await answers()).toEqual([good, good, good, good])
    expect((await eve.post('/delete', { organizationId })).status).toBe(200)
    expect(await answers()).toEqual([good, refused, refused, good])
    await auth.api.deleteService({ body: { serviceId: loose.id } })
    expect(await answers()).toEqual([good, refused, refused, refused])
    await (await auth.$context).internalAdapter.deleteUser(eve.userId)
    expect(await answers()).toEqual([refused, refused, refused, refused])
    const left = [eve.userId, organizationId, service.id, loose.id]
    expect(await rows('reference_id = ANY($1)', [left])).toEqual([])
  })

  it('the same on an adapter of the caller, where nothing cascades', async () => {
    const memory = openInMemory()
    const { adapter, internalAdapter } = await memory.$context
    const eve = await person(memory)
    const organizationId = await organizationBy(eve)
    const service = await memory.api.createService({ body: { name: 'ci', organizationId } })
    const made = await Promise.all(
      [{ userId: eve.userId }, { organizationId }, { serviceId: service.id }].map(
        async (owner) => (await memory.api.createApiKey({ body: owner })).key,
      ),
    )
    const answers = () => Promise.all(made.map((key) => answerTo(memory, key)))
    expect(await answers()).toEqual([good, good, good])
    await adapter.delete({ model: 'organization', where: [{ field: 'id', value: organizationId }] })
    expect(await answers()).toEqual([good, refused, refused])
    await internalAdapter.deleteUser(eve.userId)
    expect(await answers()).toEqual([refused, refused, refused])
    const where = [{ field: 'referenceId', value: eve.userId }]
    expect(await adapter.findMany({ model: 'apikey', where })).toEqual([])
  })

  it('a banned person has no keys until the ban is over', async () => {
    const eve = await person(auth)
    const { key } = await auth.api.createApiKey({ body: { userId: eve.userId } })
    expect(await answerTo(auth, key)).toBe(good)
    const { sql } = auth.$connection ?? {}
    const ban = (banned: boolean, until: Date | null) =>
      sql?.query('UPDATE "user" SET banned = $2, ban_expires = $3 WHERE id = $1', [
        eve.userId,
        banned,
        until?.toISOString() ?? null,
      ])
    for (const [banned, until, answer] of [
      [true, null, refused],
      [true, new Date(Date.now() - 1000), good],
      [true, new Date(Date.now() + 3_600_000), refused],
      [false, null, good],
    ] as const) {
      await ban(banned, until)
      await vi.waitFor(async () => expect(await answerTo(auth, key)).toBe(answer))
    }
  })

  it('a ban by the admin plugin counts at once', async () => {
    const memory = openInMemory({ plugins: [adminPlugin()] as never[] })
    const eve = await person(memory)
    const { key } = await memory.api.createApiKey({ body: { userId: eve.userId } })
    expect(await answerTo(memory, key)).toBe(good)
    await (await memory.$context).internalAdapter.updateUser(eve.userId, { banned: true })
    expect(await answerTo(memory, key)).toBe(refused)
  })
})

describe('a key of an organization or of a service', () => {
  let organizationId: string
  let admin: Person
  let member: Person
  let stranger: Person
  beforeAll(async () => {
    organizationId = await organizationBy(ada)
    ;[admin, member, stranger] = await Promise.all([person(auth), person(auth), person(auth)])
    await join(ada, admin, { organizationId, role: 'admin' })
    await join(ada, member, { organizationId, role: 'member' })
  })

  it('is a program that acts for the organization, with what the key permits', async () => {
    const { body } = await keys.post('/create', {
      organizationId,
      permissions: { reports: ['read'] },
    })
    const principal = await auth.authenticate(withKey(body.key))
    const apiKey = { id: body.id, permissions: { reports: ['read'] } }
    expect(principal).toEqual({
      kind: 'service',
      method: 'api-key',
      serviceId: null,
      organizationId,
      permissions: { reports: ['read'] },
      apiKey,
    })
    expect(can(principal, 'reports', 'read')).toBe(true)
    expect(can(principal, 'reports', 'write')).toBe(false)
    expect(await auth.organizationOf(principal)).toMatchObject({ organizationId, memberId: null })
  })

  it('of a service says which one, and lists and ends with it', async () => {
    const mine = keysOf(auth, admin)
    const service = (await mine.post('/create-service', { name: 'importer', organizationId })).body
    const { id, key } = (await mine.post('/create', { serviceId: service.id })).body
    expect(await auth.authenticate(withKey(key))).toMatchObject({
      kind: 'service',
      serviceId: service.id,
      organizationId,
      permissions: {},
    })
    const { services } = (await mine.get(`/list-services?organizationId=${organizationId}`)).body
    expect(services).toContainEqual(expect.objectContaining({ id: service.id, name: 'importer' }))
    const listed = (await mine.get(`/list?serviceId=${service.id}`)).body
    expect(listed).toMatchObject({ total: 1, apiKeys: [{ id, configId: 'service' }] })
    expect((await mine.post('/delete-service', { serviceId: service.id })).status).toBe(200)
    expect(await answerTo(auth, key)).toBe(refused)
  })

  it('one of the deployment is made by code on the server alone, and is not there for people', async () => {
    const service = await auth.api.createService({ body: { name: 'cron' } })
    const { id, key } = await auth.api.createApiKey({
      body: { serviceId: service.id, permissions: { anything: ['read'] } },
    })
    const principal = await auth.authenticate(withKey(key))
    expect(principal).toMatchObject({ serviceId: service.id, organizationId: null })
    expect(can(principal, 'anything', 'read')).toBe(true)
    expect((await auth.api.listServices()).services.map((one) => one.id)).toContain(service.id)
    expect((await keys.post('/create', { serviceId: service.id })).status).toBe(404)
    expect((await keys.get(`/get?id=${id}`)).status).toBe(404)
    expect((await keys.post('/create-service', { name: 'mine' })).status).toBe(400)
    expect((await keys.get('/list-services')).status).toBe(400)
    expect((await keys.post('/delete-service', { serviceId: service.id })).status).toBe(404)
  })

  it('is managed by those whose role allows it, and is not there for strangers', async () => {
    const { id, key } = (await keys.post('/create', { organizationId })).body
    const attempts = (one: Person) => {
      const { post, get: read } = keysOf(auth, one)
      return Promise.all([
        post('/create', { organizationId }),
        read(`/get?id=${id}`),
        read(`/list?organizationId=${organizationId}`),
        post('/update', { keyId: id, name: 'renamed' }),
        post('/create-service', { name: 's', organizationId }),
        read(`/list-services?organizationId=${organizationId}`),
      ]).then((answers) => answers.map(({ status }) => status))
    }
    expect(await attempts(admin)).toEqual([200, 200, 200, 200, 200, 200])
    expect(await attempts(member)).toEqual([403, 403, 403, 403, 403, 403])
    expect(await attempts(stranger)).toEqual([404, 404, 404, 404, 404, 404])
    for (const [one, status] of [
      [member, 403],
      [stranger, 404],
    ] as const) {
      expect((await keysOf(auth, one).post('/rotate', { keyId: id })).status).toBe(status)
      expect((await keysOf(auth, one).post('/delete', { keyId: id })).status).toBe(status)
    }
    expect(await answerTo(auth, key)).toBe(good)
    expect((await keysOf(auth, admin).post('/delete', { keyId: id })).status).toBe(200)
    expect(await answerTo(auth, key)).toBe(refused)
  })

  it('never gives more than the role of whoever makes or rotates it', async () => {
    const asked = { organizationId, permissions: { organization: ['delete'] } }
    const theirs = keysOf(auth, admin)
    expect((await theirs.post('/create', asked)).status).toBe(403)
    const { id } = (await keys.post('/create', asked)).body
    expect((await theirs.post('/rotate', { keyId: id })).status).toBe(403)
    expect((await keys.post('/rotate', { keyId: id })).status).toBe(200)
    const plain = (await theirs.post('/create', { organizationId })).body.id
    const { permissions: more } = asked
    expect((await theirs.post('/update', { keyId: plain, permissions: more })).status).toBe(403)
  })

  it('names one owner', async () => {
    const both = { organizationId, serviceId: 'x' }
    expect((await keys.post('/create', both)).status).toBe(400)
    const { body } = await keys.post('/create', { serviceId: 'x' })
    expect(body).toMatchObject({ code: 'OWNER_NOT_FOUND' })
  })
})

describe('rotation', () => {
  it('makes a new key at once, and the old one ends after the overlap', async () => {
    const { id, key } = await make({ expiresIn: 90 * 86_400 })
    const before = Date.now()
    const { status, body } = await keys.post('/rotate', { keyId: id })
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: 'k', permissions: { reports: ['read'] }, enabled: true })
    const ends = Date.parse(body.replaced.expiresAt) - before
    expect(ends).toBeGreaterThanOrEqual(86_400_000)
    expect(ends).toBeLessThan(86_400_000 + 600_000)
    const life = Date.parse(body.expiresAt) - before
    expect(life).toBeGreaterThanOrEqual(90 * 86_400_000 - 1000)
    expect(await answerTo(auth, key)).toBe(good)
    expect(await answerTo(auth, body.key)).toBe(good)
    // Neither a second successor nor a longer life.
    expect((await keys.post('/rotate', { keyId: id })).status).toBe(409)
    const longer = await keys.post('/update', { keyId: id, expiresIn: 365 * 86_400 })
    expect(longer).toMatchObject({ status: 409, body: { code: 'KEY_REPLACED' } })
    expect((await keys.post('/update', { keyId: id, enabled: false })).status).toBe(200)
    expect(await answerTo(auth, key)).toBe(refused)
    expect(await answerTo(auth, body.key)).toBe(good)
  })

  it('without an overlap ends the old key at once', async () => {
    const { id, key } = await make()
    const { body } = await keys.post('/rotate', { keyId: id, overlap: 0 })
    expect([await answerTo(auth, key), await answerTo(auth, body.key)]).toEqual([refused, good])
  })

  it.each([-1, 30 * 86_400 + 1, 1.5, '60', null])('refuses an overlap of %j', async (overlap) => {
    const { id, key } = await make()
    expect((await keys.post('/rotate', { keyId: id, overlap })).status).toBe(400)
    expect(await answerTo(auth, key)).toBe(good)
  })

  it('never gives the old key a longer life, nor one that is over, disabled or counted a successor', async () => {
    const { id, expiresAt } = await make({ expiresIn: 3600 })
    const { body } = await keys.post('/rotate', { keyId: id })
    expect(body.replaced.expiresAt).toBe(expiresAt)
    const disabled = await make()
    await keys.post('/update', { keyId: disabled.id, enabled: false })
    const counted = await own({ remaining: 5 })
    for (const { id: keyId } of [disabled, counted]) {
      expect(await keys.post('/rotate', { keyId })).toMatchObject({
        status: 409,
        body: { code: 'KEY_NOT_ROTATABLE' },
      })
    }
  })

  it('works for code on the server', async () => {
    const { id } = await make()
    const { key, replaced } = await auth.api.rotateApiKey({ body: { keyId: id, overlap: 60 } })
    expect(await answerTo(auth, key)).toBe(good)
    expect(replaced.id).toBe(id)
  })
})

describe('limits', () => {
  it('a key over its limit is a 429 with Retry-After, and others are not', async () => {
    const { key } = await own({ rateLimitMax: 2, rateLimitTimeWindow: 3_600_000 })
    const other = await own({})
    expect([await answerTo(auth, key), await answerTo(auth, key)]).toEqual([good, good])
    const failure = await auth.authenticate(withKey(key)).catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: 429, code: 'rate_limited' })
    const { 'retry-after': wait } = (failure as { headers: Record<string, string> }).headers
    expect(Number(wait)).toBeGreaterThan(3000)
    expect(Number(wait)).toBeLessThanOrEqual(3600)
    expect(await answerTo(auth, other.key)).toBe(good)
  })

  it('the limit of the options holds for every key that people make', async () => {
    const memory = openInMemory({ apiKeys: { rateLimit: { max: 3, window: 3600 } } })
    const eve = await person(memory)
    const { key } = (await keysOf(memory, eve).post('/create')).body
    const answers = []
    for (let use = 0; use < 5; use++) answers.push(await answerTo(memory, key))
    expect(answers).toEqual([good, good, good, limited, limited])
  })

  it('a new window starts when the old one is over', async () => {
    const { id, key } = await own({ rateLimitMax: 1, rateLimitTimeWindow: 1000 })
    expect(await answerTo(auth, key)).toBe(good)
    await vi.waitFor(async () => expect(await answerTo(auth, key)).toBe(good), { timeout: 10_000 })
    const [row] = await rows('id = $1', [id])
    expect(Number(row?.['request_count'])).toBe(1)
  })

  it('a limit that is set later counts at once', async () => {
    const { id, key } = await own({})
    expect([await answerTo(auth, key), await answerTo(auth, key)]).toEqual([good, good])
    await auth.api.updateApiKey({ body: { keyId: id, rateLimitMax: 1 } })
    expect([await answerTo(auth, key), await answerTo(auth, key)]).toEqual([good, limited])
  })

  it('a raised limit counts at once', async () => {
    const { id, key } = await own({ rateLimitMax: 1, rateLimitTimeWindow: 3_600_000 })
    expect([await answerTo(auth, key), await answerTo(auth, key)]).toEqual([good, limited])
    await auth.api.updateApiKey({ body: { keyId: id, rateLimitMax: 2 } })
    expect([await answerTo(auth, key), await answerTo(auth, key)]).toEqual([good, limited])
  })
})

describe('names and ends', () => {
  it.each([
    [{ name: '' }, 400],
    [{ name: 'x'.repeat(101) }, 400],
    [{ name: 7 }, 400],
    [{ expiresIn: 0 }, 400],
    [{ expiresIn: 1e12 }, 400],
    [{ expiresIn: '60' }, 400],
    [{ expiresIn: null }, 200],
  ])('%j is %i', async (body, status) => {
    expect((await keys.post('/create', body)).status).toBe(status)
  })

  it('no key lives longer than the options let it', async () => {
    const memory = openInMemory({ apiKeys: { maxExpiresIn: 3600 } })
    const theirs = keysOf(memory, await person(memory))
    expect((await theirs.post('/create', { expiresIn: 3601 })).status).toBe(400)
    const { id, expiresAt } = (await theirs.post('/create')).body
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 3_600_000)
    expect((await theirs.post('/update', { keyId: id, expiresIn: 7200 })).status).toBe(400)
  })

  it('an update that says nothing is refused', async () => {
    const { id } = await make()
    expect((await keys.post('/update', { keyId: id })).status).toBe(400)
  })

  it.each([
    { prefix: 'has space' },
    { overlap: 31 * 86_400 },
    { overlap: -1 },
    { maxExpiresIn: 0 },
    { rateLimit: { max: 0, window: 60 } },
  ])('vulnerability 27 an option that cannot work stops the start: %j', (apiKeys) => {
    expect(() => createAuth({ secret, baseURL, apiKeys })).toThrow('apiKeys.')
  })
})

describe('vulnerability 27 GHSA-8fpg-xm3f-6cx3 what cannot be read opens nothing', () => {
  it.each([
    ['permissions that are no JSON', { permissions: '{' }, {}],
    ['permissions of another shape', { permissions: '{"reports":"read"}' }, {}],
    ['permissions that are null', { permissions: null }, {}],
  ])('%s are none', async (_name, update, expected) => {
    const { id, key } = await make()
    const { adapter } = await auth.$context
    await adapter.update({ model: 'apikey', where: [{ field: 'id', value: id }], update })
    expect(await auth.authenticate(withKey(key))).toMatchObject({
      apiKey: { permissions: expected },
    })
    expect(can(await auth.authenticate(withKey(key)), 'reports', 'read')).toBe(false)
  })

  it('a kind of owner that nobody knows is no owner', async () => {
    const { id, key } = await make()
    const { adapter } = await auth.$context
    const where = [{ field: 'id', value: id }]
    await adapter.update({ model: 'apikey', where, update: { configId: 'robot' } })
    expect(await answerTo(auth, key)).toBe(refused)
  })

  it('a database that is away is a 503, also for a limit', async () => {
    const away = openOn(await freshDatabase())
    const eve = await person(away)
    const made = await away.api.createApiKey({ body: { userId: eve.userId, rateLimitMax: 10 } })
    await away.$close()
    expect(await answerTo(away, made.key)).toBe('503 unavailable')
  })

  it('without the default plugins no key is accepted', async () => {
    const bare = openInMemory({ skipDefaultPlugins: true })
    expect(await answerTo(bare, 'csk_anything')).toBe(refused)
  })
})

describe('verifyApiKey, for code on the server', () => {
  it('says whether a key holds and permits what is asked', async () => {
    const { id, key } = await make()
    const check = (body: { key: string; permissions?: Record<string, string[]> }) =>
      auth.api.verifyApiKey({ body })
    expect(await check({ key })).toMatchObject({ valid: true, error: null, key: { id } })
    expect(await check({ key, permissions: { reports: ['read'] } })).toMatchObject({ valid: true })
    expect(await check({ key, permissions: { reports: ['write'] } })).toMatchObject({
      valid: false,
      error: { code: 'unauthorized' },
      key: null,
    })
    expect(await check({ key: 'nonsense' })).toMatchObject({
      valid: false,
      error: { code: 'authentication_required' },
    })
    const { status } = await call(auth.handler, 'POST', '/api-key/verify', { body: { key } })
    expect(status).toBe(404)
  })
})
