import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Client } from '../../src/provider/clients/client.ts'
import {
  BASE,
  createClient,
  hashed,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  type RequestParameters,
  type TestClient,
} from './support/flow.ts'
import { isActive, travel } from './support/token.ts'

const TOKEN = `${BASE}/oauth2/token`
const API = 'https://api.example/mcp'
const form = 'application/x-www-form-urlencoded'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('clients at the token endpoint, $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open({
      resources: [{ identifier: API, scopes: ['reports:read'] }],
      scopes: {
        'reports:read': { title: 'Read reports', default: true },
        'reports:write': { title: 'Write reports' },
      },
    })
  })
  afterAll(() => world.close())

  const machine = (row: Partial<Client> = {}) =>
    createClient(world, {
      grantTypes: ['client_credentials'],
      scopes: ['openid', 'email', 'offline_access', 'reports:read', 'reports:write'],
      ...row,
    })
  const ask = (client?: Pick<TestClient, 'clientId' | 'secret'>, more: RequestParameters = {}) =>
    postForm(world, '/oauth2/token', { grant_type: 'client_credentials', ...more }, client)
  const withHeader = async (authorization: string, body = 'grant_type=client_credentials') => {
    const headers = { 'content-type': form, authorization }
    const response = await world.handler(new Request(TOKEN, { method: 'POST', headers, body }))
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      body: (await response.json()) as Record<string, unknown>,
    }
  }

  describe('client_credentials', () => {
    it('P3 client_credentials gives a client a token for itself, with its default scopes and none of a person', async () => {
      const client = await machine()
      const { status, body } = await ask(client)
      expect(status).toBe(200)
      expect(body).toEqual({
        access_token: expect.stringMatching(/^cs_at_/),
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'reports:read',
      })
      expect(await isActive(world, client, body['access_token'])).toBe(true)
      for (const scope of ['openid', 'offline_access', 'unheard:of', 'reports:read email']) {
        const refused = await ask(client, { scope })
        expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
      }
      const wide = await ask(client, { scope: 'reports:write  reports:read' })
      expect(wide.body).toMatchObject({ scope: 'reports:write reports:read' })
      const brief = await machine({ accessTokenLifetime: 90 })
      expect((await ask(brief)).body).toMatchObject({ expires_in: 90 })
    })

    it('P6 names a resource, or is refused with invalid_target', async () => {
      const client = await machine()
      const { body } = await ask(client, { resource: API })
      expect(String(body['access_token']).split('.')).toHaveLength(3)
      expect(body['scope']).toBe('reports:read')
      const foreign = await ask(client, { resource: 'https://elsewhere.example' })
      expect(foreign).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
      // What means nothing to the resource cannot be asked for there.
      const wide = await ask(client, { resource: API, scope: 'reports:write' })
      expect(wide.body).toMatchObject({ error: 'invalid_scope' })
    })

    it('vulnerability 20 is refused to clients that are not registered for it', async () => {
      const web = await createClient(world, { grantTypes: ['authorization_code'] })
      expect(await ask(web)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
      const published = await machine({ tokenEndpointAuthMethod: 'none' })
      expect(await ask(published)).toMatchObject({
        status: 400,
        body: { error: 'unauthorized_client' },
      })
    })
  })

  describe('a secret', () => {
    it('P4 is accepted in the header and in the form, with its special characters encoded', async () => {
      const secret = 'a+b c:d%/é&='
      const client = { ...(await machine({ clientSecret: hashed(secret) })), secret }
      expect((await ask(client)).status).toBe(200)
      const encoded = new URLSearchParams({ '': secret }).toString().slice(1)
      expect((await withHeader(`Basic ${btoa(`${client.clientId}:${encoded}`)}`)).status).toBe(200)
      const posted = { client_id: client.clientId, client_secret: secret }
      expect((await ask(undefined, posted)).status).toBe(200)
    })

    it('PG8 an unknown client and a wrong secret are invalid_client, with a challenge for the header', async () => {
      const client = await machine()
      for (const wrong of [
        { ...client, secret: 'wrong' },
        { ...client, secret: hashed(client.secret ?? '') },
        { clientId: 'unknown', secret: 'x' },
      ]) {
        const answer = await ask(wrong)
        expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
        expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
        expect(answer.headers.get('cache-control')).toBe('no-store')
      }
      const posted = { client_id: 'unknown', client_secret: 'x' }
      const answer = await ask(undefined, posted)
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(answer.headers.get('www-authenticate')).toBeNull()
    })

    it('the one before counts until its time is over', async () => {
      const client = await machine({
        previousSecret: hashed('before'),
        previousSecretExpiresAt: new Date(Date.now() + 60_000),
      })
      expect((await ask({ ...client, secret: 'before' })).status).toBe(200)
      expect((await ask(client)).status).toBe(200)
      travel(61)
      expect((await ask({ ...client, secret: 'before' })).status).toBe(401)
      expect((await ask(client)).status).toBe(200)
    })

    it('a disabled client is refused, and one that was registered for another method', async () => {
      expect((await ask(await machine({ disabled: true }))).status).toBe(401)
      const keyed = await machine({
        tokenEndpointAuthMethod: 'private_key_jwt',
        clientSecret: hashed('secret'),
      })
      expect((await ask({ ...keyed, secret: 'secret' })).status).toBe(401)
      const published = await machine({
        tokenEndpointAuthMethod: 'none',
        clientSecret: hashed('secret'),
      })
      expect((await ask({ ...published, secret: 'secret' })).status).toBe(401)
    })
  })

  it('P4 two methods at once are refused, and so are two clients', async () => {
    const client = await machine()
    const twice = await ask(client, { client_secret: client.secret })
    expect(twice).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const other = await ask(client, { client_id: (await machine()).clientId })
    expect(other).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect((await ask(client, { client_id: client.clientId })).status).toBe(200)
  })

  it('GHSA-xmf8-cvqr-rfgj (vulnerability 25) no Authorization header makes it fail', async () => {
    const { clientId } = await machine()
    const headers = [
      'Basic',
      'Basic ',
      'Basic !!!',
      'Basic Og==',
      `Basic ${btoa(':secret')}`,
      `Basic ${btoa(clientId)}`,
      `Basic ${btoa(`${clientId}:%`)}`,
      `Basic ${btoa(`${clientId}:%ff%fe`)}`,
      `Basic ${btoa(`${'a'.repeat(5000)}:b`)}`,
      `Basic ${btoa(`${clientId}\0:b`)}`,
      'Basic /////w==',
      'Bearer x',
      'Basic a, Basic b',
      'Digest username="x"',
      '=',
    ]
    for (const header of headers) {
      const { status, body, challenge } = await withHeader(header)
      expect(status, header).toBe(401)
      expect(body['error'], header).toBe('invalid_client')
      expect(challenge, header).toMatch(/^Basic /)
    }
  })

  it('PG12 duplicates, parameters in the URL and other content types are refused', async () => {
    const client = await machine()
    const post = (url: string, body: string, type = form) =>
      world
        .handler(new Request(url, { method: 'POST', headers: { 'content-type': type }, body }))
        .then((response) => response.json() as Promise<unknown>)
    const refused = { error: 'invalid_request' }
    const all = `grant_type=client_credentials&client_id=${client.clientId}&client_secret=${client.secret}`
    expect(await post(TOKEN, `${all}&scope=a&scope=b`)).toMatchObject(refused)
    expect(await post(`${TOKEN}?${all}`, 'a=b')).toMatchObject(refused)
    expect(await post(TOKEN, JSON.stringify({}), 'application/json')).toMatchObject(refused)
  })

  it('PG12 authorization details are refused by name wherever a client may send them', async () => {
    const client = await machine({
      grantTypes: [
        'client_credentials',
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:openid:params:grant-type:ciba',
      ],
    })
    const details = { authorization_details: '[{"type":"payment"}]' }
    for (const [path, asked] of [
      ['/oauth2/token', { grant_type: 'client_credentials' }],
      ['/oauth2/device_authorization', { scope: 'openid' }],
      ['/oauth2/bc-authorize', { scope: 'openid', login_hint: 'ada@example.com' }],
    ] as const) {
      const { status, body } = await postForm(world, path, { ...asked, ...details }, client)
      expect([path, status, body]).toEqual([
        path,
        400,
        {
          error: 'invalid_authorization_details',
          error_description: '`authorization_details` is not supported.',
        },
      ])
    }
  })

  it('PG12 an empty or padded scope is read as what it says', async () => {
    const client = await machine()
    for (const [scope, given] of [
      ['', 'reports:read'],
      ['   ', 'reports:read'],
      ['  reports:write ', 'reports:write'],
    ]) {
      expect((await ask(client, { scope })).body['scope']).toBe(given)
    }
  })

  describe('private_key_jwt', () => {
    interface Assertion {
      readonly claims?: Record<string, unknown>
      readonly alg?: string
      readonly key?: Parameters<SignJWT['sign']>[0]
    }
    const keyed = async (alg: string) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      const jwk = { ...(await exportJWK(publicKey)), alg, kid: 'k1' }
      const client = await machine({
        tokenEndpointAuthMethod: 'private_key_jwt',
        clientSecret: null,
        jwks: JSON.stringify({ keys: [jwk] }),
      })
      const sign = ({ claims = {}, alg: other = alg, key = privateKey }: Assertion = {}) => {
        const now = Math.floor(Date.now() / 1000)
        const all: Record<string, unknown> = {
          iss: client.clientId,
          sub: client.clientId,
          aud: ISSUER,
          jti: crypto.randomUUID(),
          iat: now,
          exp: now + 60,
          ...claims,
        }
        return new SignJWT(all).setProtectedHeader({ alg: other, kid: 'k1' }).sign(key)
      }
      return { client, sign, jwk }
    }
    const prove = (assertion: string, more: RequestParameters = {}) =>
      ask(undefined, { client_assertion_type: ASSERTION, client_assertion: assertion, ...more })

    it.each(['EdDSA', 'Ed25519', 'ES256', 'RS256', 'PS256'])(
      'P4 is accepted with %s',
      async (alg) => {
        const { client, sign } = await keyed(alg)
        expect((await prove(await sign())).status).toBe(200)
        const named = { client_id: client.clientId }
        expect((await prove(await sign({ claims: { aud: TOKEN } }), named)).status).toBe(200)
        const list = await sign({ claims: { aud: [TOKEN] } })
        expect((await prove(list)).status).toBe(200)
      },
    )

    it('P4 counts once, however often it is sent at the same time', async () => {
      const { sign } = await keyed('ES256')
      const assertion = await sign()
      const answers = await Promise.all(Array.from({ length: 8 }, () => prove(assertion)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(7)
    })

    it('CVE-2026-22817 CVE-2026-22818 (vulnerability 46) is refused when anything about it is wrong', async () => {
      const { client, sign, jwk } = await keyed('RS256')
      const stranger = await keyed('RS256')
      const now = Math.floor(Date.now() / 1000)
      const claims: Record<string, unknown>[] = [
        { aud: 'https://elsewhere.example' },
        { aud: `${ISSUER}/` },
        { aud: [ISSUER, 'https://elsewhere.example'] },
        { aud: [] },
        { aud: undefined },
        { iss: stranger.client.clientId },
        { sub: stranger.client.clientId },
        { exp: now - 60 },
        { exp: now + 3600 },
        { exp: undefined },
        { jti: undefined },
        { jti: '' },
        { jti: 7 },
        { nbf: now + 600 },
      ]
      for (const wrong of claims) {
        const answer = await prove(await sign({ claims: wrong }), { client_id: client.clientId })
        expect(answer.status, JSON.stringify(wrong)).toBe(401)
        expect(answer.body['error']).toBe('invalid_client')
      }
      const secret = new TextEncoder().encode(JSON.stringify(jwk))
      const [head = '', body = '', signature = ''] = (await sign()).split('.')
      const none = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${body}.`
      const forged = [
        await sign({ alg: 'HS256', key: secret }),
        none,
        `${none}${signature}`,
        `${head}.${body}.`,
        `${head}.${body}`,
        `${head}.${body}.${signature.slice(0, -4)}`,
        await stranger.sign({ claims: { iss: client.clientId, sub: client.clientId } }),
        'x',
        '..',
      ]
      for (const assertion of forged) {
        const answer = await prove(assertion, { client_id: client.clientId })
        expect(answer.status, assertion).toBe(401)
      }
      const untyped = await prove(await sign(), { client_assertion_type: null })
      expect(untyped).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    })
  })
})
