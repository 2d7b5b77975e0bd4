import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { isDocumentId } from '../../src/provider/clients/document-id.ts'
import { lifetimeOfDocument } from '../../src/provider/clients/document.ts'
import { mcpClients } from './mcp-clients.ts'
import { as } from './support/administration.ts'
import { type DocumentServer, documentServer } from './support/document-server.ts'
import {
  authorizationRequest,
  authorize,
  codeFor,
  openEmbedded,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  redeem,
  signUp,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { travel } from './support/token.ts'

const scopes = {
  'mcp:read': { title: 'Read' },
  'mcp:write': { title: 'Write' },
  'mcp:root': { title: 'Do everything', sensitive: true },
}
const REDIRECT = 'https://app.example/cb'

afterEach(() => void vi.useRealTimers())

describe.each(providerWorlds)('metadata documents: $name', ({ name, open }) => {
  /** What depends on no database is shown once. */
  const isFirst = name === providerWorlds[0].name
  let world: ProviderWorld
  let user: TestUser
  let admin: TestUser
  let server: DocumentServer
  let count = 0

  beforeAll(async () => {
    const administrators = new Set<string>()
    world = await open({
      scopes,
      dangerouslyAllowLoopback: true,
      isAdministrator: ({ id }) => administrators.has(id),
    })
    server = await documentServer()
    user = await signUp(world)
    admin = await signUp(world)
    administrators.add(admin.id)
  })
  afterAll(async () => {
    await server.close()
    await world.close()
  })

  /** A document of its own, and the client it describes. */
  function publish(more: object = {}, headers: Record<string, string> = {}) {
    const path = `/client-${(count += 1)}.json`
    const clientId = server.origin + path
    const put = (changes: object) =>
      server.pages.set(path, {
        headers,
        body: {
          client_id: clientId,
          client_name: 'Documented',
          client_uri: 'https://app.example',
          redirect_uris: [REDIRECT],
          ...changes,
        },
      })
    put(more)
    const fetches = () => server.requests.filter((one) => one === path).length
    return { clientId, secret: null, redirectUri: REDIRECT, path, put, fetches }
  }
  const leads = async (client: { clientId: string; redirectUri: string }, more = {}) =>
    authorize(user.browser, authorizationRequest({ ...client, secret: null }, more))
  const rowOf = (clientId: string) =>
    world.adapter.findOne<Record<string, unknown>>({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: clientId }],
    })

  it('P5 M37 a client that nobody registered signs people in, as its document describes it', async () => {
    const client = publish({ scope: 'openid mcp:read mcp:root' })
    const page = await leads(client)
    expect(page.pathname).toBe('/consent')
    const shown = await user.browser.open(`/api/auth/oidc/interaction${page.search}`, {
      headers: { accept: 'application/json' },
    })
    expect(await shown.json()).toMatchObject({
      client: {
        client_id: client.clientId,
        name: 'Documented',
        registration: 'metadata_document',
        verified: { kind: 'metadata_document', host: new URL(client.clientId).host },
      },
    })
    expect(await rowOf(client.clientId)).toMatchObject({
      registration: 'metadata_document',
      clientDiscoveryId: 'metadata-document',
      tokenEndpointAuthMethod: 'none',
      clientSecret: null,
      requirePKCE: true,
      defaultScopes: ['openid', 'mcp:read'],
    })
    const tokens = await redeem(world, client, await codeFor(user, client))
    expect(tokens.status).toBe(200)
    expect(client.fetches()).toBe(1)
  })

  it('P5 requests that arrive together fetch once, and those after them not at all', async () => {
    const client = publish()
    const pages = await Promise.all(Array.from({ length: 8 }, () => leads(client)))
    expect(pages.map(({ pathname }) => pathname)).toEqual(Array(8).fill('/consent'))
    expect(client.fetches()).toBe(1)
    await leads(client)
    expect(client.fetches()).toBe(1)
  })

  it('P5 a document is fetched again when it is over, and what changed counts', async () => {
    const client = publish({}, { 'cache-control': 'max-age=600' })
    await leads(client)
    const other = 'https://app.example/other'
    client.put({ client_name: 'Renamed', redirect_uris: [REDIRECT, other] })
    travel(590)
    expect((await leads({ ...client, redirectUri: other })).pathname).toBe('/oauth-error')
    expect(client.fetches()).toBe(1)
    travel(20)
    expect((await leads({ ...client, redirectUri: other })).pathname).toBe('/consent')
    expect(client.fetches()).toBe(2)
    expect(await rowOf(client.clientId)).toMatchObject({ name: 'Renamed' })
  })

  it('P5 while its server fails, the last good copy counts for a day, and the server has peace', async () => {
    const client = publish({}, { 'cache-control': 'max-age=300' })
    await leads(client)
    server.pages.set(client.path, { status: 500, body: {} })
    travel(301)
    for (let index = 0; index < 4; index += 1) {
      expect((await leads(client)).pathname).toBe('/consent')
    }
    expect(client.fetches()).toBe(2)
    travel(86_400)
    expect((await leads(client)).pathname).toBe('/oauth-error')
    expect(client.fetches()).toBe(3)
  })

  it('P5 pinned: answers to a new host ask people again, and end what they had', async () => {
    const client = publish()
    const tokens = await tokensFor(world, user, client, { scope: 'openid offline_access' })
    expect((await leads(client, { scope: 'openid' })).searchParams.has('code')).toBe(true)

    client.put({ redirect_uris: [REDIRECT, 'https://app.example/another'] })
    travel(3_601)
    expect((await leads(client, { scope: 'openid' })).searchParams.has('code')).toBe(true)
    client.put({ redirect_uris: [REDIRECT, 'https://evil.example/cb'] })
    travel(3_601)
    expect((await leads(client, { scope: 'openid' })).pathname).toBe('/consent')
    const refreshed = await as(user, 'GET', '/user/consent')
    const ids = refreshed.body.consents.map((one: { client_id: string }) => one.client_id)
    expect(ids).not.toContain(client.clientId)
    vi.useRealTimers()
    const where = [{ field: 'clientId', value: client.clientId }]
    const grants = await world.adapter.findMany<{ revokedAt: Date | null }>({
      model: 'oauthGrant',
      where,
    })
    expect(grants.length).toBeGreaterThan(0)
    expect(grants.every(({ revokedAt }) => revokedAt !== null)).toBe(true)
    expect(tokens['access_token']).toBeDefined()
  })

  describe.runIf(isFirst)('refused', () => {
    it.each([
      ['names another URL', { client_id: 'https://app.example/client.json' }],
      ['names no URL', { client_id: undefined }],
      ['has a secret', { client_secret: 'secret' }],
      ['has a secret that ends', { client_secret_expires_at: 0 }],
      ['asks for a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
      ['has no redirect URI', { redirect_uris: [] }],
      ['redirects to a script', { redirect_uris: [REDIRECT, 'javascript:alert(1)'] }],
      ['redirects to anywhere', { redirect_uris: ['https://*.example/'] }],
      ['proves itself without a key', { token_endpoint_auth_method: 'private_key_jwt' }],
      [
        'has its keys elsewhere',
        { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://other.example/jwks' },
      ],
      ['has private keys', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'a', d: 'b' }] } }],
      ['takes no codes', { grant_types: ['client_credentials'] }],
    ])('M37 refuses a document that %s', async (_title, more) => {
      const client = publish(more)
      const page = await leads(client)
      expect([page.pathname, page.searchParams.get('error')]).toEqual([
        '/oauth-error',
        'invalid_client',
      ])
      expect(await rowOf(client.clientId)).toBeNull()
    })

    it.each([
      ['is not there', { status: 404, body: {} }],
      ['is no JSON', { body: 'not json' }],
      ['is a list', { body: [] }],
      ['is a page', { body: {}, headers: { 'content-type': 'text/html' } }],
      ['is too large', { body: { padding: 'x'.repeat(70_000) } }],
      ['has no content', { status: 204, body: '' }],
    ])('M37 refuses a document that %s, and does not ask again at once', async (_title, answer) => {
      const client = publish()
      const { body } = answer
      const isObject = typeof body === 'object' && !Array.isArray(body)
      server.pages.set(client.path, {
        ...answer,
        body: isObject ? { client_id: client.clientId, redirect_uris: [REDIRECT], ...body } : body,
      })
      for (let index = 0; index < 3; index += 1) {
        expect((await leads(client)).pathname).toBe('/oauth-error')
      }
      expect(client.fetches()).toBe(1)
      expect(await rowOf(client.clientId)).toBeNull()
    })
  })

  it('GHSA-5rr4-8452-hf4v follows no redirect', async () => {
    const client = publish()
    const target = publish()
    server.pages.set(client.path, { status: 302, body: '', headers: { location: target.path } })
    expect((await leads(client)).pathname).toBe('/oauth-error')
    expect([client.fetches(), target.fetches()]).toEqual([1, 0])
  })

  it('PA3 administrators find it by a name without slashes, and what its document says stays its own', async () => {
    const client = publish()
    await leads(client)
    const { clients } = (await as(admin, 'GET', '/clients')).body
    const listed = clients.find((one: { client_id: string }) => one.client_id === client.clientId)
    expect(listed.id).not.toContain('/')
    const path = `/clients/${listed.id}`
    expect((await as(admin, 'GET', path)).body.client_id).toBe(client.clientId)
    const refused = await as(admin, 'PUT', path, { redirect_uris: ['https://evil.example/'] })
    expect(refused).toMatchObject({ status: 400 })
    expect(refused.body.message).toContain('redirect_uris')

    // What an administrator takes away stays away, also when the document is fetched again.
    expect((await as(admin, 'PUT', path, { scopes: ['openid', 'mcp:read'] })).status).toBe(200)
    travel(3_601)
    const page = await leads(client, { scope: 'openid mcp:write' })
    expect(page.searchParams.get('error')).toBe('invalid_scope')
    expect(client.fetches()).toBe(2)

    expect((await as(admin, 'PUT', path, { disabled: true })).status).toBe(200)
    travel(3_601)
    expect((await leads(client)).pathname).toBe('/oauth-error')
    expect(client.fetches()).toBe(2)
  })

  describe.each(mcpClients.filter(({ document }) => document))('$name', (known) => {
    it('P5 M37 is known by its document, and its redirects and scopes are accepted', async () => {
      const { url = '', cacheControl = '', body } = known.document ?? {}
      const { pathname } = new URL(url)
      const clientId = server.origin + pathname
      const keys = body?.['jwks_uri']
      server.pages.set(pathname, {
        headers: { 'cache-control': cacheControl },
        body: {
          ...body,
          client_id: clientId,
          // Its keys stand beside it.
          ...(typeof keys === 'string' && { jwks_uri: server.origin + new URL(keys).pathname }),
        },
      })
      for (const redirectUri of known.redirects) {
        const more = { scope: known.scope, ...known.parameters }
        const page = await leads({ clientId, redirectUri }, more)
        expect([redirectUri, page.pathname]).toEqual([redirectUri, '/consent'])
      }
      for (const redirectUri of known.refused) {
        const page = await leads({ clientId, redirectUri })
        expect([redirectUri, page.pathname]).toEqual([redirectUri, '/oauth-error'])
      }
      expect(server.requests.filter((path) => path === pathname)).toHaveLength(1)
    })
  })
})

