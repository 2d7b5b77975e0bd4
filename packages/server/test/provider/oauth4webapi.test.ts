import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS_TOKEN, EXCHANGE_GRANT, exchangingClient } from './support/exchange.ts'
import {
  authorize,
  createClient,
  REDIRECT,
  signUp,
  type TestClient,
  type TestUser,
} from './support/flow.ts'
import { answerRequest, cibaClient, deviceClient, inbox, lookAndAnswer } from './support/pending.ts'
import { openServed, type ServedProvider, servedWorlds } from './support/served.ts'

const API = 'https://api.example/mcp'

/** Everything here is http on this computer. */
const insecure = { [oauth.allowInsecureRequests]: true } as const

interface Options {
  readonly DPoP?: oauth.DPoPHandle
}

/** A registered client as this library sees it. */
interface Party {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
}

interface Started {
  readonly parameters: Record<string, string>
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

async function start(party: Party, more: Record<string, string> = {}): Promise<Started> {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const parameters = {
    response_type: 'code',
    client_id: party.client.client_id,
    redirect_uri: REDIRECT,
    scope: 'openid profile email offline_access',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, verifier, state, nonce }
}

/** The person goes to the authorization endpoint, and comes back to the application. */
async function answerTo(
  { server, client }: Party,
  { browser }: Pick<TestUser, 'browser'>,
  { parameters, state }: Started,
): Promise<URLSearchParams> {
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams(parameters).toString()
  return oauth.validateAuthResponse(
    server,
    client,
    await authorize(browser, { url: url.href }),
    state,
  )
}

async function redeem(
  party: Party,
  answer: URLSearchParams,
  { started: { verifier, nonce }, ...more }: Options & { readonly started: Started },
) {
  const { server, client, authentication } = party
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    answer,
    REDIRECT,
    verifier,
    { ...insecure, ...more },
  )
  // The signature of the ID token, by the JWK Set of the server.
  const checks = { expectedNonce: nonce, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, checks)
  await oauth.validateApplicationLevelSignature(server, response, insecure)
  return tokens
}

async function signInWith(
  party: Party,
  person: Pick<TestUser, 'browser'>,
  more: Record<string, string> = {},
) {
  const started = await start(party, more)
  return redeem(party, await answerTo(party, person, started), { started })
}

async function introspect({ server, client, authentication }: Party, token: string) {
  const response = await oauth.introspectionRequest(server, client, authentication, token, insecure)
  return oauth.processIntrospectionResponse(server, client, response)
}

async function refresh(party: Party, token: string | undefined, more: Options = {}) {
  const { server, client, authentication } = party
  const options = { ...insecure, ...more }
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    authentication,
    token ?? '',
    options,
  )
  return oauth.processRefreshTokenResponse(server, client, response)
}

async function userInfo({ server, client }: Party, token: string, subject: string, more?: Options) {
  const response = await oauth.userInfoRequest(server, client, token, { ...insecure, ...more })
  return oauth.processUserInfoResponse(server, client, subject, response)
}

