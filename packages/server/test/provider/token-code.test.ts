import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  codeFor,
  createClient,
  ISSUER,
  type ProviderWorld,
  providerWorlds,
  redeem,
  signUp,
  tokensFor,
} from './support/flow.ts'
import { isActive, redeemWith, refreshWith, travel } from './support/token.ts'

const API = 'https://api.example/mcp'
const OTHER_API = 'https://other.example/mcp'
const RSA_API = 'https://rsa.example/api'

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('the code grant, $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open({
      resources: [
        { identifier: API, scopes: ['mcp:read'] },
        OTHER_API,
        { identifier: RSA_API, signingAlgorithm: 'RS256' },
      ],
      scopes: { 'mcp:read': { title: 'Read' }, 'mcp:write': { title: 'Write' } },
    })
  })
  afterAll(() => world.close())

  const person = () => signUp(world)
  const confidential = () => createClient(world)

  it('P1 PG10 turns a code into an opaque token and an ID token that tells who it is', async () => {
    const user = await person()
    const client = await confidential()
    const { status, headers, body } = await redeem(
      world,
      client,
      await codeFor(user, client, { nonce: 'n-1' }),
    )
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^cs_at_[\w-]{43}$/),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'openid profile email',
      id_token: expect.any(String),
    })
    const token = String(body['id_token'])
    const jwks = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`), {
      [customFetch]: (url, init) => world.handler(new Request(url, { ...init, body: null })),
    })
    const { payload, protectedHeader } = await jwtVerify(token, jwks, {
      issuer: ISSUER,
      audience: client.clientId,
    })
    expect(protectedHeader.alg).toBe('RS256')
    expect(payload).toMatchObject({
      sub: user.id,
      nonce: 'n-1',
      name: user.name,
      email: user.email,
      email_verified: true,
      sid: user.sessionId,
      acr: 'urn:countersign:acr:1',
    })
    expect(payload['auth_time']).toBeTypeOf('number')
    expect(payload['at_hash']).toBeTypeOf('string')
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600)
    expect(await isActive(world, client, body['access_token'])).toBe(true)
  })

  it('PG10 an ID token carries no more claims than the scopes give', async () => {
    const client = await confidential()
    const tokens = await tokensFor(world, await person(), client, { scope: 'openid' })
    const claims = decodeJwt(String(tokens['id_token']))
    expect(claims).not.toHaveProperty('email')
    expect(claims).not.toHaveProperty('name')
    const plain = await createClient(world, { scopes: ['mcp:read'] })
    const without = await tokensFor(world, await person(), plain, { scope: 'mcp:read' })
    expect(without).not.toHaveProperty('id_token')
  })

  it('PG16 a request without scopes gets the default scopes of the client, never all', async () => {
    const scopes = ['openid', 'profile', 'offline_access', 'mcp:read', 'mcp:write']
    const own = await createClient(world, { scopes, defaultScopes: ['mcp:read'] })
    expect(await tokensFor(world, await person(), own, { scope: null })).toMatchObject({
      scope: 'mcp:read',
    })
    const none = await createClient(world, { scopes })
    expect(await tokensFor(world, await person(), none, { scope: null })).toMatchObject({
      scope: 'openid profile',
    })
  })

  it('P6 a token for a resource is a JWT of RFC 9068 with that audience alone', async () => {
    const user = await person()
    const client = await createClient(world, { scopes: ['openid', 'mcp:read', 'mcp:write'] })
    const code = await codeFor(user, client, {
      scope: 'openid mcp:read mcp:write',
      resource: [API, OTHER_API],
    })
    const { body } = await redeemWith(world, client, code, { resource: API })
    const token = String(body['access_token'])
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' })
    expect(decodeJwt(token)).toMatchObject({
      iss: ISSUER,
      aud: API,
      sub: user.id,
      client_id: client.clientId,
      // What means nothing there is left out.
      scope: 'openid mcp:read',
    })
    expect(body['scope']).toBe('openid mcp:read')
    expect(await isActive(world, client, token)).toBe(true)
  })

  it('GHSA-p2fr-6hmx-4528 (vulnerability 6) refuses a resource that was not authorized', async () => {
    const user = await person()
    const client = await confidential()
    const code = await codeFor(user, client, { resource: OTHER_API })
    const other = await redeemWith(world, client, code, { resource: API })
    expect(other).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    const both = await redeemWith(world, client, code, { resource: [API, OTHER_API] })
    expect(both.body).toMatchObject({ error: 'invalid_target' })
    const plain = await codeFor(user, client)
    const late = await redeemWith(world, client, plain, { resource: OTHER_API })
    expect(late.body).toMatchObject({ error: 'invalid_target' })
    // None of it burned a code.
    expect((await redeem(world, client, code)).status).toBe(200)
    expect((await redeem(world, client, plain)).status).toBe(200)
  })

  it('PG2 M41 CVE-2023-48228 (vulnerabilities 37, 41) what is wrong is refused and burns nothing', async () => {
    const user = await person()
    const client = await confidential()
    const stranger = await confidential()
    const code = await codeFor(user, client)
    const short = 'a'.repeat(42)
    const wrong: [object, { error: string; status: number }][] = [
      [{ code_verifier: 'x'.repeat(43) }, { error: 'invalid_grant', status: 400 }],
      [{ code_verifier: null }, { error: 'invalid_grant', status: 400 }],
      [{ code_verifier: short }, { error: 'invalid_grant', status: 400 }],
      [{ redirect_uri: `${code.redirectUri}/` }, { error: 'invalid_grant', status: 400 }],
      [{ redirect_uri: null }, { error: 'invalid_grant', status: 400 }],
      [{ code: null }, { error: 'invalid_request', status: 400 }],
      [{ code: 'unknown' }, { error: 'invalid_grant', status: 400 }],
      [{ grant_type: null }, { error: 'invalid_request', status: 400 }],
      [{ grant_type: 'password' }, { error: 'unsupported_grant_type', status: 400 }],
    ]
    for (const [more, { status, error }] of wrong) {
      const answer = await redeemWith(world, client, code, { ...more })
      expect(answer, JSON.stringify(more)).toMatchObject({ status, body: { error } })
    }
    const foreign = await redeem(world, stranger, code)
    expect(foreign).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const guessed = await redeem(world, { ...client, secret: 'wrong' }, code)
    expect(guessed).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect((await redeem(world, client, code)).status).toBe(200)
  })

  it('P4 a client without a secret proves itself with PKCE alone', async () => {
    const user = await person()
    const app = await createClient(world, { tokenEndpointAuthMethod: 'none' })
    const code = await codeFor(user, app)
    const unproven = await redeemWith(world, app, code, { code_verifier: 'x'.repeat(43) })
    expect(unproven).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await redeem(world, { ...app, secret: 'any' }, code)).status).toBe(401)
    expect((await redeem(world, app, code)).status).toBe(200)
  })

  it('M41 a code is good for a minute', async () => {
    const user = await person()
    const client = await confidential()
    const code = await codeFor(user, client)
    travel(61)
    expect((await redeem(world, client, code)).body).toMatchObject({ error: 'invalid_grant' })
  })

  it('PG2 M42 GHSA-7w99-5wm4-3g79 (vulnerability 4) a late replay ends what the code opened', async () => {
    const user = await person()
    for (const by of ['its client', 'another client'] as const) {
      const client = await confidential()
      const more = { scope: 'openid offline_access' }
      const code = await codeFor(user, client, more)
      const { body } = await redeem(world, client, code)
      const untouched = await tokensFor(world, user, client, more)
      if (by === 'its client') {
        // The same request sent twice is refused, and nothing more.
        expect((await redeem(world, client, code)).status).toBe(400)
        expect(await isActive(world, client, body['access_token'])).toBe(true)
        travel(3)
      }
      const replay = await redeem(world, by === 'its client' ? client : await confidential(), code)
      expect(replay).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(await isActive(world, client, body['access_token'])).toBe(false)
      expect((await refreshWith(world, client, body['refresh_token'])).status).toBe(400)
      // PG14: what another code opened goes on.
      expect(await isActive(world, client, untouched['access_token'])).toBe(true)
      vi.useRealTimers()
    }
  })

  it('PG13 of ten redemptions at the same time one wins, and its tokens are alive', async () => {
    const user = await person()
    const client = await confidential()
    const code = await codeFor(user, client, { scope: 'openid offline_access' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(world, client, code)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ body }) => body['error'] === 'invalid_grant')).toHaveLength(9)
    expect(await isActive(world, client, winners[0]?.body['access_token'])).toBe(true)
    expect((await refreshWith(world, client, winners[0]?.body['refresh_token'])).status).toBe(200)
  })

  it('PG5 P9 no token for a pairwise client carries the id of the person', async () => {
    const user = await person()
    const client = await createClient(world, { subjectType: 'pairwise' })
    const tokens = await tokensFor(world, user, client, { resource: OTHER_API })
    const [access, identity] = [tokens['access_token'], tokens['id_token']].map((token) =>
      decodeJwt(String(token)),
    )
    expect(access?.sub).toBe(identity?.sub)
    expect(JSON.stringify([access, identity])).not.toContain(user.id)
  })

  it('a client has lifetimes of its own, and a resource its algorithm', async () => {
    const client = await createClient(world, { accessTokenLifetime: 120 })
    const tokens = await tokensFor(world, await person(), client, { resource: RSA_API })
    expect(tokens['expires_in']).toBe(120)
    const token = String(tokens['access_token'])
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' })
    const { exp = 0, iat = 0 } = decodeJwt(token)
    expect(exp - iat).toBe(120)
  })

  it('P10 pages of other origins may call it, without cookies', async () => {
    const url = `${ISSUER}/api/auth/oauth2/token`
    const origin = 'https://spa.example'
    const preflight = await world.handler(
      new Request(url, { method: 'OPTIONS', headers: { origin } }),
    )
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.has('access-control-allow-credentials')).toBe(false)
    const answer = await world.handler(new Request(url, { method: 'POST', headers: { origin } }))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('gives a refresh token for offline access, or to plain OAuth clients made for it', async () => {
    const user = await person()
    const client = await createClient(world, { scopes: ['openid', 'offline_access', 'mcp:read'] })
    const online = await tokensFor(world, user, client, { scope: 'openid' })
    expect(online).not.toHaveProperty('refresh_token')
    const offline = await tokensFor(world, user, client, { scope: 'openid offline_access' })
    expect(offline['refresh_token']).toMatch(/^cs_rt_[\w-]{43}$/)
    const plain = await tokensFor(world, user, client, { scope: 'mcp:read' })
    expect(plain['refresh_token']).toMatch(/^cs_rt_/)
    const once = await createClient(world, {
      grantTypes: ['authorization_code'],
      scopes: ['mcp:read'],
    })
    const single = await tokensFor(world, user, once, { scope: 'mcp:read' })
    expect(single).not.toHaveProperty('refresh_token')
  })

  it('a session, a person or a consent that is no more makes no tokens', async () => {
    const { internalAdapter } = world.context
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    const client = await confidential()

    // Without our people plugin nobody can be banned.
    if (world.sql) {
      const banned = await person()
      const first = await codeFor(banned, client)
      await internalAdapter.updateUser(banned.id, { banned: true })
      expect(await redeem(world, client, first)).toMatchObject(refused)
    }

    const deleted = await person()
    const second = await codeFor(deleted, client)
    await internalAdapter.deleteUser(deleted.id)
    expect(await redeem(world, client, second)).toMatchObject(refused)

    const left = await person()
    const third = await codeFor(left, client)
    await world.adapter.deleteMany({
      model: 'session',
      where: [{ field: 'id', value: left.sessionId }],
    })
    expect(await redeem(world, client, third)).toMatchObject(refused)

    const limited = await createClient(world)
    const outsider = await person()
    const fifth = await codeFor(outsider, limited)
    await world.adapter.updateMany({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: limited.clientId }],
      update: { allowedUsers: ['somebody-else'] },
    })
    await vi.waitFor(async () => {
      expect(await redeem(world, limited, fifth)).toMatchObject(refused)
    })
  })

  it('PG6 a consent that was deleted makes no tokens', async () => {
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    const asking = await createClient(world, { skipConsent: false })
    const changing = await person()
    const fourth = await codeFor(changing, asking)
    await world.adapter.deleteMany({
      model: 'oauthConsent',
      where: [{ field: 'userId', value: changing.id }],
    })
    expect(await redeem(world, asking, fourth)).toMatchObject(refused)
  })
})
