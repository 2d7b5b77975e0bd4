import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mountAuthRoutes } from '../../src/middleware/hono.ts'
import { BASE, call, ISSUER } from '../support/http.ts'
import { openEmbedded, type ProviderWorld, providerWorlds } from './support/world.ts'

const SERVER_PATHS = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/api/auth',
  '/api/auth/.well-known/oauth-authorization-server',
]
const OPENID_PATHS = SERVER_PATHS.map((path) =>
  path.replace('oauth-authorization-server', 'openid-configuration'),
)
const RESOURCE = '/.well-known/oauth-protected-resource'

const options = {
  scopes: { 'mcp:read': { title: 'Read' }, 'mcp:write': { title: 'Write', sensitive: true } },
  resources: [
    'https://elsewhere.example/api',
    { identifier: `${ISSUER}/mcp`, name: 'Notes', scopes: ['mcp:read', 'mcp:write'] },
    { identifier: `${ISSUER}/deep/api/`, requireDpop: true },
  ],
}

describe.each(providerWorlds)('discovery: $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open(options)
  })
  afterAll(() => world.close())

  const get = (path: string) => call(world.handler, 'GET', ISSUER + path)

  it.each([...SERVER_PATHS, ...OPENID_PATHS])('M33 P6 stands at %s', async (path) => {
    const { status, headers, body } = await get(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toMatch(/^public, max-age=[1-9]/)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    // RFC 8414 section 3.3: a client compares it with what it started from.
    expect(body.issuer).toBe(ISSUER)
    expect(body.token_endpoint).toBe(`${BASE}/oauth2/token`)
    expect(body.authorization_endpoint).toBe(`${BASE}/oauth2/authorize`)
    expect(body.code_challenge_methods_supported).toEqual(['S256'])
  })

  it('GHSA-9h47-pqcx-hjr4 offers nothing unsafe', async () => {
    const { body } = await get(OPENID_PATHS[0] ?? '')
    expect(body).toMatchObject({
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    })
    const text = JSON.stringify(body)
    expect(text).not.toMatch(/"plain"|"HS256"|"implicit"|"password"|fragment/)
    for (const [name, value] of Object.entries(body)) {
      if (name.includes('signing_alg')) expect(value).not.toContain('none')
    }
    expect(body.introspection_endpoint_auth_methods_supported).not.toContain('none')
    // Who asks for all that is advertised does not ask to administer the server.
    expect(body.scopes_supported).toEqual(
      expect.arrayContaining(['openid', 'profile', 'email', 'offline_access', 'mcp:read']),
    )
    expect(body.scopes_supported).not.toContain('oidc:admin')
  })

  it('P6 P7 P8 says what OpenID Connect clients look for', async () => {
    const { body } = await get(OPENID_PATHS[0] ?? '')
    expect(body).toMatchObject({
      userinfo_endpoint: `${BASE}/oauth2/userinfo`,
      end_session_endpoint: `${BASE}/oauth2/end-session`,
      introspection_endpoint: `${BASE}/oauth2/introspect`,
      revocation_endpoint: `${BASE}/oauth2/revoke`,
      pushed_authorization_request_endpoint: `${BASE}/oauth2/par`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      subject_types_supported: ['public', 'pairwise'],
      claims_parameter_supported: true,
      backchannel_logout_supported: true,
      client_id_metadata_document_supported: true,
    })
    expect(body.claims_supported).toEqual(
      expect.arrayContaining(['sub', 'name', 'picture', 'email', 'email_verified', 'updated_at']),
    )
    expect(body.prompt_values_supported).toEqual(
      expect.arrayContaining(['none', 'login', 'consent', 'select_account', 'create']),
    )
    expect(body.grant_types_supported).toEqual(
      expect.arrayContaining(['authorization_code', 'refresh_token', 'client_credentials']),
    )
    expect(body.acr_values_supported.length).toBeGreaterThan(0)
    expect(body.dpop_signing_alg_values_supported).toContain('ES256')
    expect(body.token_endpoint_auth_signing_alg_values_supported).toContain('RS256')
    expect(body.protected_resources).toContain(`${ISSUER}/mcp`)
  })

  it('every endpoint it names is there', async () => {
    const { body } = await get(OPENID_PATHS[0] ?? '')
    for (const [name, url] of Object.entries<string>(body)) {
      if (!/_(endpoint|uri)$/.test(name)) continue
      expect(new URL(url).origin).toBe(ISSUER)
      const answers = [
        await call(world.handler, 'GET', url),
        await call(world.handler, 'POST', url),
      ]
      expect(
        answers.some(({ status }) => status !== 404 && status < 500),
        name,
      ).toBe(true)
    }
  })

  it('P5 names the registration endpoint only when anybody may register', async () => {
    const { body } = await get(SERVER_PATHS[0] ?? '')
    expect(body).not.toHaveProperty('registration_endpoint')
  })

  it('P10 answers HEAD and preflights, and refuses POST', async () => {
    const url = `${ISSUER}${SERVER_PATHS[0]}`
    const send = (method: string) =>
      world.handler(
        new Request(url, {
          method,
          headers: { origin: 'https://inspector.example', 'access-control-request-method': 'GET' },
        }),
      )
    const head = await send('HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(head.headers.get('access-control-allow-origin')).toBe('*')
    const preflight = await send('OPTIONS')
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('*')
    expect(preflight.headers.has('access-control-allow-credentials')).toBe(false)
    const post = await send('POST')
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  it('P10 publishes the keys of every algorithm it signs with, and nothing private', async () => {
    for (const path of ['/.well-known/jwks.json', '/api/auth/jwks']) {
      const { status, headers, body } = await get(path)
      expect(status).toBe(200)
      expect(headers.get('access-control-allow-origin')).toBe('*')
      const keys: Record<string, unknown>[] = body.keys
      expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['EdDSA', 'RS256']))
      for (const key of keys) {
        expect(
          Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name)),
        ).toEqual([])
        expect(key).toMatchObject({ use: 'sig', kid: expect.any(String) })
      }
    }
  })

  it('M32 P6 describes its resources at the root and behind their path', async () => {
    const { body } = await get(`${RESOURCE}/mcp`)
    expect(body).toMatchObject({
      resource: `${ISSUER}/mcp`,
      authorization_servers: [ISSUER],
      scopes_supported: ['mcp:read', 'mcp:write'],
      bearer_methods_supported: ['header'],
      resource_name: 'Notes',
    })
    // The first one at this origin: the one before it is elsewhere.
    expect((await get(RESOURCE)).body).toEqual(body)
    const deep = await get(`${RESOURCE}/deep/api`)
    expect(deep.body).toMatchObject({
      resource: `${ISSUER}/deep/api/`,
      dpop_bound_access_tokens_required: true,
    })
    expect(deep.headers.get('access-control-allow-origin')).toBe('*')
  })

  it.each([
    `${RESOURCE}/other`,
    `${RESOURCE}/api`,
    '/.well-known/openid-configuration/other',
    '/.well-known/oauth-authorization-server/api',
    '/api/auth/.well-known/jwks',
  ])('has nothing at %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  it.each([
    '//.well-known/openid-configuration',
    '/.well-known/openid-configuration/',
    '/.well-known%2fopenid-configuration',
    '/.WELL-KNOWN/openid-configuration',
    '/api/auth//.well-known/openid-configuration',
  ])('GHSA-x732-6j76-qmhm has nothing at %s either', async (path) => {
    expect((await get(path)).status).toBe(404)
  })
})

it('P5 names the registration endpoint when anybody may register', async () => {
  const world = await openEmbedded({ dynamicRegistration: true, metadataDocuments: false })
  try {
    const { body } = await call(world.handler, 'GET', `${ISSUER}${SERVER_PATHS[0]}`)
    expect(body.registration_endpoint).toBe(`${BASE}/oauth2/register`)
    expect(body.client_id_metadata_document_supported).toBe(false)
    expect(body).not.toHaveProperty('protected_resources')
  } finally {
    await world.close()
  }
})

it('M33 P10 stands wherever an application mounts the authority', async () => {
  const world = await openEmbedded()
  try {
    const app = new Hono()
    mountAuthRoutes(app, { handler: world.handler, options: { baseURL: ISSUER } })
    for (const path of [...SERVER_PATHS, ...OPENID_PATHS]) {
      const answer = await app.request(ISSUER + path)
      expect([path, answer.status]).toEqual([path, 200])
    }
    const preflight = await app.request(`${BASE}/oauth2/token`, { method: 'OPTIONS' })
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const changed = await app.request(`${BASE}/oidc/clients/nobody`, { method: 'PUT' })
    expect(changed.status).toBe(401)
  } finally {
    await world.close()
  }
})