describe('metadata documents, guarded', () => {
  it('M37 GHSA-5rr4-8452-hf4v asks nobody inside: no private, local or special address', async () => {
    const server = await documentServer()
    const world = await openEmbedded()
    try {
      const { port } = new URL(server.origin)
      const user = await signUp(world)
      const inside = [
        `http://127.0.0.1:${port}/client.json`,
        `https://127.0.0.1:${port}/client.json`,
        `http://localhost:${port}/client.json`,
        `https://localhost:${port}/client.json`,
        `https://localhost.:${port}/client.json`,
        `https://[::1]:${port}/client.json`,
        `https://[::ffff:127.0.0.1]:${port}/client.json`,
        `https://[::ffff:7f00:1]:${port}/client.json`,
        `https://0.0.0.0:${port}/client.json`,
        `https://2130706433:${port}/client.json`,
        `https://0x7f000001:${port}/client.json`,
        `https://127.1:${port}/client.json`,
        'https://169.254.169.254/latest/meta-data',
        'https://[::ffff:169.254.169.254]/latest',
        'https://[fd00::1]/client.json',
        'https://[64:ff9b::7f00:1]/client.json',
        'https://10.0.0.1/client.json',
        'https://192.168.1.1/client.json',
        'https://100.64.0.1/client.json',
        `https://user@localhost:${port}/client.json`,
        'file:///etc/passwd',
        'ftp://app.example/client.json',
        'data:application/json,{}',
      ]
      for (const clientId of inside) {
        const request = authorizationRequest({ clientId, secret: null, redirectUri: REDIRECT })
        const page = await authorize(user.browser, request)
        expect([clientId, page.pathname]).toEqual([clientId, '/oauth-error'])
      }
      expect(server.requests).toEqual([])
      expect(await world.adapter.count({ model: 'oauthClient' })).toBe(0)
    } finally {
      await world.close()
      await server.close()
    }
  })

  it('P5 asks for no document where the options say so', async () => {
    const server = await documentServer()
    const world = await openEmbedded({ dangerouslyAllowLoopback: true, metadataDocuments: false })
    try {
      const clientId = `${server.origin}/client.json`
      server.pages.set('/client.json', { body: { client_id: clientId, redirect_uris: [REDIRECT] } })
      const user = await signUp(world)
      const request = authorizationRequest({ clientId, secret: null, redirectUri: REDIRECT })
      expect((await authorize(user.browser, request)).pathname).toBe('/oauth-error')
      expect(server.requests).toEqual([])
    } finally {
      await world.close()
      await server.close()
    }
  })

  it('P5 limits how many new clients one host describes', async () => {
    const server = await documentServer()
    const world = await openEmbedded({ dangerouslyAllowLoopback: true })
    try {
      const user = await signUp(world)
      const found = []
      for (let index = 0; index < 63; index += 1) {
        const clientId = `${server.origin}/${index}.json`
        server.pages.set(`/${index}.json`, {
          body: { client_id: clientId, redirect_uris: [REDIRECT] },
        })
        const request = authorizationRequest({ clientId, secret: null, redirectUri: REDIRECT })
        found.push((await authorize(user.browser, request)).pathname)
      }
      expect(found.filter((path) => path === '/consent')).toHaveLength(60)
      expect(server.requests).toHaveLength(60)
    } finally {
      await world.close()
      await server.close()
    }
  })

  it('P5 two processes that meet a document together store one client', async () => {
    const server = await documentServer()
    const one = await openPostgres({ dangerouslyAllowLoopback: true })
    if (one.connectionString === null) throw new Error('no database')
    const two = await openPostgres({ dangerouslyAllowLoopback: true }, one.connectionString)
    try {
      const clientId = `${server.origin}/client.json`
      server.pages.set('/client.json', { body: { client_id: clientId, redirect_uris: [REDIRECT] } })
      const request = authorizationRequest({ clientId, secret: null, redirectUri: REDIRECT })
      const users = [await signUp(one), await signUp(two)]
      const pages = await Promise.all(users.map(({ browser }) => authorize(browser, request)))
      expect(pages.map(({ pathname }) => pathname)).toEqual(['/consent', '/consent'])
      expect(await one.adapter.count({ model: 'oauthClient' })).toBe(1)
      const [user] = users
      if (!user) throw new Error('nobody')
      const client = { clientId, secret: null, redirectUri: REDIRECT }
      const tokens = await tokensFor(one, user, client, { scope: 'openid' })
      expect(tokens['access_token']).toEqual(expect.any(String))
    } finally {
      await two.close()
      await one.close()
      await server.close()
    }
  })
})

