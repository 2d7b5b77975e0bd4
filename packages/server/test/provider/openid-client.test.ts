import { exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS_TOKEN, EXCHANGE_GRANT, exchangingClient } from './support/exchange.ts'
import {
  authorize,
  createClient,
  decide,
  REDIRECT,
  signUp,
  type TestClient,
  type TestUser,
} from './support/flow.ts'
import { answerRequest, cibaClient, deviceClient, inbox, lookAndAnswer } from './support/pending.ts'
import { openServed, type ServedProvider, servedWorlds } from './support/served.ts'

const API = 'https://api.example/mcp'
const BYE = 'https://app.example/bye'

/** What `openid-client` is told about a registered client, besides its id. */
interface Known {
  readonly issuer: string
  readonly authentication?: openid.ClientAuth
}

/** Discovery as an application does it: it knows the issuer and its own credentials. */
async function discover(client: TestClient, known: Known): Promise<openid.Configuration> {
  const secret = client.secret ?? undefined
  const authentication =
    known.authentication ??
    (secret === undefined ? openid.None() : openid.ClientSecretBasic(secret))
  const config = await openid.discovery(
    new URL(known.issuer),
    client.clientId,
    secret,
    authentication,
    { execute: [openid.allowInsecureRequests] },
  )
  // ID tokens from the token endpoint are checked against the JWK Set, too.
  openid.enableNonRepudiationChecks(config)
  return config
}

/** A person follows a link of an application, says yes when asked, and lands there again. */
async function visit({ browser }: Pick<TestUser, 'browser'>, url: URL): Promise<URL> {
  const page = await authorize(browser, { url: url.href })
  return page.pathname === '/consent' ? decide(browser, page) : page
}

interface Started {
  readonly parameters: Record<string, string>
  readonly checks: openid.AuthorizationCodeGrantChecks
}

async function start(more: Record<string, string> = {}): Promise<Started> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const expectedState = openid.randomState()
  const expectedNonce = openid.randomNonce()
  const parameters = {
    redirect_uri: REDIRECT,
    scope: 'openid profile email offline_access',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, checks: { pkceCodeVerifier, expectedState, expectedNonce } }
}

/** The whole of a sign-in: link, person, code, tokens, checks of the library. */
async function signInWith(
  config: openid.Configuration,
  person: Pick<TestUser, 'browser'>,
  more: Record<string, string> = {},
) {
  const { parameters, checks } = await start(more)
  const answer = await visit(person, openid.buildAuthorizationUrl(config, parameters))
  return openid.authorizationCodeGrant(config, answer, checks)
}

const refresh = (config: openid.Configuration, token: string | undefined) =>
  openid.refreshTokenGrant(config, token ?? '')