describe.each(servedWorlds)('oauth4webapi 3, $name', ({ open }) => {
  let provider: ServedProvider
  let person: TestUser
  let party: Party
  let server: oauth.AuthorizationServer
  beforeAll(async () => {
    provider = await openServed(open, {
      resources: [API],
      scopes: { 'mcp:read': { title: 'Read' } },
      dynamicRegistration: true,
      dpopNonce: true,
    })
    server = await discover('oidc')
    party = known(await createClient(provider))
    person = await signUp(provider)
  })
  afterAll(() => provider.close())

  const discover = async (algorithm: 'oidc' | 'oauth2') => {
    const issuer = new URL(provider.issuer)
    const response = await oauth.discoveryRequest(issuer, { ...insecure, algorithm })
    return oauth.processDiscoveryResponse(issuer, response)
  }
  const known = ({ clientId, secret }: TestClient): Party => ({
    server,
    client: { client_id: clientId },
    authentication: secret === null ? oauth.None() : oauth.ClientSecretBasic(secret),
  })

  it.each(['oidc', 'oauth2'] as const)('PP1 oauth4webapi: discovery by %s', async (algorithm) => {
    expect((await discover(algorithm)).issuer).toBe(provider.issuer)
  })

  it('PP1 P1 oauth4webapi: authorize, iss, code, token, ID token, user info', async () => {
    const tokens = await signInWith(party, person)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    expect(claims).toMatchObject({ sub: person.id, email: person.email, name: person.name })
    const info = await userInfo(party, tokens.access_token, person.id)
    expect(info).toMatchObject({ sub: person.id, email: person.email })
    await expect(userInfo(party, tokens.access_token, 'somebody else')).rejects.toMatchObject({
      code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
    })
  })

  it('PP1 P2 P7 oauth4webapi: refresh, introspect, revoke', async () => {
    const first = await signInWith(party, person)
    const second = await refresh(party, first.refresh_token)
    expect(oauth.getValidatedIdTokenClaims(second)?.sub).toBe(person.id)
    expect(await introspect(party, second.access_token)).toMatchObject({
      active: true,
      sub: person.id,
      scope: expect.stringContaining('offline_access'),
    })
    const { client, authentication } = party
    const token = second.refresh_token ?? ''
    const response = await oauth.revocationRequest(server, client, authentication, token, insecure)
    await oauth.processRevocationResponse(response)
    for (const one of [first.access_token, second.access_token, token]) {
      expect(await introspect(party, one)).toEqual({ active: false })
    }
  })

  it('PP1 P6 oauth4webapi: PAR', async () => {
    const started = await start(party)
    const { client, authentication } = party
    const response = await oauth.pushedAuthorizationRequest(
      server,
      client,
      authentication,
      started.parameters,
      insecure,
    )
    const pushed = await oauth.processPushedAuthorizationResponse(server, client, response)
    const parameters = { client_id: client.client_id, request_uri: pushed.request_uri }
    const answer = await answerTo(party, person, { ...started, parameters })
    const tokens = await redeem(party, answer, { started })
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(person.id)
  })

  it('PP1 P6 oauth4webapi: DPoP, which asks for a nonce once', async () => {
    const bound = known(
      await createClient(provider, {
        tokenEndpointAuthMethod: 'none',
        dpopBoundAccessTokens: true,
      }),
    )
    const DPoP = oauth.DPoP(bound.client, await oauth.generateKeyPair('EdDSA'))
    const started = await start(bound)
    const answer = await answerTo(bound, person, started)
    const first = await redeem(bound, answer, { started, DPoP }).catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(first)).toBe(true)
    // The nonce came with the refusal, and the code is still good.
    const tokens = await redeem(bound, answer, { started, DPoP })
    expect(tokens.token_type).toBe('dpop')
    expect(await userInfo(bound, tokens.access_token, person.id, { DPoP })).toHaveProperty('sub')
    expect((await refresh(bound, tokens.refresh_token, { DPoP })).token_type).toBe('dpop')
    const stranger = oauth.DPoP(bound.client, await oauth.generateKeyPair('ES256'))
    const theft = () => refresh(bound, tokens.refresh_token, { DPoP: stranger })
    await expect(theft()).rejects.toSatisfy((error) => oauth.isDPoPNonceError(error))
    await expect(theft()).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('PP1 P3 oauth4webapi: device grant, which waits', async () => {
    const device = known(await deviceClient(provider))
    const { client, authentication } = device
    const asked = await oauth.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth.deviceAuthorizationRequest(
        server,
        client,
        authentication,
        { scope: 'openid email' },
        insecure,
      ),
    )
    const poll = async () => {
      const code = asked.device_code
      const response = await oauth.deviceCodeGrantRequest(
        server,
        client,
        authentication,
        code,
        insecure,
      )
      return oauth.processDeviceCodeResponse(server, client, response)
    }
    await expect(poll()).rejects.toMatchObject({ status: 400, error: 'authorization_pending' })
    await expect(poll()).rejects.toMatchObject({ status: 400, error: 'slow_down' })
    await lookAndAnswer(person, asked.user_code)
    const tokens = await poll()
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ email: person.email })
  })

  it('PP1 P3 oauth4webapi: CIBA', async () => {
    const asking = known(await cibaClient(provider, { scopes: ['openid', 'email'] }))
    const { client, authentication } = asking
    const asked = await oauth.processBackchannelAuthenticationResponse(
      server,
      client,
      await oauth.backchannelAuthenticationRequest(
        server,
        client,
        authentication,
        { scope: 'openid email', login_hint: person.email },
        insecure,
      ),
    )
    const poll = async () => {
      const id = asked.auth_req_id
      const response = await oauth.backchannelAuthenticationGrantRequest(
        server,
        client,
        authentication,
        id,
        insecure,
      )
      return oauth.processBackchannelAuthenticationGrantResponse(server, client, response)
    }
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' })
    const [{ id, ticket }] = (await inbox(person)).body.approvals
    await answerRequest(person, id, { ticket })
    expect(oauth.getValidatedIdTokenClaims(await poll())).toMatchObject({ sub: person.id })
  })

  it.each(['ES256', 'RS256', 'PS256', 'Ed25519'])(
    'PP1 P4 oauth4webapi: private_key_jwt with %s, client_credentials',
    async (algorithm) => {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
      const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: algorithm }
      const { clientId } = await createClient(provider, {
        tokenEndpointAuthMethod: 'private_key_jwt',
        jwks: JSON.stringify({ keys: [jwk] }),
        scopes: ['mcp:read'],
      })
      const client = { client_id: clientId }
      const authentication = oauth.PrivateKeyJwt({ key: privateKey, kid: 'one' })
      const wanted = { scope: 'mcp:read', resource: API }
      const response = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        wanted,
        insecure,
      )
      const tokens = await oauth.processClientCredentialsResponse(server, client, response)
      expect(await introspect({ server, client, authentication }, tokens.access_token)).toEqual(
        expect.objectContaining({ active: true, client_id: clientId, aud: API }),
      )
    },
  )

  it('PP1 P3 oauth4webapi: token exchange', async () => {
    const planner = known(await exchangingClient(provider))
    const app = known(await exchangingClient(provider))
    const { access_token } = await signInWith(app, person, { scope: 'openid mcp:read' })
    const response = await oauth.genericTokenEndpointRequest(
      server,
      planner.client,
      planner.authentication,
      EXCHANGE_GRANT,
      { subject_token: access_token, subject_token_type: ACCESS_TOKEN, scope: 'mcp:read' },
      insecure,
    )
    const tokens = await oauth.processGenericTokenEndpointResponse(server, planner.client, response)
    expect(await introspect(planner, tokens.access_token)).toMatchObject({
      active: true,
      act: { sub: planner.client.client_id },
    })
  })

  it('PP1 P5 oauth4webapi: dynamic registration', async () => {
    const metadata = {
      client_name: 'Registered by itself',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
    }
    const response = await oauth.dynamicClientRegistrationRequest(server, metadata, insecure)
    const client = await oauth.processDynamicClientRegistrationResponse(response)
    expect(client).toMatchObject({ client_id: expect.any(String), redirect_uris: [REDIRECT] })
  })

  it('PP1 P6 oauth4webapi: a resource server checks a JWT access token (RFC 9068)', async () => {
    const { parameters, ...rest } = await start(party, { resource: API })
    const started = { parameters, ...rest }
    const { access_token } = await redeem(party, await answerTo(party, person, started), {
      started,
    })
    const request = new Request(API, { headers: { authorization: `Bearer ${access_token}` } })
    const claims = await oauth.validateJwtAccessToken(server, request, API, insecure)
    expect(claims).toMatchObject({ sub: person.id, client_id: party.client.client_id })
    await expect(
      oauth.validateJwtAccessToken(server, request, 'https://other.example', insecure),
    ).rejects.toMatchObject({ code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' })
  })
})
