import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BASE, call, ISSUER } from '../support/http.ts'
import {
  createClient,
  postForm,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { introspect, isActive, ownToken } from './support/tokens.ts'
import { type ProviderWorld, providerWorlds } from './support/world.ts'

const API = 'https://api.example/v1'
const OTHER_API = 'https://other-api.example/'
const MANY = { scope: 'openid profile offline_access' }

describe.each(providerWorlds)('introspection: $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  let other: TestClient
  let user: TestUser
  beforeAll(async () => {
    world = await open({
      resources: [
        API,
        { identifier: OTHER_API, resourceServers: ['other-api'] },
        { identifier: 'https://rsa.example/', signingAlgorithm: 'RS256' },
      ],
      scopes: { read: { title: 'Read' } },
    })
    client = await createClient(world, { scopes: ['openid', 'profile', 'offline_access', 'read'] })
    other = await createClient(world)
    user = await signUp(world)
  })
  afterAll(() => world.close())

  const tokens = (more: Record<string, string> = MANY) => tokensFor(world, user, client, more)

  it('P7 says what an access token means', async () => {
    const { access_token: token } = await tokens()
    const answer = await introspect(world, client, token)
    expect(answer).toEqual({
      active: true,
      iss: ISSUER,
      sub: user.id,
      client_id: client.clientId,
      scope: 'openid profile offline_access',
      name: expect.any(String),
      updated_at: expect.any(Number),
      exp: expect.any(Number),
      iat: expect.any(Number),
      token_type: 'Bearer',
      acr: expect.any(String),
      auth_time: expect.any(Number),
    })
    expect(Number(answer['exp']) - Number(answer['iat'])).toBe(600)
  })

  it('P7 says what a JWT is for, and the same as the JWT itself', async () => {
    const { access_token: token } = await tokens({ ...MANY, resource: API })
    const answer = await introspect(world, client, token)
    const [, payload = ''] = String(token).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >
    expect(answer['aud']).toBe(API)
    for (const name of [
      'iss',
      'sub',
      'aud',
      'exp',
      'iat',
      'client_id',
      'scope',
      'acr',
      'auth_time',
    ]) {
      expect(answer[name], name).toEqual(claims[name])
    }
  })

  it('M44 tells an API what the person shares with it, in the JWT and when asked', async () => {
    const mine = await createClient(world, { scopes: ['openid', 'profile', 'email'] })
    const claimsFor = async (scope: string) => {
      const { access_token: token } = await tokensFor(world, user, mine, { scope, resource: API })
      const [, payload = ''] = String(token).split('.')
      const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
      return [claims, await introspect(world, mine, token)]
    }
    for (const claims of await claimsFor('openid email')) {
      expect(claims).toMatchObject({ sub: user.id, email: user.email, email_verified: true })
      expect(claims).not.toHaveProperty('name')
    }
    for (const claims of await claimsFor('openid')) expect(claims).not.toHaveProperty('email')
  })

  it('P7 knows refresh tokens and those of clients that act for themselves', async () => {
    const { refresh_token: token } = await tokens()
    const answer = await introspect(world, client, token)
    expect(answer).toMatchObject({ active: true, sub: user.id, client_id: client.clientId })
    // Nobody may take it for an access token.
    expect(answer).not.toHaveProperty('token_type')
    const own = await introspect(world, client, await ownToken(world, client, { scope: 'read' }))
    expect(own).toMatchObject({ active: true, sub: client.clientId, scope: 'read' })
    expect(own).not.toHaveProperty('username')
  })

  it.each(['access_token', 'refresh_token', 'nonsense', ''])(
    'P7 a hint is only a hint: %s',
    async (hint) => {
      const { access_token, refresh_token } = await tokens()
      for (const token of [access_token, refresh_token]) {
        const form = { token: String(token), token_type_hint: hint }
        const { body } = await postForm(world, '/oauth2/introspect', form, client)
        expect(body['active']).toBe(true)
      }
    },
  )

  it('tells other clients nothing', async () => {
    const { access_token, refresh_token } = await tokens({ ...MANY, resource: API })
    expect(await introspect(world, other, access_token)).toEqual({ active: false })
    expect(await introspect(world, other, refresh_token)).toEqual({ active: false })
  })

  it('GHSA-p2fr-6hmx-4528 tells a resource server about tokens for its own resource alone', async () => {
    const server = await createClient(world)
    await world.adapter.create({
      model: 'oauthClientResource',
      data: { clientId: server.clientId, resourceId: API, createdAt: new Date() },
    })
    const mine = await tokens({ ...MANY, resource: API })
    expect(await introspect(world, server, mine['access_token'])).toMatchObject({
      active: true,
      aud: API,
      client_id: client.clientId,
    })
    expect(await introspect(world, server, mine['refresh_token'])).toEqual({ active: false })
    const theirs = await tokens({ ...MANY, resource: OTHER_API })
    expect(await introspect(world, server, theirs['access_token'])).toEqual({ active: false })
    const named = await createClient(world, { clientId: 'other-api' })
    expect(await isActive(world, named, theirs['access_token'])).toBe(true)
    expect(await isActive(world, named, theirs['refresh_token'])).toBe(false)
    expect(await isActive(world, named, mine['access_token'])).toBe(false)
    const opaque = await tokens()
    expect(await introspect(world, server, opaque['access_token'])).toEqual({ active: false })

    const where = [{ field: 'clientId', value: server.clientId }]
    await world.adapter.deleteMany({ model: 'oauthClientResource', where })
    expect(await introspect(world, server, mine['access_token'])).toEqual({ active: false })
  })

  it('P9 PG5 names a pairwise subject', async () => {
    const pairwise = await createClient(world, { subjectType: 'pairwise' })
    const { access_token: token } = await tokensFor(world, user, pairwise, { scope: 'openid' })
    const answer = await introspect(world, pairwise, token)
    expect(answer['sub']).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(answer)).not.toContain(user.id)
  })

  it('takes a client that proves who it is', async () => {
    const { access_token: token } = await tokens()
    const form = { token: String(token) }
    const ask = (as?: Pick<TestClient, 'clientId' | 'secret'>) =>
      postForm(world, '/oauth2/introspect', form, as)
    const anybody = await createClient(world, { tokenEndpointAuthMethod: 'none' })
    const disabled = await createClient(world, { disabled: true })
    for (const as of [undefined, anybody, disabled, { ...client, secret: 'cs_cs_wrong' }]) {
      const { status, body } = await ask(as)
      expect([status, body['error']]).toEqual([401, 'invalid_client'])
    }
    const missing = await postForm(world, '/oauth2/introspect', {}, client)
    expect([missing.status, missing.body['error']]).toEqual([400, 'invalid_request'])
    expect((await call(world.handler, 'GET', `${BASE}/oauth2/introspect`)).status).toBe(405)
  })

  it.each(['', ' ', 'cs_at_', 'x'.repeat(9000), '\u0001', 'a b', '../../etc', "' OR 1=1 --", 'é'])(
    'knows nothing of %j',
    async (token) => {
      const { status, body } = await postForm(world, '/oauth2/introspect', { token }, client)
      if (token === '') expect(status).toBe(400)
      else expect([status, body]).toEqual([200, { active: false }])
    },
  )

  it.each([
    ['a JWT', { ...MANY, resource: API }, 'access_token', 1],
    ['a JWT signed with RSA', { ...MANY, resource: 'https://rsa.example/' }, 'access_token', 4],
    ['an opaque token', MANY, 'access_token', 1],
    ['a refresh token', MANY, 'refresh_token', 1],
  ])('CVE-2026-27840 %s that was altered anywhere is not active', async (...facts) => {
    const [, more, name, step] = facts
    const token = String((await tokens(more))[name])
    const flip = (at: number) =>
      token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    const altered = Array.from({ length: token.length / step }, (_one, at) => flip(at * step))
    for (let at = 1; at < token.length; at += 9 * step) {
      altered.push(token.slice(0, at), token.slice(at), token.slice(0, at) + token.slice(at + 1))
    }
    altered.push(...['A', '=', '.', '.A', ' ', '%20'].map((end) => token + end))
    const answers = await Promise.all(altered.map((one) => isActive(world, client, one)))
    expect(altered.filter((_one, at) => answers[at] !== false)).toEqual([])
    expect(await isActive(world, client, token)).toBe(true)
  })

  it('CVE-2026-22817 a JWT that somebody else signed, or nobody, is not active', async () => {
    const token = String((await tokens({ ...MANY, resource: API }))['access_token'])
    const [header = '', payload = '', signature = ''] = token.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >
    const forged = [
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, scope: 'openid oidc:admin' })}.${signature}`,
      `${header}.${encode({ ...claims, exp: 4_000_000_000 })}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
    ]
    for (const one of forged) expect(await isActive(world, client, one)).toBe(false)
  })

  it('GHSA-x732-6j76-qmhm answers under no other spelling', async () => {
    const { access_token: token } = await tokens()
    for (const path of [
      '/oauth2//introspect',
      '/oauth2/introspect/',
      '/oauth2/%69ntrospect',
      '/OAUTH2/introspect',
    ] as const) {
      const { body } = await postForm(world, path, { token: String(token) }, client)
      expect(body['active']).toBeUndefined()
    }
  })
})
