import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { createAuth } from '../../src/index.ts'
import { call, ISSUER, SECRET } from '../support/http.ts'
import { newProofKey } from './support/dpop.ts'
import { createClient, signUp, type TestClient, type TestUser, tokensFor } from './support/flow.ts'
import { ownToken, revoke } from './support/tokens.ts'

const API = 'https://api.example/v1'
const RSA_API = 'https://rsa.example/'
type Auth = ReturnType<typeof createAuth>
let auth: Auth
let world: { handler: Auth['handler'] } & Pick<Awaited<Auth['$context']>, 'adapter'> & {
    context: Awaited<Auth['$context']>
  }
let client: TestClient
let user: TestUser

beforeAll(async () => {
  auth = createAuth({
    baseURL: ISSUER,
    secret: SECRET,
    rateLimit: false,
    connectionString: await freshDatabase(),
    provider: {
      resources: [API, { identifier: RSA_API, signingAlgorithm: 'RS256' }],
      scopes: { read: { title: 'Read' }, write: { title: 'Write' } },
    },
  })
  const context = await auth.$context
  world = { handler: auth.handler, adapter: context.adapter, context }
  client = await createClient(world, { scopes: ['openid', 'offline_access', 'read', 'write'] })
  user = await signUp(world)
})
afterAll(() => auth.$close())

const tokenFor = async (more: Record<string, string>) =>
  String((await tokensFor(world, user, client, more))['access_token'])
const refusal = (token: string, needs?: Parameters<Auth['verifyAccessToken']>[1]) =>
  auth.verifyAccessToken(token, needs).then(
    () => null,
    (error: unknown) => error,
  )
const invalid = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
}

describe('an API in the same process', () => {
  it('learns who calls, for whom and with what', async () => {
    const token = await tokenFor({ scope: 'openid read', resource: API })
    expect(await auth.verifyAccessToken(token, { resource: API, scopes: ['read'] })).toEqual({
      userId: user.id,
      clientId: client.clientId,
      scopes: ['openid', 'read'],
      organizationId: null,
      actor: null,
      expiresAt: expect.any(Date),
    })
    const own = await ownToken(world, client, { scope: 'read' })
    expect(await auth.verifyAccessToken(own)).toMatchObject({ userId: null, scopes: ['read'] })
  })

  it('GHSA-p2fr-6hmx-4528 CVE-2026-55669 takes no token that was made for something else', async () => {
    const forApi = await tokenFor({ scope: 'read', resource: API })
    const forNothing = await tokenFor({ scope: 'read' })
    expect(await refusal(forApi)).toMatchObject(invalid)
    expect(await refusal(forApi, { resource: `${API}/` })).toMatchObject(invalid)
    expect(await refusal(forNothing, { resource: API })).toMatchObject(invalid)
    expect(await refusal(forNothing)).toBeNull()
  })

  it('says which scope is missing', async () => {
    const token = await tokenFor({ scope: 'read' })
    expect(await refusal(token, { scopes: ['read', 'write'] })).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="read write"' },
    })
  })

  it('M53 knows at once what was revoked', async () => {
    const token = await tokenFor({ scope: 'read', resource: API })
    expect(await refusal(token, { resource: API })).toBeNull()
    await revoke(world, client, token)
    expect(await refusal(token, { resource: API })).toMatchObject(invalid)
  })

  it('takes no other kind of token', async () => {
    const tokens = await tokensFor(world, user, client, { scope: 'openid offline_access' })
    const session = await user.browser.open('/api/auth/token', {
      headers: { accept: 'application/json' },
    })
    const { token } = (await session.json()) as { token: string }
    for (const other of [tokens['refresh_token'], tokens['id_token'], token, '', 'x']) {
      expect(await refusal(String(other))).toMatchObject(invalid)
    }
  })

  it('takes a bound token only with the key that was proved', async () => {
    const key = await newProofKey()
    const proof = await key.proof('POST', `${ISSUER}/api/auth/oauth2/token`)
    const { body } = await call(auth.handler, 'POST', '/oauth2/token', {
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'read',
        client_id: client.clientId,
        client_secret: client.secret ?? '',
      }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', dpop: proof },
    })
    expect(await refusal(body.access_token)).toMatchObject(invalid)
    expect(await refusal(body.access_token, { jkt: 'another' })).toMatchObject(invalid)
    expect(await refusal(body.access_token, { jkt: key.thumbprint })).toBeNull()
  })
})

describe('the front door', () => {
  it('an access token of an app is nobody there: 401, never a session', async () => {
    const tokens = [
      await tokenFor({ scope: 'openid' }),
      await tokenFor({ scope: 'openid', resource: API }),
      await tokenFor({ scope: 'openid', resource: RSA_API }),
      String((await tokensFor(world, user, client, { scope: 'openid' }))['id_token']),
    ]
    for (const token of tokens) {
      const request = new Request(ISSUER, { headers: { authorization: `Bearer ${token}` } })
      await expect(auth.authenticate(request)).rejects.toMatchObject({ status: 401 })
      for (const path of ['/get-session', '/list-sessions', '/organization/list', '/token']) {
        const answer = await call(auth.handler, 'GET', path, { token })
        expect(answer.status === 401 || answer.body === null, path).toBe(true)
      }
    }
  })
})

it('is refused in words where there is no provider', async () => {
  const other = createAuth({
    baseURL: ISSUER,
    secret: SECRET,
    connectionString: await freshDatabase(),
    logger: { disabled: true },
  })
  await expect(other.verifyAccessToken('x')).rejects.toThrow('`provider`')
  await other.$close()
})
