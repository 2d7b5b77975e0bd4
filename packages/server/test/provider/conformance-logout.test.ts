import { createRemoteJWKSet, decodeJwt, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  conformanceRequest,
  endpoint,
  expectError,
  type Party,
  signInAt,
} from './support/conformance.ts'
import { authorize, createClient, locationOf, openPostgres, signUp } from './support/flow.ts'
import type { TestUser } from './support/flow.ts'
import { openRelyingParty, type RelyingParty } from './support/relying-party.ts'
import { openServed, type ServedProvider } from './support/served.ts'

/*
 * The modules of the plans for RP-initiated and back-channel logout, by their names. Each begins
 * with a sign-in, and shows at the end, with `prompt=none`, whether the session is over.
 */

const BYE = 'https://app.example/post_logout_redirect'
const STATE = 'a state & more'

let provider: ServedProvider
let relyingParty: RelyingParty
let party: Party
let person: TestUser
let idToken: string

beforeAll(async () => {
  relyingParty = await openRelyingParty()
  provider = await openServed(openPostgres, { dangerouslyAllowLoopback: true })
  const client = await createClient(provider, {
    postLogoutRedirectUris: [BYE],
    backchannelLogoutUri: relyingParty.uri,
    backchannelLogoutSessionRequired: true,
  })
  party = { provider, client }
})
afterAll(async () => {
  await provider.close()
  await relyingParty.close()
})
beforeEach(async () => {
  person = await signUp(provider)
  const { tokens } = await signInAt(party, person)
  idToken = String(tokens['id_token'])
})

async function document(): Promise<Record<string, unknown>> {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
  return (await response.json()) as Record<string, unknown>
}

/** Sends the person to the end-session endpoint, and returns where that leads. */
async function leave(parameters: Record<string, string>): Promise<URL> {
  const query = new URLSearchParams(parameters)
  return locationOf(
    await person.browser.open(`${endpoint(provider, '/oauth2/end-session')}?${query}`),
  )
}

/** Signed out: a silent sign-in is refused. */
async function expectOver(): Promise<void> {
  const request = conformanceRequest(party, { prompt: 'none' })
  const answer = await authorize(person.browser, request)
  expect(expectError(party, request, answer)).toBe('login_required')
}

/** Nobody is signed out without being asked, and the browser is not sent to a client. */
async function expectStopped(url: URL, page: '/oauth-error' | '/signed-out'): Promise<void> {
  expect(url.pathname).toBe(page)
  expect(url.href).not.toContain('app.example')
  const { claims } = await signInAt(party, person, { prompt: 'none' })
  expect(claims.sub).toBe(person.id)
}

/** The person says yes on the page that asks. */
async function confirm(): Promise<URL> {
  return locationOf(await person.browser.post('/oauth2/end-session/confirm', {}))
}

describe('oidcc-rp-initiated-logout-certification-test-plan', () => {
  it('PP6 oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    const { end_session_endpoint } = await document()
    expect(end_session_endpoint).toBe(endpoint(provider, '/oauth2/end-session'))
  })

  it('PP6 oidcc-rp-initiated-logout', async () => {
    const url = await leave({
      id_token_hint: idToken,
      post_logout_redirect_uri: BYE,
      state: STATE,
    })
    expect(url.origin + url.pathname).toBe(BYE)
    expect(Object.fromEntries(url.searchParams)).toEqual({ state: STATE })
    await expectOver()
  })

  it('PP6 oidcc-rp-initiated-logout-no-state', async () => {
    const url = await leave({ id_token_hint: idToken, post_logout_redirect_uri: BYE })
    expect(url.href).toBe(BYE)
    await expectOver()
  })

  it('PP6 oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => {
    const url = await leave({ id_token_hint: idToken, state: STATE })
    expect(url.pathname).toBe('/signed-out')
    expect(url.href).not.toContain('app.example')
    await expectOver()
  })

  it.each<[string, Record<string, string>]>([
    ['oidcc-rp-initiated-logout-no-params', {}],
    ['oidcc-rp-initiated-logout-only-state', { state: STATE }],
  ])('PP6 %s', async (_module, parameters) => {
    await expectStopped(await leave(parameters), '/signed-out')
    expect((await confirm()).pathname).toBe('/signed-out')
    await expectOver()
  })

  it('PP6 oidcc-rp-initiated-logout-no-id-token-hint', async () => {
    const url = await leave({ post_logout_redirect_uri: BYE, state: STATE })
    await expectStopped(url, '/oauth-error')
    // With the client named instead, the person is asked before they are sent there.
    const { clientId: client_id } = party.client
    const asked = await leave({ client_id, post_logout_redirect_uri: BYE, state: STATE })
    await expectStopped(asked, '/signed-out')
    expect((await confirm()).href.startsWith(`${BYE}?state=`)).toBe(true)
    await expectOver()
  })

  it.each([
    ['oidcc-rp-initiated-logout-bad-post-logout-redirect-uri', `${BYE}/bad`],
    ['oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri', `${BYE}?foo=bar`],
  ])('PP6 %s', async (_module, post_logout_redirect_uri) => {
    const url = await leave({ id_token_hint: idToken, post_logout_redirect_uri, state: STATE })
    await expectStopped(url, '/oauth-error')
  })

  it('PP6 oidcc-rp-initiated-logout-modified-id-token-hint', async () => {
    const [header = '', payload = '', signature = ''] = idToken.split('.')
    const claims = { ...decodeJwt(idToken), sub: 'somebody-else' }
    const other = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
    for (const id_token_hint of [
      [header, other, signature].join('.'),
      [header, payload, flipped].join('.'),
    ]) {
      const url = await leave({ id_token_hint, post_logout_redirect_uri: BYE, state: STATE })
      await expectStopped(url, '/oauth-error')
    }
  })

  it('PP6 oidcc-rp-initiated-logout-bad-id-token-hint', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    const id_token_hint = await new SignJWT(decodeJwt(idToken))
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .sign(privateKey)
    const url = await leave({ id_token_hint, post_logout_redirect_uri: BYE, state: STATE })
    await expectStopped(url, '/oauth-error')
  })
})

describe('oidcc-backchannel-rp-initiated-logout-certification-test-plan', () => {
  it('PP6 oidcc-backchannel-logout-discovery-endpoint-verification', async () => {
    expect(await document()).toMatchObject({
      end_session_endpoint: expect.any(String),
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
  })

  it('PP6 PG9 oidcc-backchannel-rp-initiated-logout', async () => {
    relyingParty.tokens.length = 0
    const url = await leave({
      id_token_hint: idToken,
      post_logout_redirect_uri: BYE,
      state: STATE,
    })
    expect(url.searchParams.get('state')).toBe(STATE)
    const { sub, sid } = decodeJwt(idToken)
    const mine = () =>
      relyingParty.tokens.filter((token) => decodeJwt(token)['sid'] === person.sessionId)
    await vi.waitFor(() => expect(mine()).toHaveLength(1))
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(mine()[0] ?? '', keys, {
      issuer: provider.issuer,
      audience: party.client.clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256'],
      requiredClaims: ['iat', 'exp', 'jti'],
    })
    expect(payload).toMatchObject({
      sub,
      sid,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(payload).not.toHaveProperty('nonce')
    await expectOver()
  })
})