describe.each(servedWorlds)('openid-client 6, $name', ({ open }) => {
  let provider: ServedProvider
  let app: TestClient
  let person: TestUser
  let config: openid.Configuration
  beforeAll(async () => {
    provider = await openServed(open, {
      resources: [API],
      scopes: { 'mcp:read': { title: 'Read' } },
      dynamicRegistration: true,
    })
    app = await createClient(provider, { skipConsent: false, postLogoutRedirectUris: [BYE] })
    person = await signUp(provider)
    config = await discover(app, provider)
  })
  afterAll(() => provider.close())

  it.each(['oidc', 'oauth2'] as const)('PP1 openid-client: discovery by %s', async (algorithm) => {
    const server = new URL(provider.issuer)
    const options = { algorithm, execute: [openid.allowInsecureRequests] }
    const found = await openid.discovery(server, app.clientId, undefined, undefined, options)
    expect(found.serverMetadata().issuer).toBe(provider.issuer)
    expect(found.serverMetadata().supportsPKCE()).toBe(true)
  })

  it('PP1 P1 PG10 openid-client: authorize, consent, code with PKCE, ID token', async () => {
    const tokens = await signInWith(config, person)
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: expect.any(String) })
    expect(tokens.expiresIn()).toBeGreaterThan(0)
    expect(tokens.claims()).toMatchObject({
      iss: provider.issuer,
      aud: app.clientId,
      sub: person.id,
      email: person.email,
      name: person.name,
      sid: person.sessionId,
    })
  })

  it('PP1 P8 openid-client: max_age comes back as auth_time', async () => {
    const { parameters, checks } = await start({ max_age: '3600' })
    const answer = await visit(person, openid.buildAuthorizationUrl(config, parameters))
    const tokens = await openid.authorizationCodeGrant(config, answer, { ...checks, maxAge: 3600 })
    expect(tokens.claims()?.auth_time).toEqual(expect.any(Number))
  })

  it('PP1 P1 openid-client: the iss, state and error of an answer', async () => {
    const { parameters, checks } = await start()
    const answer = await visit(person, openid.buildAuthorizationUrl(config, parameters))
    expect(answer.searchParams.get('iss')).toBe(provider.issuer)
    const mixedUp = new URL(answer)
    mixedUp.searchParams.set('iss', 'https://other.example')
    await expect(openid.authorizationCodeGrant(config, mixedUp, checks)).rejects.toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
    })
    const without = new URL(answer)
    without.searchParams.delete('iss')
    await expect(openid.authorizationCodeGrant(config, without, checks)).rejects.toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
    })
    // What nobody redeemed is still good.
    expect(await openid.authorizationCodeGrant(config, answer, checks)).toHaveProperty('id_token')

    const denied = await start({ prompt: 'consent' })
    const url = openid.buildAuthorizationUrl(config, denied.parameters)
    const page = await authorize(person.browser, { url: url.href })
    const refused = await decide(person.browser, page, { decision: 'deny' })
    await expect(
      openid.authorizationCodeGrant(config, refused, denied.checks),
    ).rejects.toMatchObject({ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'access_denied' })
  })

  it('PP1 PG2 openid-client: a wrong verifier is invalid_grant, and burns nothing', async () => {
    const { parameters, checks } = await start()
    const answer = await visit(person, openid.buildAuthorizationUrl(config, parameters))
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    await expect(
      openid.authorizationCodeGrant(config, answer, { ...checks, pkceCodeVerifier }),
    ).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await openid.authorizationCodeGrant(config, answer, checks)).toHaveProperty('id_token')
  })

  it('PP1 openid-client: user info, of the right person', async () => {
    const { access_token } = await signInWith(config, person)
    expect(await openid.fetchUserInfo(config, access_token, person.id)).toMatchObject({
      sub: person.id,
      email: person.email,
      name: person.name,
    })
    await expect(openid.fetchUserInfo(config, access_token, 'somebody else')).rejects.toMatchObject(
      { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' },
    )
    await expect(openid.fetchUserInfo(config, 'wrong', person.id)).rejects.toMatchObject({
      status: 401,
      cause: expect.arrayContaining([
        expect.objectContaining({
          scheme: 'bearer',
          parameters: expect.objectContaining({ error: 'invalid_token' }),
        }),
      ]),
    })
  })

  it('PP1 P2 openid-client: refresh', async () => {
    const first = await signInWith(config, person)
    const second = await refresh(config, first.refresh_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    expect(second.claims()?.sub).toBe(person.id)
    expect(await openid.fetchUserInfo(config, second.access_token, person.id)).toHaveProperty('sub')
    await expect(refresh(config, 'wrong')).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('PP1 P7 PG1 openid-client: introspect and revoke', async () => {
    const { access_token, refresh_token = '' } = await signInWith(config, person)
    expect(await openid.tokenIntrospection(config, access_token)).toMatchObject({
      active: true,
      sub: person.id,
      client_id: app.clientId,
    })
    await openid.tokenRevocation(config, refresh_token, { token_type_hint: 'refresh_token' })
    for (const token of [access_token, refresh_token]) {
      expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false })
    }
    // PG1: a token that nobody knows is no error.
    await expect(openid.tokenRevocation(config, 'wrong')).resolves.toBeUndefined()
  })

  it('PP1 P7 openid-client: end session', async () => {
    const leaving = await signUp(provider)
    const { id_token = '', access_token } = await signInWith(config, leaving, { scope: 'openid' })
    const state = openid.randomState()
    const url = openid.buildEndSessionUrl(config, {
      id_token_hint: id_token,
      post_logout_redirect_uri: BYE,
      state,
    })
    expect((await visit(leaving, url)).href).toBe(`${BYE}?state=${state}`)
    await expect
      .poll(() => openid.tokenIntrospection(config, access_token))
      .toEqual({ active: false })
    const { parameters } = await start()
    const again = await visit(leaving, openid.buildAuthorizationUrl(config, parameters))
    expect(again.pathname).toBe('/sign-in')
  })

  it('PP1 P6 openid-client: PAR', async () => {
    const { parameters, checks } = await start()
    const url = await openid.buildAuthorizationUrlWithPAR(config, parameters)
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    const answer = await visit(person, url)
    const tokens = await openid.authorizationCodeGrant(config, answer, checks)
    expect(tokens.claims()?.sub).toBe(person.id)
    await expect(
      openid.buildAuthorizationUrlWithPAR(config, { ...parameters, redirect_uri: BYE }),
    ).rejects.toMatchObject({ error: 'invalid_request' })
  })

  it('PP1 P6 openid-client: DPoP without a nonce', async () => {
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
    const { parameters, checks } = await start()
    const pushed = await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    const answer = await visit(person, pushed)
    const tokens = await openid.authorizationCodeGrant(config, answer, checks, {}, { DPoP })
    expect(tokens.token_type).toBe('dpop')
    const { access_token } = tokens
    const info = await openid.fetchUserInfo(config, access_token, person.id, { DPoP })
    expect(info.sub).toBe(person.id)
    await expect(openid.fetchUserInfo(config, access_token, person.id)).rejects.toMatchObject({
      status: 401,
    })
    const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
    await expect(
      openid.fetchUserInfo(config, access_token, person.id, { DPoP: other }),
    ).rejects.toMatchObject({ status: 401 })
    expect(await openid.tokenIntrospection(config, access_token)).toMatchObject({
      token_type: 'DPoP',
      cnf: { jkt: expect.any(String) },
    })
    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', {}, { DPoP })
    expect(renewed.token_type).toBe('dpop')
  })

  it('PP1 P3 openid-client: device grant', async () => {
    const device = await discover(await deviceClient(provider), provider)
    const asked = await openid.initiateDeviceAuthorization(device, { scope: 'openid email' })
    expect(asked.verification_uri).toBe(`${provider.issuer}/device`)
    expect((await lookAndAnswer(person, asked.user_code)).status).toBe(200)
    const soon = { ...asked, interval: 0.01 }
    const tokens = await openid.pollDeviceAuthorizationGrant(device, soon)
    expect(tokens.claims()).toMatchObject({ sub: person.id, email: person.email })
    await expect(openid.pollDeviceAuthorizationGrant(device, soon)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('PP1 P3 openid-client: a device that is refused', async () => {
    const device = await discover(await deviceClient(provider), provider)
    const asked = await openid.initiateDeviceAuthorization(device, { scope: 'openid' })
    await lookAndAnswer(person, asked.user_code, { decision: 'deny' })
    await expect(
      openid.pollDeviceAuthorizationGrant(device, { ...asked, interval: 0.01 }),
    ).rejects.toMatchObject({ error: 'access_denied' })
  })

  it('PP1 P3 openid-client: CIBA', async () => {
    const client = await cibaClient(provider, { scopes: ['openid', 'email'] })
    const asking = await discover(client, provider)
    const asked = await openid.initiateBackchannelAuthentication(asking, {
      scope: 'openid email',
      login_hint: person.email,
      binding_message: 'W4SCT',
    })
    const [waiting] = (await inbox(person)).body.approvals
    const { id, ticket } = waiting
    expect((await answerRequest(person, id, { ticket })).status).toBe(200)
    const soon = { ...asked, interval: 0.01 }
    const tokens = await openid.pollBackchannelAuthenticationGrant(asking, soon)
    expect(tokens.claims()).toMatchObject({ sub: person.id, email: person.email })
  })

  it('PP1 P4 openid-client: private_key_jwt', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }
    const client = await createClient(provider, {
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [jwk] }),
    })
    const authentication = openid.PrivateKeyJwt({ key: privateKey, kid: 'one' })
    const keyed = await discover(client, { issuer: provider.issuer, authentication })
    const { parameters, checks } = await start()
    const url = await openid.buildAuthorizationUrlWithPAR(keyed, parameters)
    const answer = await visit(person, url)
    const tokens = await openid.authorizationCodeGrant(keyed, answer, checks)
    expect(await refresh(keyed, tokens.refresh_token)).toHaveProperty('access_token')
    expect(await openid.tokenIntrospection(keyed, tokens.access_token)).toMatchObject({
      active: true,
    })
    const stranger = await generateKeyPair('ES256')
    const forged = openid.PrivateKeyJwt({ key: stranger.privateKey, kid: 'one' })
    const evil = await discover(client, { issuer: provider.issuer, authentication: forged })
    await expect(openid.clientCredentialsGrant(evil)).rejects.toMatchObject({
      status: 401,
      error: 'invalid_client',
    })
  })

  it.each([
    ['client_secret_basic', openid.ClientSecretBasic],
    ['client_secret_post', openid.ClientSecretPost],
  ] as const)('PP1 P3 P4 openid-client: client_credentials by %s', async (method, prove) => {
    const service = await createClient(provider, {
      tokenEndpointAuthMethod: method,
      scopes: ['mcp:read'],
    })
    const authentication = prove(service.secret ?? '')
    const known = await discover(service, { issuer: provider.issuer, authentication })
    const tokens = await openid.clientCredentialsGrant(known, { scope: 'mcp:read', resource: API })
    expect(tokens.refresh_token).toBeUndefined()
    expect(await openid.tokenIntrospection(known, tokens.access_token)).toMatchObject({
      active: true,
      aud: API,
      sub: service.clientId,
      scope: 'mcp:read',
    })
    const wrong = await discover(service, { issuer: provider.issuer, authentication: prove('x') })
    await expect(openid.clientCredentialsGrant(wrong)).rejects.toMatchObject({
      status: 401,
    })
  })

  it('PP1 P3 openid-client: token exchange', async () => {
    const planner = await exchangingClient(provider)
    const known = await discover(planner, provider)
    const subject = await signInWith(
      await discover(await exchangingClient(provider), provider),
      person,
      { scope: 'openid mcp:read' },
    )
    const exchanged = await openid.genericGrantRequest(known, EXCHANGE_GRANT, {
      subject_token: subject.access_token,
      subject_token_type: ACCESS_TOKEN,
      scope: 'mcp:read',
      resource: API,
    })
    expect(exchanged).toMatchObject({ issued_token_type: ACCESS_TOKEN, scope: 'mcp:read' })
    expect(await openid.tokenIntrospection(known, exchanged.access_token)).toMatchObject({
      active: true,
      sub: person.id,
      aud: API,
      act: { sub: planner.clientId },
    })
  })

  it('PP1 P5 openid-client: dynamic registration of a public client', async () => {
    const registered = await openid.dynamicClientRegistration(
      new URL(provider.issuer),
      {
        client_name: 'Registered by itself',
        redirect_uris: [REDIRECT],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
      },
      openid.None(),
      { execute: [openid.allowInsecureRequests] },
    )
    const { client_id, client_secret } = registered.clientMetadata()
    expect([typeof client_id, client_secret]).toEqual(['string', undefined])
    const tokens = await signInWith(registered, person, { scope: 'openid email offline_access' })
    expect(tokens.claims()).toMatchObject({ sub: person.id, email: person.email })
    expect(await refresh(registered, tokens.refresh_token)).toHaveProperty('access_token')
  })

  it('PP1 P9 PG5 openid-client: a pairwise client never learns the raw id', async () => {
    const client = await createClient(provider, { subjectType: 'pairwise' })
    const pairwise = await discover(client, provider)
    const { parameters, checks } = await start({ resource: API })
    const answer = await visit(person, openid.buildAuthorizationUrl(pairwise, parameters))
    const tokens = await openid.authorizationCodeGrant(pairwise, answer, checks)
    const { sub } = tokens.claims() ?? { sub: '' }
    const { access_token } = await refresh(pairwise, tokens.refresh_token)
    const facts = await openid.tokenIntrospection(pairwise, access_token)
    expect(facts).toMatchObject({ active: true, sub })
    const plain = await signInWith(pairwise, person, { scope: 'openid email' })
    const info = await openid.fetchUserInfo(pairwise, plain.access_token, sub)
    const payload = Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()
    expect(payload).toContain(sub)
    expect(payload + JSON.stringify([facts, info, tokens.claims()])).not.toContain(person.id)
  })

  it('PP1 PG4 openid-client: somebody who is banned is out at once', async () => {
    const banned = await signUp(provider)
    const tokens = await signInWith(config, banned)
    await provider.context.internalAdapter.updateUser(banned.id, { banned: true })
    await expect
      .poll(() => openid.tokenIntrospection(config, tokens.access_token))
      .toEqual({ active: false })
    await expect(refresh(config, tokens.refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(
      openid.fetchUserInfo(config, tokens.access_token, banned.id),
    ).rejects.toMatchObject({ status: 401 })
  })

  it('PP1 P6 openid-client: a resource gets JWTs of its own', async () => {
    const { parameters, checks } = await start({ resource: API })
    const answer = await visit(person, openid.buildAuthorizationUrl(config, parameters))
    const tokens = await openid.authorizationCodeGrant(config, answer, checks, { resource: API })
    expect(tokens.access_token.split('.')).toHaveLength(3)
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      aud: expect.toSatisfy((audience) => [audience].flat().includes(API)),
    })
  })
})

