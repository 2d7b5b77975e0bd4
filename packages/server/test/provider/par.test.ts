import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorizationRequest,
  authorize,
  BASE,
  createClient,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  redeem,
  REDIRECT,
  type RequestParameters,
  signUp,
  type TestClient,
  type TestUser,
} from './support/flow.ts'

describe.each(providerWorlds)('P6 pushed requests: $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  let person: TestUser
  beforeAll(async () => {
    world = await open()
    client = await createClient(world)
    person = await signUp(world)
  })
  afterAll(() => world.close())

  function push(more: RequestParameters = {}, by = client) {
    const request = authorizationRequest(client, more)
    const form = Object.fromEntries(
      [...new Set(request.parameters.keys())].map((name) => [
        name,
        request.parameters.getAll(name),
      ]),
    )
    return { request, answer: postForm(world, '/oauth2/par', form, by) }
  }

  async function pushed(more: RequestParameters = {}) {
    const { request, answer } = push(more)
    const { status, body } = await answer
    expect(status).toBe(201)
    return { request, requestUri: String(body['request_uri']), body }
  }

  const openAt = (parameters: Record<string, string>, by = client) =>
    authorize(person.browser, {
      url: `${BASE}/oauth2/authorize?${new URLSearchParams({ client_id: by.clientId, ...parameters })}`,
    })

  it('stand behind a request URI, once', async () => {
    const { request, requestUri, body } = await pushed({ nonce: 'n' })
    expect(requestUri).toMatch(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/)
    expect(body['expires_in']).toBe(90)
    const url = await openAt({ request_uri: requestUri })
    expect([url.searchParams.get('state'), url.searchParams.get('iss')]).toEqual([
      request.state,
      ISSUER,
    ])
    const code = url.searchParams.get('code') ?? ''
    const { verifier } = request
    const redeemed = await redeem(world, client, { code, verifier, redirectUri: REDIRECT })
    expect(redeemed.status).toBe(200)
    expect((await openAt({ request_uri: requestUri })).pathname).toBe('/oauth-error')
  })

  it('are used up by one of ten browsers', async () => {
    const { requestUri } = await pushed()
    const urls = await Promise.all(
      Array.from({ length: 10 }, () => openAt({ request_uri: requestUri })),
    )
    expect(urls.filter((url) => url.searchParams.has('code'))).toHaveLength(1)
    expect(urls.filter((url) => url.pathname === '/oauth-error')).toHaveLength(9)
  })

  it('are for the client that pushed them; another one does not even use them up', async () => {
    const { requestUri } = await pushed()
    const other = await createClient(world)
    expect((await openAt({ request_uri: requestUri }, other)).pathname).toBe('/oauth-error')
    expect((await openAt({ request_uri: requestUri })).searchParams.has('code')).toBe(true)
  })

  it('count as they were pushed: nothing beside the request URI matters', async () => {
    const { request, requestUri } = await pushed({ scope: 'openid' })
    const url = await openAt({
      request_uri: requestUri,
      scope: 'openid email offline_access',
      state: 'other',
      redirect_uri: 'https://evil.example/',
      response_mode: 'fragment',
    })
    expect(url.searchParams.get('state')).toBe(request.state)
    const code = url.searchParams.get('code') ?? ''
    const { verifier } = request
    const { body } = await redeem(world, client, { code, verifier, redirectUri: REDIRECT })
    expect(body['scope']).toBe('openid')
  })

  it('are refused after ninety seconds', async () => {
    const { requestUri } = await pushed()
    const rows = await world.adapter.findMany<{ id: string; expiresAt: Date }>({
      model: 'verification',
      sortBy: { field: 'createdAt', direction: 'desc' },
      limit: 1,
    })
    const [row] = rows
    expect(new Date(row?.expiresAt ?? 0).getTime() - Date.now()).toBeLessThanOrEqual(90_000)
    await world.adapter.update({
      model: 'verification',
      where: [{ field: 'id', value: row?.id ?? '' }],
      update: { expiresAt: new Date(Date.now() - 1) },
    })
    expect((await openAt({ request_uri: requestUri })).pathname).toBe('/oauth-error')
  })

  it.each<[string, RequestParameters, number, string]>([
    ['a wrong secret', { client_secret: 'cs_cs_wrong' }, 400, 'invalid_request'],
    ['another client', { client_id: 'other' }, 400, 'invalid_request'],
    ['a request URI', { request_uri: 'urn:x' }, 400, 'invalid_request'],
    [
      'an unregistered redirect URI',
      { redirect_uri: 'https://evil.example/' },
      400,
      'invalid_request',
    ],
    ['no challenge', { code_challenge: null }, 400, 'invalid_request'],
    ['a foreign scope', { scope: 'openid oidc:admin' }, 400, 'invalid_scope'],
    ['a duplicate', { nonce: ['a', 'b'] }, 400, 'invalid_request'],
    ['a request object', { request: 'e30.' }, 400, 'request_not_supported'],
  ])('with %s are refused', async (_, more, status, error) => {
    const answer = await push(more).answer
    expect([answer.status, answer.body['error']]).toEqual([status, error])
  })

  it('need a client that proves who it is', async () => {
    const wrong = await push({}, { ...client, secret: 'cs_cs_wrong' }).answer
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client'])
    const nobody = await push({ client_id: 'nobody' }, { ...client, clientId: 'nobody' }).answer
    expect([nobody.status, nobody.body['error']]).toEqual([401, 'invalid_client'])
    const get = await world.handler(new Request(`${BASE}/oauth2/par`))
    expect(get.status).toBe(405)
  })
})
