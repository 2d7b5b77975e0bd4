import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mcpClients } from './mcp-clients.ts'
import { as, asNobody } from './support/administration.ts'
import {
  authorizationRequest,
  authorize,
  hashed,
  openEmbedded,
  openMemory,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  redeem,
  codeFor,
  signUp,
  type TestUser,
} from './support/flow.ts'
import { register } from './support/register.ts'

const scopes = {
  'mcp:read': { title: 'Read' },
  'mcp:write': { title: 'Write' },
  'mcp:root': { title: 'Do everything', sensitive: true },
}
const publicApp = {
  client_name: 'Notes',
  redirect_uris: ['http://localhost:5000/callback'],
  token_endpoint_auth_method: 'none',
}
const webApp = { client_name: 'Web', redirect_uris: ['https://web.example/cb'] }

describe.each(providerWorlds)('registration: $name', ({ open }) => {
  let world: ProviderWorld
  let user: TestUser

  beforeAll(async () => {
    world = await open({ dynamicRegistration: true, scopes })
    user = await signUp(world)
  })
  afterAll(() => world.close())

  const rowOf = (clientId: string) =>
    world.adapter.findOne<Record<string, unknown>>({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: clientId }],
    })

  it('M35 a public client gets 201, no secret, and `none`', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { status, headers, body } = await register(world, publicApp)
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      client_id_issued_at: expect.any(Number) as number,
      client_name: 'Notes',
      redirect_uris: ['http://localhost:5000/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'native',
      subject_type: 'public',
      id_token_signed_response_alg: 'RS256',
      scope: expect.stringContaining('mcp:write') as string,
    })
    expect(body.client_id_issued_at).toBeGreaterThanOrEqual(before)
    expect(await rowOf(body.client_id)).toMatchObject({
      registration: 'dynamic',
      clientSecret: null,
      skipConsent: false,
      requirePKCE: true,
    })
  })

  it('P5 a confidential client gets a secret that is stored as a hash, and works', async () => {
    const { status, body } = await register(world, webApp)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'web',
      client_secret: expect.stringMatching(/^cs_cs_/) as string,
      client_secret_expires_at: 0,
    })
    expect((await rowOf(body.client_id))?.['clientSecret']).toBe(hashed(body.client_secret))
    const client = {
      clientId: body.client_id as string,
      secret: body.client_secret as string,
      redirectUri: 'https://web.example/cb',
    }
    const tokens = await redeem(world, client, await codeFor(user, client))
    expect(tokens.status).toBe(200)
  })

  it('P5 the same registration again is the same client, whatever its port; another is another', async () => {
    const first = await register(world, publicApp)
    const moved = { ...publicApp, redirect_uris: ['http://localhost:61234/callback'] }
    const second = await register(world, moved)
    expect(second.body.client_id).toBe(first.body.client_id)
    expect(second.body.redirect_uris).toEqual(moved.redirect_uris)
    expect(second.body.client_id_issued_at).toBe(first.body.client_id_issued_at)
    const others = [
      { ...publicApp, client_name: 'Other' },
      { ...publicApp, redirect_uris: ['http://localhost:5000/other'] },
      { ...publicApp, redirect_uris: ['http://127.0.0.1:5000/callback'] },
      { ...publicApp, scope: 'openid' },
    ]
    const ids = [first.body.client_id]
    for (const other of others) ids.push((await register(world, other)).body.client_id)
    expect(new Set(ids).size).toBe(5)
    const confidential = [await register(world, webApp), await register(world, webApp)]
    expect(confidential[0]?.body.client_id).not.toBe(confidential[1]?.body.client_id)
  })

  it('P5 the same registration many times at once leaves one client', async () => {
    if (!world.sql) return
    const app = { ...publicApp, client_name: 'At once' }
    const answers = await Promise.all(Array.from({ length: 10 }, () => register(world, app)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201))
    expect(new Set(answers.map(({ body }) => body.client_id)).size).toBe(1)
  })

  it('PG7 loopback redirect URIs without `application_type` are those of a native client', async () => {
    for (const uri of ['http://127.0.0.1:9/cb', 'http://[::1]:9/cb', 'com.example.app:/cb']) {
      for (const type of [undefined, 'web', 'native']) {
        const { status, body } = await register(world, {
          ...publicApp,
          redirect_uris: [uri],
          ...(type && { application_type: type }),
        })
        expect([uri, status, body.application_type]).toEqual([uri, 201, 'native'])
      }
    }
  })

  it('CVE-2026-41427 GHSA-xr8f-h2gw-9xh6 nobody registers privileges', async () => {
    const { status, body } = await register(world, {
      ...webApp,
      scope: 'openid oidc:admin mcp:root nope',
      grant_types: [
        'authorization_code',
        'client_credentials',
        'urn:openid:params:grant-type:ciba',
      ],
      skip_consent: true,
      require_pkce: false,
      reference_id: 'org',
      user_id: user.id,
      disabled: false,
      registration: 'manual',
      client_id: 'countersign-cli',
      client_secret: 'mine',
      metadata: { trusted: true },
      allowed_users: [],
    })
    expect(status).toBe(201)
    expect(body.scope).toBe('openid')
    expect(body.grant_types).toEqual(['authorization_code'])
    expect(body.client_id).not.toBe('countersign-cli')
    expect(body.client_secret).not.toBe('mine')
    const row = await rowOf(body.client_id)
    expect(row).toMatchObject({
      registration: 'dynamic',
      skipConsent: false,
      requirePKCE: true,
      referenceId: null,
      userId: null,
      grantTypes: ['authorization_code'],
    })
    expect(row?.['scopes']).not.toContain('oidc:admin')
    expect(row?.['scopes']).not.toContain('mcp:root')
    const client = {
      clientId: body.client_id as string,
      secret: null,
      redirectUri: webApp.redirect_uris[0] ?? '',
    }
    const refused = await authorize(
      user.browser,
      authorizationRequest(client, { scope: 'openid oidc:admin' }),
    )
    expect(refused.searchParams.get('error')).toBe('invalid_scope')
  })

  it('vulnerability 33 a client that registered itself always asks the person', async () => {
    const { body } = await register(world, { ...publicApp, client_name: 'Asks' })
    const client = {
      clientId: body.client_id as string,
      secret: null,
      redirectUri: publicApp.redirect_uris[0] ?? '',
    }
    const page = await authorize(user.browser, authorizationRequest(client))
    expect(page.pathname).toBe('/consent')
  })

  it('vulnerability 39 shows a name as text: without tags, invisible or turning characters', async () => {
    const { body } = await register(world, {
      ...publicApp,
      client_name: '<img src=x onerror=alert(1)>Cl\u200Bau\u202Ede\uff0e',
    })
    expect(body.client_name).toBe('Claude.')
  })

  it('P10 pages of other origins may register, without cookies', async () => {
    const preflight = await world.handler(
      new Request('http://localhost:4100/api/auth/oauth2/register', {
        method: 'OPTIONS',
        headers: { origin: 'https://inspector.example', 'access-control-request-method': 'POST' },
      }),
    )
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const answer = await register(world, publicApp, { origin: 'https://inspector.example' })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })

  describe.each(mcpClients.filter(({ registration }) => registration))('$name', (client) => {
    it('P5 M30 registers, and its redirects and scopes are accepted', async () => {
      const { status, body } = await register(world, client.registration)
      expect([body, status]).toEqual([body, 201])
      expect(body.redirect_uris).toEqual(client.registration?.['redirect_uris'])
      for (const redirectUri of client.redirects) {
        const known = { clientId: body.client_id as string, secret: null, redirectUri }
        const more = { scope: client.scope, ...client.parameters }
        const page = await authorize(user.browser, authorizationRequest(known, more))
        expect([redirectUri, page.pathname]).toEqual([redirectUri, '/consent'])
      }
      for (const redirectUri of client.refused) {
        const known = { clientId: body.client_id as string, secret: null, redirectUri }
        const page = await authorize(user.browser, authorizationRequest(known))
        expect([redirectUri, page.origin + page.pathname]).toEqual([
          redirectUri,
          'http://localhost:4100/oauth-error',
        ])
      }
    })
  })

  it('P5 those that nobody used for 30 days are swept; used, disabled and manual ones stay', async () => {
    const old = new Date(Date.now() - 31 * 86_400_000)
    const make = async (name: string, change: object) => {
      const { body } = await register(world, { ...webApp, client_name: name })
      await world.adapter.updateMany({
        model: 'oauthClient',
        where: [{ field: 'clientId', value: body.client_id as string }],
        update: { createdAt: old, updatedAt: old, ...change },
      })
      return body.client_id as string
    }
    const unused = await make('unused', {})
    const kept = [
      await make('used', { lastUsedAt: new Date() }),
      await make('disabled', { disabled: true }),
      await make('manual', { registration: 'manual' }),
      await make('new', { updatedAt: new Date(), createdAt: new Date() }),
    ]
    const api = world.api as { cleanUpProvider(): Promise<Record<string, number>> }
    const report = await api.cleanUpProvider()
    expect(report['oauthClient']).toBe(1)
    expect(await rowOf(unused)).toBeNull()
    for (const id of kept) expect(await rowOf(id)).not.toBeNull()
  })
})

