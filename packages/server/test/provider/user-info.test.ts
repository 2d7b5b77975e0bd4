import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BASE, call } from '../support/http.ts'
import {
  codeFor,
  createClient,
  postForm,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { newProofKey } from './support/dpop.ts'
import { type ProviderWorld, providerWorlds } from './support/world.ts'

const USER_INFO = `${BASE}/oauth2/userinfo`
const RESOURCE = 'https://api.example/v1'

describe.each(providerWorlds)('user info: $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    world = await open({ resources: [RESOURCE] })
    client = await createClient(world)
    user = await signUp(world)
  })
  afterAll(() => world.close())

  const tokenWith = async (scope: string, more: Record<string, string> = {}) =>
    String((await tokensFor(world, user, client, { scope, ...more }))['access_token'])
  const get = (token: string) => call(world.handler, 'GET', USER_INFO, { token })

  it('PG10 P7 tells what the scopes give', async () => {
    const { status, headers, body } = await get(await tokenWith('openid profile email'))
    expect(status).toBe(200)
    expect(body).toEqual({
      sub: user.id,
      name: 'Ada Lovelace',
      email: user.email,
      email_verified: true,
      updated_at: expect.any(Number),
    })
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await get(await tokenWith('openid'))).body).toEqual({ sub: user.id })
    expect((await get(await tokenWith('openid email'))).body).toEqual({
      sub: user.id,
      email: user.email,
      email_verified: true,
    })
  })

  it('P8 tells the claims that were asked for by name', async () => {
    const claims = JSON.stringify({ userinfo: { name: null, given_name: null } })
    const { body } = await get(await tokenWith('openid', { claims }))
    expect(body).toEqual({ sub: user.id, name: 'Ada Lovelace' })
  })

  it('takes the token by GET and POST, in the header and in the form', async () => {
    const token = await tokenWith('openid')
    expect((await call(world.handler, 'POST', USER_INFO, { token })).status).toBe(200)
    const form = await postForm(world, '/oauth2/userinfo', { access_token: token })
    expect(form.body).toEqual({ sub: user.id })
    const lower = { headers: { authorization: `bearer ${token}` } }
    expect((await call(world.handler, 'GET', USER_INFO, lower)).status).toBe(200)
  })

  it('never takes it from the URL, and takes it only once', async () => {
    const token = await tokenWith('openid')
    const inUrl = await call(world.handler, 'GET', `${USER_INFO}?access_token=${token}`)
    expect([inUrl.status, inUrl.body.error]).toEqual([400, 'invalid_request'])
    const posted = await call(world.handler, 'POST', `${USER_INFO}?access_token=${token}`)
    expect(posted.status).toBe(401)
    const body = new URLSearchParams({ access_token: token }).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const twice = await call(world.handler, 'POST', USER_INFO, { token, body, headers: type })
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request'])
  })

  it('PG17 challenges who sends no token, and says nothing is wrong with one', async () => {
    const { status, headers } = await call(world.handler, 'GET', USER_INFO)
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toMatch(/^Bearer, DPoP algs="/)
  })

  it('PG17 says what is wrong with a token', async () => {
    const bad = await get('cs_at_nobody-knows-it')
    expect(bad.status).toBe(401)
    expect(bad.headers.get('www-authenticate')).toContain('Bearer error="invalid_token"')
    const { body } = await postForm(
      world,
      '/oauth2/token',
      { grant_type: 'client_credentials', scope: '' },
      client,
    )
    const own = await get(String(body['access_token']))
    expect(own.status).toBe(403)
    expect(own.headers.get('www-authenticate')).toMatch(
      /error="insufficient_scope".*scope="openid"/,
    )
  })

  it('GHSA-p2fr-6hmx-4528 refuses a token that was made for an API', async () => {
    const token = await tokenWith('openid profile', { resource: RESOURCE })
    expect(token.split('.')).toHaveLength(3)
    const { status, headers } = await get(token)
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toContain('invalid_token')
  })

  it('takes no refresh token, ID token or cookie', async () => {
    const tokens = await tokensFor(world, user, client, { scope: 'openid offline_access' })
    for (const name of ['refresh_token', 'id_token']) {
      expect((await get(String(tokens[name]))).status).toBe(401)
    }
    const answer = await user.browser.open(USER_INFO)
    expect(answer.status).toBe(401)
  })

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearer',
    'Bearer  ',
    'Bearer a b',
    'Bearer é',
    'DPoP x',
    'bearer:abc',
    `Bearer ${'a'.repeat(10_000)}`,
  ])('GHSA-xmf8-cvqr-rfgj answers 400 or 401 to Authorization: %s', async (authorization) => {
    const headers = { authorization: authorization.replaceAll('é', '\u00e9') }
    const { status } = await call(world.handler, 'GET', USER_INFO, { headers })
    expect([400, 401]).toContain(status)
  })

  it('P10 answers pages of other origins, without cookies', async () => {
    const token = await tokenWith('openid')
    const headers = { origin: 'https://app.example' }
    const answer = await call(world.handler, 'GET', USER_INFO, { token, headers })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
    const preflight = await world.handler(
      new Request(USER_INFO, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example',
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        },
      }),
    )
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const refused = await call(world.handler, 'GET', USER_INFO, { headers })
    expect(refused.headers.get('access-control-expose-headers')).toContain('www-authenticate')
  })

  it('P6 a bound token takes a proof of its key, made for it and used once', async () => {
    const key = await newProofKey()
    const url = `${BASE}/oauth2/token`
    const { code, verifier, redirectUri } = await codeFor(user, client, { scope: 'openid' })
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      client_id: client.clientId,
      client_secret: client.secret ?? '',
    })
    const tokens = await call(world.handler, 'POST', url, {
      body: form.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        dpop: await key.proof('POST', url),
      },
    })
    expect(tokens.body.token_type).toBe('DPoP')
    const token = String(tokens.body.access_token)
    const ask = async (scheme: string, dpop?: string) =>
      call(world.handler, 'GET', USER_INFO, {
        headers: { authorization: `${scheme} ${token}`, ...(dpop !== undefined && { dpop }) },
      })

    const good = await key.proof('GET', USER_INFO, { token })
    expect((await ask('DPoP', good)).body).toEqual({ sub: user.id })
    const again = await ask('DPoP', good)
    expect([again.status, again.body.error]).toEqual([401, 'invalid_dpop_proof'])
    expect(again.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof"/)
    const stolen = await (await newProofKey()).proof('GET', USER_INFO, { token })
    const bad = [
      await ask('DPoP'),
      await ask('Bearer'),
      await ask('Bearer', await key.proof('GET', USER_INFO, { token })),
      await ask('DPoP', stolen),
      await ask('DPoP', await key.proof('POST', USER_INFO, { token })),
      await ask('DPoP', await key.proof('GET', `${BASE}/oauth2/token`, { token })),
      await ask('DPoP', await key.proof('GET', USER_INFO)),
      await ask('DPoP', await key.proof('GET', USER_INFO, { token: 'another' })),
    ]
    expect(bad.map(({ status }) => status)).toEqual(bad.map(() => 401))
    const unbound = await tokenWith('openid')
    const proof = await key.proof('GET', USER_INFO, { token: unbound })
    const headers = { authorization: `DPoP ${unbound}`, dpop: proof }
    expect((await call(world.handler, 'GET', USER_INFO, { headers })).status).toBe(401)
  })

  it('PG5 P9 a pairwise client never sees the id of a person', async () => {
    const pairwise = await createClient(world, { subjectType: 'pairwise' })
    const tokens = await tokensFor(world, user, pairwise, { scope: 'openid' })
    const { body } = await get(String(tokens['access_token']))
    expect(body.sub).toMatch(/^[\w-]{43}$/)
    const forApi = await tokensFor(world, user, pairwise, { scope: 'openid', resource: RESOURCE })
    for (const jwt of [tokens['id_token'], forApi['access_token'], forApi['id_token']]) {
      const payload = JSON.parse(
        Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString(),
      ) as Record<string, unknown>
      expect(payload['sub']).toBe(body.sub)
      expect(JSON.stringify(payload)).not.toContain(user.id)
    }
    const other = await createClient(world, {
      subjectType: 'pairwise',
      redirectUris: ['https://other.example/cb'],
    })
    const elsewhere = await tokensFor(world, user, other, { scope: 'openid' })
    const there = await get(String(elsewhere['access_token']))
    expect(there.body.sub).not.toBe(body.sub)
  })
})
