import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { as, asNobody, type Answer } from './support/administration.ts'
import {
  hashed,
  openEmbedded,
  postForm,
  type ProviderWorld,
  providerWorlds,
  signUp,
  type TestUser,
} from './support/flow.ts'
import { travel } from './support/token.ts'

const app = {
  name: 'Ledger',
  description: 'Keeps the books.',
  homepage_url: 'https://ledger.example',
  client_type: 'confidential',
  redirect_uris: ['https://ledger.example/callback', 'http://localhost:3000/callback'],
  scopes: ['openid', 'email', 'books:read'],
}
const scopes = {
  'books:read': { title: 'Read the books' },
  'books:write': { title: 'Write them', description: 'Every entry.', sensitive: true },
}

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('applications: $name', ({ open }) => {
  let world: ProviderWorld
  let admin: TestUser
  let outsider: TestUser

  beforeAll(async () => {
    const administrators = new Set<string>()
    world = await open({
      scopes,
      // On the memory adapter there is no plugin with roles.
      isAdministrator: (user) => administrators.has(user.id),
    })
    admin = await signUp(world)
    administrators.add(admin.id)
    outsider = await signUp(world)
  })
  afterAll(() => world.close())

  const create = async (more: object = {}): Promise<Answer['body']> => {
    const answer = await as(admin, 'POST', '/clients', { ...app, ...more })
    expect(answer).toMatchObject({ status: 201 })
    return answer.body
  }
  const stored = async (clientId: string) =>
    world.adapter.findOne<Record<string, unknown>>({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: clientId }],
    })

  it('PA2 PA10 makes an application with every field, and tells the secret once', async () => {
    const { client, client_secret: secret } = await create({ name: '  Ledger\u202E ' })
    expect(secret).toMatch(/^cs_cs_[\w-]{43}$/)
    expect(client).toMatchObject({
      ...app,
      registration: 'manual',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      post_logout_redirect_uris: [],
      organization_id: null,
      access_token_lifetime: null,
      refresh_token_lifetime: null,
      allowed_users: null,
      default_scopes: null,
      disabled: false,
      dpop_bound_access_tokens: false,
      subject_type: 'public',
      user_count: 0,
      last_activity: null,
      link: `http://localhost:4100/applications/${client.client_id}`,
    })
    expect(new Date(client.created_at).toISOString()).toBe(client.created_at)
    expect(client.updated_at).toBe(client.created_at)
    const row = await stored(client.client_id)
    expect(row).toMatchObject({ clientSecret: hashed(secret), requirePKCE: true })
  })

  it('PA10 keeps every field that is given', async () => {
    const fields = {
      ...app,
      icon: 'https://ledger.example/icon.png',
      policy_url: 'https://ledger.example/policy',
      terms_url: 'https://ledger.example/terms',
      post_logout_redirect_uris: ['https://ledger.example/bye'],
      backchannel_logout_uri: 'https://ledger.example/logout',
      backchannel_logout_session_required: true,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'client_credentials'],
      response_types: ['code'],
      default_scopes: ['openid'],
      access_token_lifetime: 300,
      refresh_token_lifetime: 3_600,
      allowed_users: [outsider.id],
      dpop_bound_access_tokens: true,
      disabled: true,
    }
    const { client } = await create(fields)
    expect(client).toMatchObject(fields)
    expect((await as(admin, 'GET', `/clients/${client.client_id}`)).body).toEqual(client)
  })

  it('O25 tells no secret in a list, a look or a change', async () => {
    const { client, client_secret: secret } = await create()
    const answers = [
      await as(admin, 'GET', '/clients'),
      await as(admin, 'GET', `/clients/${client.client_id}`),
      await as(admin, 'PUT', `/clients/${client.client_id}`, { name: 'Other' }),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(200)
      const text = JSON.stringify(body)
      expect(text).not.toContain(secret)
      expect(text).not.toContain(hashed(secret))
      expect(text).not.toContain('client_secret"')
    }
  })

  it('PA1 PA3 lists applications, shows one and changes only what is given', async () => {
    const { client } = await create()
    const path = `/clients/${client.client_id}`
    const list = await as(admin, 'GET', '/clients')
    expect(list.body.clients).toContainEqual(client)
    const changed = await as(admin, 'PUT', path, {
      name: 'Ledger 2',
      description: null,
      default_scopes: ['openid'],
      access_token_lifetime: 120,
    })
    expect(changed.status).toBe(200)
    expect(changed.body).toEqual({
      client: {
        ...client,
        name: 'Ledger 2',
        description: null,
        default_scopes: ['openid'],
        access_token_lifetime: 120,
        updated_at: expect.any(String) as string,
      },
    })
    expect((await as(admin, 'GET', path)).body).toEqual(changed.body.client)
  })

  it('P9 a pairwise application has one host, whichever of the two is changed', async () => {
    const one = { redirect_uris: ['https://books.example/a', 'https://books.example/b'] }
    const two = { redirect_uris: ['https://books.example/a', 'https://other.example/b'] }
    const refused = {
      status: 400,
      body: {
        error: 'invalid_request',
        message: 'subject_type: pairwise needs redirect URIs of one host.',
      },
    }
    const { client: pairwise } = await create({ ...one, subject_type: 'pairwise' })
    expect(await as(admin, 'PUT', `/clients/${pairwise.client_id}`, two)).toMatchObject(refused)
    const { client: plain } = await create(two)
    const path = `/clients/${plain.client_id}`
    expect(await as(admin, 'PUT', path, { subject_type: 'pairwise' })).toMatchObject(refused)
    const { status } = await as(admin, 'PUT', path, { ...one, subject_type: 'pairwise' })
    expect(status).toBe(200)
  })

  it('PA3 a change of the type makes a secret, or ends it', async () => {
    const { client } = await create({ client_type: 'public' })
    expect(client).toMatchObject({ client_type: 'public', token_endpoint_auth_method: 'none' })
    const path = `/clients/${client.client_id}`
    const confidential = await as(admin, 'PUT', path, { client_type: 'confidential' })
    const secret = confidential.body.client_secret
    expect(secret).toMatch(/^cs_cs_/)
    expect((await stored(client.client_id))?.['clientSecret']).toBe(hashed(secret))
    const back = await as(admin, 'PUT', path, { client_type: 'public' })
    expect(back.body.client_secret).toBeUndefined()
    expect(back.body.client.token_endpoint_auth_method).toBe('none')
    expect((await stored(client.client_id))?.['clientSecret']).toBeNull()
  })

  it('PA3 of two changes of the type at once, at most one tells a secret, and it is the stored one', async () => {
    const { client } = await create({ client_type: 'public' })
    const path = `/clients/${client.client_id}`
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => as(admin, 'PUT', path, { client_type: 'confidential' })),
    )
    const secrets = answers.flatMap(({ body }) => body.client_secret ?? [])
    expect(secrets).toHaveLength(1)
    expect((await stored(client.client_id))?.['clientSecret']).toBe(hashed(secrets[0]))
  })

  it('PA3 changes of different fields at once do not undo each other', async () => {
    const { client } = await create()
    const path = `/clients/${client.client_id}`
    await Promise.all([
      as(admin, 'PUT', path, { name: 'New name' }),
      as(admin, 'PUT', path, { description: 'New words' }),
      as(admin, 'PUT', path, { disabled: true }),
    ])
    expect((await as(admin, 'GET', path)).body).toMatchObject({
      name: 'New name',
      description: 'New words',
      disabled: true,
    })
  })

  it('PA4 rotates the secret: the old one ends at once, or after the overlap', async () => {
    const { client, client_secret: first } = await create()
    const path = `/clients/${client.client_id}/rotate-secret`
    const opens = async (secret: string) => {
      const by = { clientId: client.client_id as string, secret }
      return (await postForm(world, '/oauth2/revoke', { token: 'x' }, by)).status === 200
    }
    expect(await opens(first)).toBe(true)
    const second = await as(admin, 'POST', path)
    expect([await opens(first), await opens(second.body.client_secret)]).toEqual([false, true])
    expect(second.body).toEqual({
      client_id: client.client_id,
      client_secret: expect.stringMatching(/^cs_cs_/) as string,
    })
    expect(second.headers.get('cache-control')).toBe('no-store')
    expect(await stored(client.client_id)).toMatchObject({
      clientSecret: hashed(second.body.client_secret),
      previousSecret: null,
    })
    const before = Date.now()
    const third = await as(admin, 'POST', path, { overlap_seconds: 3_600 })
    const row = await stored(client.client_id)
    expect(row).toMatchObject({
      clientSecret: hashed(third.body.client_secret),
      previousSecret: hashed(second.body.client_secret),
    })
    const ends = row?.['previousSecretExpiresAt'] as Date | undefined
    expect(ends?.getTime()).toBeGreaterThanOrEqual(before + 3_600_000)
    expect(JSON.stringify(row)).not.toContain(first)
    const both = [second, third].map(({ body }) => body.client_secret as string)
    expect(await Promise.all(both.map(opens))).toEqual([true, true])
    travel(3_601)
    expect(await Promise.all(both.map(opens))).toEqual([false, true])
  })

  it('PA4 of rotations at once, every answer that is not a refusal tells a secret that counts', async () => {
    const { client } = await create()
    const path = `/clients/${client.client_id}/rotate-secret`
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => as(admin, 'POST', path)))
    const told = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status === 400)
    expect(told.length + refused.length).toBe(5)
    expect(told.length).toBeGreaterThanOrEqual(1)
    const row = await stored(client.client_id)
    const last = told.map(({ body }) => hashed(body.client_secret))
    expect(last).toContain(row?.['clientSecret'])
  })

  it('PA4 refuses an overlap that is too long, and an application without a secret', async () => {
    const { client } = await create()
    const path = `/clients/${client.client_id}/rotate-secret`
    for (const overlap of [-1, 30 * 86_400 + 1, 1.5, '60', null]) {
      const answer = await as(admin, 'POST', path, { overlap_seconds: overlap })
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(answer.body.message).toContain('overlap_seconds')
    }
    const withoutSecret = await create({ client_type: 'public' })
    const { client_id: id } = withoutSecret.client
    const answer = await as(admin, 'POST', `/clients/${id}/rotate-secret`)
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/no secret/) },
    })
  })

  it('PA8 P11 tells the catalogue of scopes to whoever is signed in', async () => {
    const { status, body } = await as(outsider, 'GET', '/scopes')
    expect(status).toBe(200)
    expect(body.scopes).toContainEqual({
      name: 'books:read',
      title: 'Read the books',
      description: '',
      sensitive: false,
      required: false,
      default: false,
    })
    expect(body.scopes).toContainEqual({
      name: 'books:write',
      title: 'Write them',
      description: 'Every entry.',
      sensitive: true,
      required: false,
      default: false,
    })
    expect(body.scopes).toContainEqual(
      expect.objectContaining({ name: 'openid', required: true, default: true }),
    )
    expect(body.scopes.map(({ name }: { name: string }) => name)).toContain('openid')
    expect((await asNobody(world, 'GET', '/oidc/scopes')).status).toBe(401)
  })

  const matrix = (id: string, userId: string) =>
    [
      ['GET', '/clients'],
      ['POST', '/clients', app],
      ['GET', '/clients/activity'],
      ['GET', `/clients/${id}`],
      ['PUT', `/clients/${id}`, { name: 'Mine' }],
      ['DELETE', `/clients/${id}`],
      ['POST', `/clients/${id}/rotate-secret`, {}],
      ['GET', `/clients/${id}/users`],
      ['DELETE', `/clients/${id}/users`],
      ['DELETE', `/clients/${id}/users/${userId}`],
      ['GET', `/clients/${id}/activity`],
      ['POST', '/keys/rotate', {}],
    ] as const

  it('CVE-2026-41427 GHSA-xr8f-h2gw-9xh6 lets nobody but administrators do anything', async () => {
    const { client } = await create()
    for (const [method, path, body] of matrix(client.client_id, outsider.id)) {
      const answer = await as(outsider, method, path, body)
      expect([path, answer.status]).toEqual([path, 403])
      expect(answer.body).toMatchObject({ error: 'unauthorized' })
      expect([path, (await asNobody(world, method, `/oidc${path}`, { body })).status]).toEqual([
        path,
        401,
      ])
    }
    expect((await as(admin, 'GET', `/clients/${client.client_id}`)).body).toEqual(client)
  })

  it('vulnerability 3 the endpoints of the engine that make and change clients are closed', async () => {
    const { client } = await create()
    for (const path of [
      '/oauth2/create-client',
      '/oauth2/update-client',
      '/oauth2/delete-client',
      '/oauth2/client/rotate-secret',
      '/oauth2/get-client',
      '/oauth2/get-clients',
      '/admin/oauth2/create-client',
      '/admin/oauth2/update-client',
      '/oauth2/delete-consent',
      '/oauth2/consent',
      '/oauth2/continue',
    ]) {
      for (const method of ['GET', 'POST'] as const) {
        const body = { client_id: client.client_id, redirect_uris: ['https://evil.example/'] }
        const answer = await as(admin, method, `/..${path}`, method === 'POST' ? body : undefined)
        expect([path, answer.status]).toEqual([path, 404])
      }
    }
  })

  it('refuses a change with a cookie from a page of somebody else', async () => {
    // Without `createAuth` Better Auth checks nothing when NODE_ENV is `test`.
    if (!world.sql) return
    const { client } = await create()
    for (const [method, path, body] of matrix(client.client_id, outsider.id)) {
      if (method === 'GET') continue
      const answer = await as(admin, method, path, body, { origin: 'https://evil.example' })
      expect([path, answer.status]).toEqual([path, 403])
    }
  })

  it('answers 404 for an application that is not there', async () => {
    for (const [method, path, body] of matrix(randomUUID(), outsider.id)) {
      if (!path.startsWith('/clients/') || path === '/clients/activity') continue
      const answer = await as(admin, method, path, body)
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.body.error).toBe('client_not_found')
    }
  })

  it('PA3 deleting ends an application with all its tokens, families and consents', async () => {
    const { client } = await create()
    const clientId = client.client_id
    const person = await signUp(world)
    await grantTo(world, { clientId, userId: person.id })
    expect((await as(admin, 'GET', `/clients/${clientId}`)).body.user_count).toBe(1)
    const deleted = await as(admin, 'DELETE', `/clients/${clientId}`)
    expect(deleted).toMatchObject({ status: 200, body: { deleted: true } })
    for (const model of ['oauthConsent', 'oauthGrant', 'oauthAccessToken', 'oauthRefreshToken']) {
      const where = [{ field: 'clientId', value: clientId }]
      expect([model, await world.adapter.count({ model, where })]).toEqual([model, 0])
    }
    expect((await as(admin, 'GET', `/clients/${clientId}`)).status).toBe(404)
    expect((await as(admin, 'DELETE', `/clients/${clientId}`)).status).toBe(404)
  })

  it('the application of the command line is there, can be disabled, and cannot be deleted', async () => {
    // The first who needs it asks for a code.
    await asNobody(world, 'POST', '/oauth2/device_authorization', {
      body: 'client_id=countersign-cli&scope=openid',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    const path = '/clients/countersign-cli'
    const shown = await as(admin, 'GET', path)
    expect(shown.body).toMatchObject({
      client_id: 'countersign-cli',
      client_type: 'public',
      redirect_uris: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      scopes: ['openid', 'profile', 'email', 'offline_access', 'oidc:admin'],
    })
    expect((await as(admin, 'DELETE', path)).status).toBe(403)
    expect((await as(admin, 'PUT', path, { redirect_uris: ['https://a.example/'] })).status).toBe(
      400,
    )
    const disabled = await as(admin, 'PUT', path, { disabled: true })
    expect(disabled.body.client.disabled).toBe(true)
    await as(admin, 'PUT', path, { disabled: false })
  })
})