describe('registration, refused', () => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openMemory({ dynamicRegistration: true, scopes })
  })
  afterAll(() => world.close())

  it.each([
    ['invalid_redirect_uri', { redirect_uris: undefined }],
    ['invalid_redirect_uri', { redirect_uris: [] }],
    ['invalid_redirect_uri', { redirect_uris: 'https://a.example/' }],
    ['invalid_redirect_uri', { redirect_uris: ['javascript:alert(1)'] }],
    ['invalid_redirect_uri', { redirect_uris: ['data:text/html,x'] }],
    ['invalid_redirect_uri', { redirect_uris: ['http://web.example/cb'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://web.example/cb#'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://u:p@web.example/'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://*.example/'] }],
    ['invalid_redirect_uri', { redirect_uris: ['myapp://callback.attacker.tld'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://ok.example/', 'file:///x'] }],
    ['invalid_redirect_uri', { redirect_uris: Array(21).fill('https://a.example/') }],
    ['invalid_redirect_uri', { post_logout_redirect_uris: ['javascript:alert(1)'] }],
    ['invalid_client_metadata', { token_endpoint_auth_method: 'client_secret_jwt' }],
    ['invalid_client_metadata', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['invalid_client_metadata', { grant_types: ['client_credentials'] }],
    ['invalid_client_metadata', { grant_types: ['implicit'] }],
    ['invalid_client_metadata', { grant_types: 'authorization_code' }],
    ['invalid_client_metadata', { response_types: ['token'] }],
    ['invalid_client_metadata', { response_types: ['code', 'id_token'] }],
    ['invalid_client_metadata', { logo_uri: 'http://web.example/logo.png' }],
    ['invalid_client_metadata', { logo_uri: 'javascript:alert(1)' }],
    ['invalid_client_metadata', { client_uri: 'javascript:alert(1)' }],
    ['invalid_client_metadata', { client_uri: 'data:text/html,x' }],
    ['invalid_client_metadata', { tos_uri: 'ftp://web.example' }],
    ['invalid_client_metadata', { policy_uri: '//web.example' }],
    ['invalid_client_metadata', { client_name: 'x'.repeat(1_001) }],
    ['invalid_client_metadata', { client_name: { toString: 1 } }],
    ['invalid_client_metadata', { client_name: 'a\u0000b' }],
    ['invalid_client_metadata', { contacts: Array(11).fill('a@b.example') }],
    ['invalid_client_metadata', { software_id: 'x'.repeat(201) }],
    ['invalid_client_metadata', { jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }],
    ['invalid_client_metadata', { jwks: { keys: [{ kty: 'RSA', n: 'a', e: 'b', d: 'private' }] } }],
    ['invalid_client_metadata', { jwks_uri: 'http://web.example/jwks' }],
    ['invalid_client_metadata', { id_token_signed_response_alg: 'none' }],
    ['invalid_client_metadata', { id_token_signed_response_alg: 'HS256' }],
    ['invalid_client_metadata', { subject_type: 'secret' }],
    ['invalid_client_metadata', { backchannel_logout_uri: 'https://victim.example/hook' }],
    [
      'invalid_client_metadata',
      { subject_type: 'pairwise', redirect_uris: ['https://a.example/', 'https://b.example/'] },
    ],
  ])('M36 vulnerability 39 refuses with %s: %j', async (error, more) => {
    const { status, body } = await register(world, { ...webApp, ...more })
    expect({ status, error: body.error }).toEqual({ status: 400, error })
    expect(body.error_description).toEqual(expect.any(String))
  })

  it('vulnerability 25 refuses what is no JSON object', async () => {
    for (const body of ['', '[]', 'null', '"x"', '{', '{"redirect_uris":[', 'a=b', '7']) {
      const answer = await register(world, body)
      expect([body, answer.status, answer.body.error]).toEqual([
        body,
        400,
        'invalid_client_metadata',
      ])
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await register(world, publicApp, form)).status).toBe(400)
    const large = JSON.stringify({ ...publicApp, padding: 'x'.repeat(70_000) })
    expect((await register(world, large)).status).toBe(413)
  })
})

describe('registration, guarded', () => {
  it('P5 is off until it is asked for', async () => {
    const world = await openEmbedded({ scopes })
    try {
      const answer = await register(world, publicApp)
      expect(answer).toMatchObject({ status: 403, body: { error: 'access_denied' } })
      const discovery = await asNobody(world, 'GET', '/.well-known/oauth-authorization-server')
      expect(discovery.body.registration_endpoint).toBeUndefined()
    } finally {
      await world.close()
    }
  })

  it('P5 CVE-2026-45364 limits new clients by address, over all processes, an IPv6 network as one', async () => {
    const options = {
      dynamicRegistration: true,
      auth: { clientAddressHeader: 'x-countersign-client-address' },
    } as const
    const one = await openPostgres(options)
    if (one.connectionString === null) throw new Error('no database')
    const two = await openPostgres(options, one.connectionString)
    try {
      const from = (address: string, index: number) =>
        register(
          index % 2 === 0 ? one : two,
          { ...publicApp, client_name: `App ${index}` },
          {
            'x-countersign-client-address': address,
            'x-forwarded-for': `10.0.${index}.1`,
          },
        )
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          from(`2001:db8:0:1::${index.toString(16)}`, index),
        ),
      )
      const made = answers.filter(({ status }) => status === 201)
      const refused = answers.filter(({ status }) => status === 429)
      expect([made.length, refused.length]).toEqual([60, 4])
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
      // What is known already makes nothing new.
      const again = made[0]?.body.client_name as string
      const known = await register(
        two,
        { ...publicApp, client_name: again },
        { 'x-countersign-client-address': '2001:db8:0:1::1' },
      )
      expect(known.status).toBe(201)
      expect((await from('2001:db8:0:2::1', 100)).status).toBe(201)
    } finally {
      await two.close()
      await one.close()
    }
  })

  it('P5 scopes that are described later are open to clients of before, except what was taken away', async () => {
    const admins = new Set<string>()
    const isAdministrator = ({ id }: { id: string }) => admins.has(id)
    const options = { dynamicRegistration: true, isAdministrator }
    const before = await openPostgres({ ...options, scopes: { a: { title: 'A' } } })
    const { connectionString } = before
    if (connectionString === null) throw new Error('no database')
    const clientOf = (id: unknown) => ({ clientId: String(id), secret: null, redirectUri: '' })
    const redirect = { redirect_uri: 'https://web.example/cb' }
    const isAsked = async (person: TestUser, id: unknown, scope: string) => {
      const request = authorizationRequest(clientOf(id), { ...redirect, scope })
      return (await authorize(person.browser, request)).pathname === '/consent'
    }
    const app = { ...webApp, token_endpoint_auth_method: 'none' }
    try {
      const { client_id: id } = (await register(before, app)).body
      const { client_id: narrow } = (await register(before, { ...app, client_name: 'Narrow' })).body
      const after = await openPostgres(
        {
          ...options,
          scopes: {
            a: { title: 'A' },
            b: { title: 'B', default: true },
            root: { title: 'Root', sensitive: true },
          },
        },
        connectionString,
      )
      try {
        const admin = await signUp(after)
        admins.add(admin.id)
        expect(await isAsked(admin, id, 'openid a b')).toBe(true)
        expect(await isAsked(admin, id, 'root')).toBe(false)
        const unnamed = authorizationRequest(clientOf(id), { ...redirect, scope: null })
        const page = await authorize(admin.browser, unnamed)
        expect(page.searchParams.get('scope')).toBe('openid profile email b')
        expect((await register(after, app)).body).toMatchObject({ client_id: id })

        // Nobody used it since: what is new is there first, then taken away.
        const path = `/clients/${String(narrow)}`
        const { status } = await as(admin, 'PUT', path, { scopes: ['openid', 'a'] })
        expect(status).toBe(200)
        expect(await isAsked(admin, narrow, 'openid a')).toBe(true)
        expect(await isAsked(admin, narrow, 'openid a b')).toBe(false)
      } finally {
        await after.close()
      }
    } finally {
      await before.close()
    }
  })

  it('P5 a client that was disabled stays so when it registers again', async () => {
    const admins = new Set<string>()
    const world = await openEmbedded({
      dynamicRegistration: true,
      isAdministrator: ({ id }) => admins.has(id),
    })
    try {
      const admin = await signUp(world)
      admins.add(admin.id)
      const { body } = await register(world, publicApp)
      const path = `/clients/${body.client_id}`
      expect((await as(admin, 'PUT', path, { disabled: true })).status).toBe(200)
      const again = await register(world, publicApp)
      expect(again.body.client_id).toBe(body.client_id)
      const client = {
        clientId: body.client_id as string,
        secret: null,
        redirectUri: publicApp.redirect_uris[0] ?? '',
      }
      const page = await authorize(admin.browser, authorizationRequest(client))
      expect(page.pathname).toBe('/oauth-error')
    } finally {
      await world.close()
    }
  })
})
