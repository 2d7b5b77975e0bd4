import { randomUUID } from 'node:crypto'
import { generateKeyPair, SignJWT } from 'jose'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { as } from './support/administration.ts'
import { documentServer } from './support/document-server.ts'
import {
  authorizationRequest,
  authorize,
  BASE,
  Browser,
  codeFor,
  createClient,
  decide,
  ISSUER,
  openPostgres,
  postForm,
  type ProviderWorld,
  providerWorlds,
  redeem,
  type RequestParameters,
  signUp,
  type TestUser,
} from './support/flow.ts'
import { TestIssuer } from './support/issuer.ts'
import {
  askDevice,
  DEVICE_GRANT,
  deviceClient,
  lookAndAnswer,
  pollDevice,
} from './support/pending.ts'
import { register } from './support/register.ts'
import { refresh } from './support/tokens.ts'

const API = 'https://api.example/mcp'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const scopes = { 'mcp:read': { title: 'Read' }, 'mcp:write': { title: 'Write' } }

describe.each(providerWorlds)('attacks on the provider: $name', ({ open }) => {
  const administrators = new Set<string>()
  let issuer: TestIssuer
  let world: ProviderWorld
  let user: TestUser
  beforeAll(async () => {
    issuer = await TestIssuer.start()
    const jwks = { keys: [await issuer.jwk()] }
    world = await open({
      scopes,
      resources: [API],
      dynamicRegistration: true,
      isAdministrator: ({ id }) => administrators.has(id),
      dangerouslyAllowLoopback: true,
      trustedIssuers: [{ issuer: issuer.url, jwks, identityAssertions: true }],
    })
    user = await signUp(world)
  })
  afterAll(async () => {
    await world.close()
    await issuer.close()
  })

  it.each([
    ['a NUL', String.raw`{"userinfo":{"\u0000":null}}`],
    ['half of a surrogate pair', String.raw`{"userinfo":{"\ud800":null}}`],
    ['a NUL as a value', String.raw`{"id_token":{"name":{"value":"\u0000"}}}`],
    ['endless nesting', `{"userinfo":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
  ])('vulnerability 25 claims with %s are refused when they are asked for', async (_, claims) => {
    const client = await createClient(world)
    const form = authorizationRequest(client, { claims }).parameters.toString()
    // As it is, where a form is not encoded more than it must be.
    const body = form.replaceAll('%5B', '[').replaceAll('%5D', ']')
    const authorization = `Basic ${btoa(`${client.clientId}:${client.secret ?? ''}`)}`
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
    const pushed = await world.handler(
      new Request(`${BASE}/oauth2/par`, { method: 'POST', headers, body }),
    )
    expect(pushed.status).toBe(400)
    expect(await pushed.json()).toMatchObject({ error: 'invalid_request' })
    if (claims.length > 1_000) return
    const back = await authorize(user.browser, authorizationRequest(client, { claims }))
    expect(back.searchParams.get('error')).toBe('invalid_request')
  })

  it.each([
    ['too short', 'EdDSA', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
    ['without its value', 'EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
    ['not on the curve', 'ES256', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }],
  ])('vulnerability 25 a registered key that is %s proves nothing', async (_, alg, key) => {
    const client = await createClient(world, {
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [key] }),
    })
    const { privateKey } = await generateKeyPair(alg)
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg })
      .setIssuer(client.clientId)
      .setSubject(client.clientId)
      .setAudience(ISSUER)
      .setExpirationTime('1m')
      .sign(privateKey)
    const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION }
    const answer = await postForm(world, '/oauth2/token', { ...form, client_assertion: assertion })
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  it('vulnerability 43 an assertion about a name that no database takes is about nobody', async () => {
    const client = await createClient(world, { grantTypes: [JWT_BEARER] })
    for (const sub of ['a\0b', '\uD800', '{"a":"\0"}']) {
      const claims = { sub, aud: ISSUER, client_id: client.clientId, jti: randomUUID() }
      const assertion = await issuer.sign(claims, { typ: 'oauth-id-jag+jwt' })
      const form = { grant_type: JWT_BEARER, assertion }
      expect(await postForm(world, '/oauth2/token', form, client)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
    }
  })

  it('GHSA-p2fr-6hmx-4528 consent for one resource is none for a token without limits', async () => {
    const client = await createClient(world, {
      skipConsent: false,
      scopes: ['openid', 'profile', 'mcp:read'],
    })
    const ask = (more: RequestParameters) =>
      authorize(user.browser, authorizationRequest(client, more))
    const scope = 'openid mcp:read'
    await decide(user.browser, await ask({ scope, resource: API }))
    expect((await ask({ scope, resource: API })).searchParams.has('code')).toBe(true)
    // Who they are is told to the client either way.
    expect((await ask({ scope: 'openid' })).searchParams.has('code')).toBe(true)
    const page = await ask({ scope })
    expect(page.pathname).toBe('/consent')
    await decide(user.browser, page)
    expect((await ask({ scope })).searchParams.has('code')).toBe(true)
    const silent = await ask({ scope, resource: API, prompt: 'none' })
    expect(silent.searchParams.get('error')).toBe('consent_required')
  })

  it('GHSA-p2fr-6hmx-4528 what is allowed without a resource is not allowed at one', async () => {
    const client = await createClient(world, {
      skipConsent: false,
      scopes: ['openid', 'mcp:read', 'mcp:write'],
    })
    const ask = (more: RequestParameters) =>
      authorize(user.browser, authorizationRequest(client, more))
    await decide(user.browser, await ask({ scope: 'openid mcp:read', resource: API }))
    await decide(user.browser, await ask({ scope: 'openid mcp:read mcp:write' }))
    expect((await ask({ scope: 'openid mcp:write', resource: API })).pathname).toBe('/consent')
  })

  it('vulnerability 33 no program on the same computer takes over a consent for a document', async () => {
    const documents = await documentServer()
    try {
      const clientId = `${documents.origin}/client.json`
      const redirectUris = ['https://app.example/callback', 'http://127.0.0.1/callback']
      const body = { client_id: clientId, client_name: 'App', redirect_uris: redirectUris }
      documents.pages.set('/client.json', { body })
      const client = { clientId, secret: null, redirectUri: redirectUris[0] ?? '' }
      const ask = (uri: string, more: RequestParameters = {}) =>
        authorize(user.browser, authorizationRequest(client, { ...more, redirect_uri: uri }))
      await decide(user.browser, await ask('http://127.0.0.1:4711/callback'))
      expect((await ask('http://127.0.0.1:4712/callback')).pathname).toBe('/consent')
      const silent = await ask('http://127.0.0.1:4712/callback', { prompt: 'none' })
      expect(silent.searchParams.get('error')).toBe('consent_required')
      // At its own host nobody else gets the answer.
      expect((await ask(client.redirectUri)).searchParams.has('code')).toBe(true)
    } finally {
      await documents.close()
    }
  })

  it.each([
    ['a list', ['a']],
    ['pairs', [['response_type', 'code']]],
    ['an object', { response_type: 'code' }],
    ['a number', 5],
  ])('vulnerability 20 a signed query that is %s is none', async (_, query) => {
    const nobody = new Browser(world)
    for (const path of ['/sign-in/email', '/sign-up/email', '/sign-out']) {
      const body = { email: 'a@example.com', password: 'correct horse', name: 'A' }
      const answer = await nobody.post(path, { ...body, oauth_query: query })
      expect([path, answer.status]).toEqual([path, 400])
    }
  })

  it('a claim goes with the scope that stands for it, when a person leaves that out', async () => {
    const client = await createClient(world, { skipConsent: false })
    const claims = '{"userinfo":{"email":null,"name":null,"picture":{"essential":true}}}'
    const request = authorizationRequest(client, { scope: 'openid email', claims })
    const page = await authorize(user.browser, request)
    const back = await decide(user.browser, page, { scopes: ['openid'] })
    const code = back.searchParams.get('code') ?? ''
    const { verifier } = request
    const { redirectUri } = client
    const { status, body } = await redeem(world, client, { code, verifier, redirectUri })
    expect(status).toBe(200)
    const headers = { authorization: `Bearer ${String(body['access_token'])}` }
    const known = await world.handler(new Request(`${BASE}/oauth2/userinfo`, { headers }))
    expect(await known.json()).toEqual({ sub: user.id, name: user.name })
    // Whoever asks again for what was left out has the person asked again.
    const again = await authorize(
      user.browser,
      authorizationRequest(client, { scope: 'openid', claims }),
    )
    expect(again.pathname).toBe('/consent')
  })

  it.each([
    ['no scope at all', { scopes: [] }],
    ['no organization', { organization_id: '' }],
  ])('an answer with %s is none, and the ticket stays good', async (_, wrong) => {
    const client = await createClient(world, { skipConsent: false, scopes: ['mcp:read'] })
    const page = await authorize(user.browser, authorizationRequest(client, { scope: 'mcp:read' }))
    const shown = await user.browser.open(`/api/auth/oidc/interaction${page.search}`, {
      headers: { accept: 'application/json' },
    })
    const { ticket } = (await shown.json()) as { ticket: string }
    const answer = (more: object) => {
      const about = { oauth_query: page.search.slice(1), ticket, decision: 'allow' }
      return user.browser.post('/oidc/interaction', { ...about, ...more })
    }
    expect((await answer(wrong)).status).toBe(400)
    expect((await answer({})).status).toBe(200)
  })

  it('a scope that is taken from a client goes from what people allowed it, too', async () => {
    const mine = ['openid', 'offline_access', 'mcp:read']
    const client = await createClient(world, { scopes: mine })
    const asked = { scope: mine.join(' ') }
    const code = await codeFor(user, client, asked)
    const waiting = await codeFor(user, client, asked)
    const { body: tokens } = await redeem(world, client, code)
    const administrator = await signUp(world)
    administrators.add(administrator.id)
    const change = { scopes: ['openid', 'offline_access'] }
    const changed = await as(administrator, 'PUT', `/clients/${client.clientId}`, change)
    expect(changed.status).toBe(200)
    for (const answer of [
      await redeem(world, client, waiting),
      await refresh(world, client, tokens['refresh_token']),
    ]) {
      expect(answer).toMatchObject({ status: 200, body: { scope: 'openid offline_access' } })
    }
    const none = { scopes: ['mcp:write'] }
    await as(administrator, 'PUT', `/clients/${client.clientId}`, none)
    expect(await refresh(world, client, tokens['refresh_token'])).toMatchObject({ status: 400 })
  })

  it('PG5 nobody registers into the pairwise subjects of a host without its redirects', async () => {
    const body = {
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://victim.example/callback'],
      subject_type: 'pairwise',
    }
    const grants = ['authorization_code', DEVICE_GRANT]
    expect((await register(world, { ...body, grant_types: grants })).status).toBe(400)
    const elsewhere = await register(world, { ...body, grant_types: [DEVICE_GRANT] })
    expect(elsewhere).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    const own = { ...body, grant_types: [DEVICE_GRANT], redirect_uris: [] }
    expect((await register(world, own)).status).toBe(201)
    expect((await register(world, body)).status).toBe(201)
  })
})

describe('attacks on the moment in which tokens are made', () => {
  let world: ProviderWorld
  let other: Client
  beforeAll(async () => {
    world = await openPostgres()
    other = new Client({ connectionString: world.connectionString ?? '' })
    await other.connect()
  })
  afterAll(async () => {
    await other.end()
    await world.close()
  })

  async function organizationOf({ id: userId }: TestUser): Promise<string> {
    const { id } = await world.adapter.create<{ id: string }>({
      model: 'organization',
      data: { name: 'One', slug: randomUUID(), createdAt: new Date() },
    })
    const data = { organizationId: id, userId, role: 'member', createdAt: new Date() }
    await world.adapter.create({ model: 'member', data })
    return id
  }

  it.each([
    ['CVE-2026-9798 a ban', 'UPDATE "user" SET banned = true WHERE id = $1'],
    ['the end of a membership', 'DELETE FROM member WHERE user_id = $1'],
  ])('%s that began before a redemption ends what it would open', async (_, statement) => {
    const client = await createClient(world, { skipConsent: false })
    const user = await signUp(world)
    const request = authorizationRequest(client)
    const page = await authorize(user.browser, request)
    const organization = await organizationOf(user)
    const back = await decide(user.browser, page, { organization_id: organization })
    const code = {
      code: back.searchParams.get('code') ?? '',
      verifier: request.verifier,
      redirectUri: client.redirectUri,
    }
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    await other.query('begin')
    await other.query(statement, [user.id])
    expect(await redeem(world, client, code)).toMatchObject(refused)
    await other.query('commit')
    expect(await redeem(world, client, code)).toMatchObject(refused)
  })

  it('a ban that is over does not refuse a code', async () => {
    const client = await createClient(world)
    const user = await signUp(world)
    const code = await codeFor(user, client)
    const ban = `UPDATE "user" SET banned = true, ban_expires = now() - interval '1 s' WHERE id = $1`
    await other.query(ban, [user.id])
    expect((await redeem(world, client, code)).status).toBe(200)
  })

  it('PG6 access that is removed while a device gets its tokens stays removed', async () => {
    const client = await deviceClient(world)
    const user = await signUp(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    expect((await lookAndAnswer(user, code)).status).toBe(200)
    // Holds up the tokens, not the removal.
    await other.query('begin')
    await other.query('SELECT FROM oauth_client WHERE client_id = $1 FOR UPDATE', [client.clientId])
    const polled = pollDevice(world, client, device)
    await vi.waitFor(async () => {
      const text = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND datname = current_database()`
      expect((await other.query(text)).rowCount).toBe(1)
    })
    const removed = await as(user, 'DELETE', `/user/consent/${client.clientId}`)
    expect(removed.status).toBe(200)
    await other.query('commit')
    expect(await polled).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const live = `SELECT FROM oauth_grant WHERE client_id = $1 AND revoked_at IS NULL`
    expect((await other.query(live, [client.clientId])).rowCount).toBe(0)
  })
})
