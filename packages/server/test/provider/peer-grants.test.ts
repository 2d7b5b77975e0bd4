import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLI_CLIENT_ID } from '../../src/provider/clients/built-in.ts'
import { ACCESS_TOKEN, EXCHANGE_GRANT, exchangingClient, subjectToken } from './support/exchange.ts'
import { ISSUER, type ProviderWorld, signUp, type TestClient } from './support/flow.ts'
import { answerRequest, cibaClient, deviceClient, inbox, lookAndAnswer } from './support/pending.ts'
import { openEmbedded } from './support/world.ts'

/*
 * What openid-client and oauth4webapi make of the grants without a redirect: they know the standards,
 * and nothing of this server.
 */
describe('PP1 grants without a redirect', () => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openEmbedded({ scopes: { 'mcp:read': { title: 'Read' } } })
  })
  afterAll(() => world.close())

  const fetchHere = (url: string, init: RequestInit) => world.handler(new Request(url, init))

  /** openid-client as one of our clients, from discovery on. */
  async function configured(client: Pick<TestClient, 'clientId' | 'secret'>) {
    const { clientId, secret } = client
    return openid.discovery(
      new URL(ISSUER),
      clientId,
      undefined,
      secret === null ? openid.None() : openid.ClientSecretBasic(secret),
      {
        execute: [openid.allowInsecureRequests],
        [openid.customFetch]: (url, options) => fetchHere(url, options as RequestInit),
      },
    )
  }

  it('openid-client goes through the device grant', async () => {
    const user = await signUp(world)
    const config = await configured(await deviceClient(world))
    const started = await openid.initiateDeviceAuthorization(config, {
      scope: 'openid email offline_access',
    })
    expect(started.verification_uri_complete).toBe(
      `${ISSUER}/device?user_code=${started.user_code}`,
    )
    await lookAndAnswer(user, started.user_code)
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 })
    expect(tokens.claims()).toMatchObject({ sub: user.id, email: user.email })
    const again = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(again.access_token).not.toBe(tokens.access_token)
  })

  it('openid-client asks a person by CIBA', async () => {
    const user = await signUp(world)
    const config = await configured(await cibaClient(world))
    const started = await openid.initiateBackchannelAuthentication(config, {
      scope: 'openid email',
      login_hint: user.email,
      binding_message: 'Order 42',
    })
    const [{ id, ticket }] = (await inbox(user)).body.approvals
    await answerRequest(user, id, { ticket })
    const tokens = await openid.pollBackchannelAuthenticationGrant(config, {
      ...started,
      interval: 1,
    })
    expect(tokens.claims()).toMatchObject({ sub: user.id, email: user.email })
  })

  it('oauth4webapi exchanges a token', async () => {
    const user = await signUp(world)
    const app = await exchangingClient(world)
    const planner = await exchangingClient(world)
    const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: fetchHere }
    const issuer = new URL(ISSUER)
    const found = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' } as never)
    const server = await oauth.processDiscoveryResponse(issuer, found)
    const client = { client_id: planner.clientId }
    const form = new URLSearchParams({
      subject_token: await subjectToken(world, user, app, { scope: 'openid mcp:read' }),
      subject_token_type: ACCESS_TOKEN,
      scope: 'mcp:read',
    })
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.ClientSecretBasic(planner.secret ?? ''),
      EXCHANGE_GRANT,
      form,
      options,
    )
    const tokens = await oauth.processGenericTokenEndpointResponse(server, client, response)
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'mcp:read' })
    expect(tokens['issued_token_type']).toBe(ACCESS_TOKEN)
  })

  it('the command line signs in with its built-in client', async () => {
    const user = await signUp(world)
    const config = await configured({ clientId: CLI_CLIENT_ID, secret: null })
    const started = await openid.initiateDeviceAuthorization(config, {})
    const shown = await lookAndAnswer(user, started.user_code)
    expect(shown).toMatchObject({ status: 200, body: { status: 'approved' } })
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 })
    expect(tokens.scope?.split(' ')).toEqual([
      'openid',
      'profile',
      'email',
      'offline_access',
      'oidc:admin',
    ])
    expect(tokens.refresh_token).toBeDefined()
  })
})