describe('M37 the URL of a document', () => {
  it.each([
    'https://app.example/client.json',
    'https://app.example:8443/oauth/client',
    'https://app.example/a/b?version=1',
    'https://xn--mnchen-3ya.example/client.json',
  ])('can be %s', (clientId) => {
    expect(isDocumentId(clientId)).toBe(true)
  })

  it.each([
    'https://app.example',
    'https://app.example/',
    'https://app.example/#x',
    'https://app.example/client#',
    'https://user@app.example/client',
    'https://user:password@app.example/client',
    'https://app.example/a/../client',
    'https://app.example/./client',
    'https://app.example/%2e%2e/client',
    'https://app.example/a%2fb',
    'https://app.example/a%00',
    'https://APP.example/client',
    'HTTPS://app.example/client',
    'https://app.example:443/client',
    'https://app.example./client',
    'https://münchen.example/client',
    'https://app.example\\client',
    'https:///app.example/client',
    'https://1.2.3.4/client',
    'https://[2606:4700::1]/client',
    'http://app.example/client',
    'http://127.0.0.1/client',
    'ftp://app.example/client',
    'app.example/client',
    `https://app.example/${'a'.repeat(1_000)}`,
    '',
  ])('cannot be %s', (clientId) => {
    expect(isDocumentId(clientId)).toBe(false)
  })

  it('can be on this computer only where that is allowed', () => {
    expect(isDocumentId('http://127.0.0.1:1234/client.json', true)).toBe(true)
    expect(isDocumentId('http://app.example/client.json', true)).toBe(false)
    expect(isDocumentId('https://10.0.0.1/client.json', true)).toBe(false)
  })
})

it.each([
  [null, 3_600],
  ['', 3_600],
  ['public, max-age=300', 300],
  ['max-age=10', 300],
  ['max-age=0', 300],
  ['max-age=999999999', 86_400],
  ['MAX-AGE = 1000', 1_000],
  ['no-store,no-cache,max-age=0', 300],
  ['no-cache', 300],
  ['max-age=-1', 3_600],
  ['max-age=x', 3_600],
])('P5 a document with Cache-Control %j counts for %i seconds', (header, seconds) => {
  expect(lifetimeOfDocument(header)).toBe(seconds)
})