describe('applications, refused', () => {
  let world: ProviderWorld
  let admin: TestUser
  beforeAll(async () => {
    world = await openEmbedded({ scopes, isAdministrator: () => true })
    admin = await signUp(world)
  })
  afterAll(() => world.close())

  it.each([
    ['name', { name: '' }],
    ['name', { name: '\u200B' }],
    ['homepage_url', { homepage_url: 'javascript:alert(1)' }],
    ['homepage_url', { homepage_url: 'http://ledger.example' }],
    ['icon', { icon: 'data:image/png;base64,AA==' }],
    ['client_type', { client_type: 'trusted' }],
    ['redirect_uris', { redirect_uris: [] }],
    ['redirect_uris[1]', { redirect_uris: ['https://a.example/cb', 'https://a.example/#x'] }],
    ['redirect_uris[0]', { redirect_uris: ['javascript:alert(1)'] }],
    ['redirect_uris[0]', { redirect_uris: ['https://u@a.example/'] }],
    ['post_logout_redirect_uris[0]', { post_logout_redirect_uris: ['data:text/html,x'] }],
    ['backchannel_logout_uri', { backchannel_logout_uri: 'ftp://a.example' }],
    ['scopes', { scopes: ['openid', 'nope'] }],
    ['default_scopes', { default_scopes: ['books:write'] }],
    ['grant_types', { grant_types: ['implicit'] }],
    ['grant_types', { grant_types: [] }],
    ['grant_types', { client_type: 'public', grant_types: ['client_credentials'] }],
    ['response_types', { response_types: ['token'] }],
    ['access_token_lifetime', { access_token_lifetime: 59 }],
    ['access_token_lifetime', { access_token_lifetime: 86_401 }],
    ['refresh_token_lifetime', { refresh_token_lifetime: 31_536_001 }],
    ['allowed_users', { allowed_users: ['nobody'] }],
    ['organization_id', { organization_id: 'nowhere' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'none' }],
    ['jwks', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['jwks', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'a', d: 'b' }] } }],
    ['jwks', { jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }],
    ['skip_consent', { skip_consent: true }],
    ['registration', { registration: 'dynamic' }],
    ['client_id', { client_id: 'mine' }],
    ['client_secret', { client_secret: 'mine' }],
    ['disabled', { disabled: 'no' }],
    ['subject_type', { subject_type: 'pairwise' }],
  ])('vulnerability 45 refuses a bad %s and names it: %j', async (field, more) => {
    const answer = await as(admin, 'POST', '/clients', { ...app, ...more })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(answer.body.message).toContain(field)
    const { client } = (await as(admin, 'POST', '/clients', app)).body
    const change = await as(admin, 'PUT', `/clients/${client.client_id}`, more)
    // What another field decides may fit here: then the answer says what it is.
    if (change.status !== 200) expect(change).toMatchObject({ status: 400 })
  })

  it.each(['', '[]', '"x"', 'null', '{"name":', '{"name":"a\\u0000"}', '5'])(
    'vulnerability 25 answers the body %j with 400',
    async (body) => {
      expect((await as(admin, 'POST', '/clients', body)).status).toBe(400)
    },
  )
})

/** A consent with a family and its tokens, as a sign-in leaves them. */
async function grantTo(
  { adapter }: ProviderWorld,
  { clientId, userId }: { clientId: string; userId: string },
): Promise<void> {
  const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + 600_000) }
  const common = { clientId, userId, scopes: ['openid'], referenceId: null }
  await adapter.create({
    model: 'oauthConsent',
    data: { ...common, createdAt: new Date(), updatedAt: new Date() },
  })
  const grant = await adapter.create<Record<string, unknown>, { id: string }>({
    model: 'oauthGrant',
    data: { ...common, ...times, kind: 'code', revokedAt: null },
  })
  const token = { ...common, ...times, authorizationCodeId: grant.id }
  await adapter.create({ model: 'oauthAccessToken', data: { ...token, token: randomUUID() } })
  await adapter.create({ model: 'oauthRefreshToken', data: { ...token, token: randomUUID() } })
}