describe.each(servedWorlds)('openid-client 6 where DPoP takes a nonce, $name', ({ open }) => {
  it('PP1 P6 openid-client: DPoP with a nonce of the server', async () => {
    const provider = await openServed(open, { dpopNonce: true })
    try {
      const person = await signUp(provider)
      const client = await createClient(provider, {
        tokenEndpointAuthMethod: 'none',
        dpopBoundAccessTokens: true,
      })
      const config = await discover(client, provider)
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
      const { parameters, checks } = await start()
      const dpop_jkt = await DPoP.calculateThumbprint()
      const url = openid.buildAuthorizationUrl(config, { ...parameters, dpop_jkt })
      const answer = await visit(person, url)
      const tokens = await openid.authorizationCodeGrant(config, answer, checks, {}, { DPoP })
      expect(tokens.token_type).toBe('dpop')
      const info = await openid.fetchUserInfo(config, tokens.access_token, person.id, { DPoP })
      expect(info.sub).toBe(person.id)
      const renewed = await openid.refreshTokenGrant(
        config,
        tokens.refresh_token ?? '',
        {},
        { DPoP },
      )
      expect(renewed.token_type).toBe('dpop')
      await expect(refresh(config, renewed.refresh_token)).rejects.toMatchObject({
        error: 'invalid_dpop_proof',
      })
    } finally {
      await provider.close()
    }
  })
})
