import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import {
  exchangeToken,
  fetchUserInfo,
  github,
  logout,
  OAuthError,
  refreshToken,
} from '@countersign/client'
import { openScripted } from './support/server.ts'
import type { OAuthFlowConfig } from '@countersign/client'
import type { Answer, Script } from './support/server.ts'

const redirectUri = 'https://app.example/auth/callback'
const opened: { close: () => Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

/** A provider with this script, and the settings of a client of it. */
async function openClient(script: Script) {
  const provider = await openScripted(script)
  opened.push(provider)
  const config: OAuthFlowConfig = {
    issuer: provider.origin,
    clientId: 'c',
    clientSecret: 's',
    discovery: false,
  }
  return { provider, config }
}

async function exchange(answer: Answer) {
  const { config } = await openClient({ '/oauth/token': answer })
  return exchangeToken('code', redirectUri, {}, config)
}

describe('exchangeToken', () => {
  it('S45 posts a form and parses the tokens, with whatever else the provider says', async () => {
    const { provider, config } = await openClient({
      '/oauth/token': {
        body: {
          access_token: 'at',
          token_type: 'Bearer',
          expires_in: '60',
          refresh_token: 'rt',
          team: 'red',
        },
      },
    })
    expect(await exchangeToken('the code', redirectUri, { codeVerifier: 'v' }, config)).toEqual({
      access_token: 'at',
      token_type: 'bearer',
      expires_in: 60,
      refresh_token: 'rt',
      team: 'red',
    })
    const [request] = provider.received
    expect(request?.method).toBe('POST')
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'the code',
      redirect_uri: redirectUri,
      code_verifier: 'v',
      client_id: 'c',
      client_secret: 's',
    })
  })

  it('S44 refuses an empty code as Missing authorization code, with status 400', async () => {
    const error = await exchangeToken('', redirectUri).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OAuthError)
    expect(error).toMatchObject({
      code: 'missing_code',
      status: 400,
      message: 'Missing authorization code',
    })
  })

  it.each([
    ['basic by the header', 'client_secret_basic', `Basic ${btoa('c:s')}`],
    ['post in the body', 'client_secret_post', undefined],
  ] as const)('proves itself with %s', async (_title, tokenEndpointAuthMethod, authorization) => {
    const { provider, config } = await openClient({
      '/oauth/token': { body: { access_token: 'at' } },
    })
    await exchangeToken('code', redirectUri, {}, { ...config, tokenEndpointAuthMethod })
    const [request] = provider.received
    expect(request?.headers.authorization).toBe(authorization)
    const secret = new URLSearchParams(request?.body).get('client_secret')
    expect(secret).toBe(authorization === undefined ? 's' : null)
  })

  it('reads a form-encoded answer, as GitHub gives', async () => {
    const body = 'access_token=gho_1&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await exchange({ headers, body })).toEqual({
      access_token: 'gho_1',
      scope: 'read:user,user:email',
      token_type: 'bearer',
    })
  })

  it.each([
    ['JSON', { body: { error: 'bad_verification_code', error_description: 'expired' } }],
    ['a form', { body: 'error=bad_verification_code&error_description=expired' }],
  ])('finds an error under status 200 in %s, as GitHub gives', async (_title, answer) => {
    await expect(exchange(answer)).rejects.toMatchObject({
      code: 'provider_error',
      error: 'bad_verification_code',
      transient: false,
    })
  })

  it.each<[string, Answer, object]>([
    [
      'a rejection',
      { status: 400, body: { error: 'invalid_grant' } },
      { code: 'provider_error', error: 'invalid_grant', transient: false, providerStatus: 400 },
    ],
    [
      'a provider in trouble',
      { status: 503, body: '<html>' },
      { code: 'provider_unavailable', transient: true },
    ],
    [
      'a named trouble',
      { status: 500, body: { error: 'server_error' } },
      { code: 'provider_error', transient: true },
    ],
    [
      'too many requests',
      { status: 429, body: '' },
      { code: 'provider_unavailable', transient: true },
    ],
    ['a page instead of tokens', { body: '<html>hello</html>' }, { code: 'bad_response' }],
    ['an array', { body: [] }, { code: 'bad_response' }],
    ['nothing', { body: '' }, { code: 'bad_response' }],
    [
      'an access token that is no text',
      { body: { access_token: { a: 1 } } },
      { code: 'bad_response' },
    ],
    ['an empty access token', { body: { access_token: '' } }, { code: 'bad_response' }],
    [
      'a token type nobody can use',
      { body: { access_token: 'a', token_type: 'mac' } },
      { code: 'bad_response' },
    ],
    [
      'an impossible lifetime',
      { body: { access_token: 'a', expires_in: -5 } },
      { code: 'bad_response' },
    ],
    [
      'a lifetime that is no number',
      { body: { access_token: 'a', expires_in: 'soon' } },
      { code: 'bad_response' },
    ],
    [
      'a refresh token that is no text',
      { body: { access_token: 'a', refresh_token: 5 } },
      { code: 'bad_response' },
    ],
    [
      'a redirect elsewhere',
      { status: 302, headers: { location: 'http://127.0.0.1:1/steal' } },
      { code: 'bad_response' },
    ],
    [
      'an error that is no code',
      { status: 400, body: { error: '<script>' } },
      { error: 'unknown_error' },
    ],
    [
      'too long an answer',
      { body: { access_token: 'at', more: 'x'.repeat(600 * 1024) } },
      { code: 'bad_response' },
    ],
  ])('answers %s with a typed error', async (_title, answer, expected) => {
    const error = await exchange(answer).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OAuthError)
    expect(error).toMatchObject(expected)
  })

  it('follows no redirect, so that code and secret stay with the provider', async () => {
    const thief = await openScripted({ '/steal': { body: { access_token: 'at' } } })
    opened.push(thief)
    const location = `${thief.origin}/steal`
    await expect(exchange({ status: 307, headers: { location } })).rejects.toBeInstanceOf(
      OAuthError,
    )
    expect(thief.received).toHaveLength(0)
  })

  it('keeps the secret and the code out of an error, also when the provider repeats them', async () => {
    const { config } = await openClient({
      '/oauth/token': ({ body }) => ({
        status: 400,
        body: { error: 'invalid_grant', error_description: `AADSTS70008 refused: ${body}` },
      }),
    })
    const [code, clientSecret] = ['c0de', 's3cret'].map((text) => text.repeat(8))
    const error = await exchangeToken(
      code ?? '',
      redirectUri,
      {},
      { ...config, clientSecret },
    ).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ error: 'invalid_grant' })
    expect((error as Error).message).toContain('AADSTS70008')
    expect(inspect(error)).not.toMatch(/c0de|s3cret/)
  })

  it('leaves out an ID token that nobody can verify, where no issuer is configured', async () => {
    const { provider } = await openClient({
      '/token': { body: { access_token: 'at', id_token: 'e30.e30.c2ln' } },
    })
    const config = { clientId: 'c', clientSecret: 's', tokenUrl: `${provider.origin}/token` }
    expect(await exchangeToken('code', redirectUri, {}, config)).not.toHaveProperty('id_token')
  })

  it('gives up when the caller does, and when time is over', async () => {
    const { provider, config } = await openClient({})
    provider.answerWith(() => undefined)
    const abort = new AbortController()
    const given = exchangeToken('code', redirectUri, {}, { ...config, signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(given).rejects.toMatchObject({ code: 'aborted', transient: true })

    const late = exchangeToken('code', redirectUri, {}, { ...config, timeout: 0.05 })
    await expect(late).rejects.toMatchObject({ code: 'timeout', status: 504, transient: true })
  })

  it('reports a provider that is not there', async () => {
    const { provider, config } = await openClient({})
    await provider.close()
    opened.pop()
    await expect(exchangeToken('code', redirectUri, {}, config)).rejects.toMatchObject({
      code: 'provider_unavailable',
      transient: true,
    })
  })
})

describe('refreshToken', () => {
  it('S60 O51 takes the new refresh token, and keeps the old one where there is none', async () => {
    let answers = 0
    const { config } = await openClient({
      '/oauth/token': () => {
        answers += 1
        return {
          body: {
            access_token: `at${answers}`,
            ...(answers === 1 ? { refresh_token: 'new' } : {}),
          },
        }
      },
    })
    expect(await refreshToken('old', config)).toMatchObject({
      access_token: 'at1',
      refresh_token: 'new',
    })
    expect(await refreshToken('old', config)).toMatchObject({
      access_token: 'at2',
      refresh_token: 'old',
    })
  })

  it('O52 O53 needs no client secret, and sends it where there is one', async () => {
    const { provider, config } = await openClient({
      '/oauth/token': { body: { access_token: 'at' } },
    })
    const { clientSecret: _secret, ...publicClient } = config
    await refreshToken('rt', config)
    await refreshToken('rt', publicClient)
    const bodies = provider.received.map(({ body }) =>
      Object.fromEntries(new URLSearchParams(body)),
    )
    const common = { grant_type: 'refresh_token', refresh_token: 'rt', client_id: 'c' }
    expect(bodies).toEqual([{ ...common, client_secret: 's' }, common])
  })

  it('never loses the grant to an ID token that does not verify', async () => {
    const { config } = await openClient({
      '/oauth/token': { body: { access_token: 'at', refresh_token: 'new', id_token: 'forged' } },
    })
    expect(await refreshToken('old', config)).toEqual({
      access_token: 'at',
      refresh_token: 'new',
      token_type: 'bearer',
    })
  })
})

describe('logout', () => {
  it('S47 S65 O54 revokes the token as RFC 7009 says', async () => {
    const { provider, config } = await openClient({ '/revoke': {} })
    await logout('rt', config)
    const [request] = provider.received
    expect(request?.method).toBe('POST')
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      token: 'rt',
      client_id: 'c',
      client_secret: 's',
    })
  })

  it.each<[string, Answer]>([
    ['by status 200', {}],
    ['by status 204', { status: 204 }],
    ['as an error, like Google', { status: 400, body: { error: 'invalid_token' } }],
  ])('O55 resolves for a dead token that is reported %s', async (_title, answer) => {
    const { config } = await openClient({ '/revoke': answer })
    await expect(logout('dead', config)).resolves.toBeUndefined()
  })

  it('rejects when the provider did not revoke', async () => {
    const { config } = await openClient({ '/revoke': { status: 503 } })
    await expect(logout('rt', config)).rejects.toMatchObject({ code: 'provider_unavailable' })
    await expect(logout('rt', github({ clientId: 'c' }))).rejects.toMatchObject({
      code: 'unsupported',
    })
  })
})

describe('fetchUserInfo', () => {
  it('S46 answers with sub, email and every further claim', async () => {
    const claims = { sub: 'u1', email: 'a@example.com', 'https://app.example/roles': ['admin'] }
    const { provider, config } = await openClient({ '/userinfo': { body: claims } })
    expect(await fetchUserInfo('at', config)).toEqual(claims)
    expect(provider.received[0]?.headers.authorization).toBe('Bearer at')
  })

  it.each<[string, Answer, object]>([
    [
      'a dead access token',
      { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
      { code: 'provider_error', error: 'invalid_token' },
    ],
    [
      'a scope that is missing',
      { status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } },
      { error: 'insufficient_scope' },
    ],
    ['somebody without a subject', { body: { email: 'a@example.com' } }, { code: 'bad_response' }],
    ['a subject that is no text', { body: { sub: 7 } }, { code: 'bad_response' }],
    ['a page', { body: '<html>' }, { code: 'bad_response' }],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { code: 'bad_response' },
    ],
    [
      'a signed answer without keys',
      { headers: { 'content-type': 'application/jwt' }, body: 'a.b.c' },
      { code: 'bad_response' },
    ],
  ])('answers %s with a typed error', async (_title, answer, expected) => {
    const { config } = await openClient({ '/userinfo': answer })
    await expect(fetchUserInfo('at', config)).rejects.toMatchObject(expected)
  })

  it('lets a mapping carry the access token to no address without encryption', async () => {
    const { config } = await openClient({ '/userinfo': { body: { id: 1 } } })
    const mapUserInfo: OAuthFlowConfig['mapUserInfo'] = async (_body, get) => {
      await get('http://api.example/emails')
      return { sub: '1' }
    }
    await expect(fetchUserInfo('at', { ...config, mapUserInfo })).rejects.toMatchObject({
      code: 'insecure_url',
    })
  })

  it.each([
    ['the public address', { email: 'public@example.com' }, [], 'public@example.com'],
    [
      'the verified primary address',
      { email: null },
      [{ email: 'p@example.com', primary: true, verified: true }],
      'p@example.com',
    ],
    [
      'no address where the primary one is not verified',
      { email: null },
      [{ email: 'p@example.com', primary: true, verified: false }],
      null,
    ],
    ['no address without the scope', {}, undefined, null],
  ])('S30 reads a GitHub user with %s', async (_title, extra, emails, email) => {
    const { provider } = await openClient({
      '/user': { body: { id: 42, login: 'octocat', name: null, ...extra } },
      '/user/emails': emails ? { body: emails } : { status: 404, body: { message: 'Not Found' } },
    })
    const config = github({
      clientId: 'c',
      clientSecret: 's',
      userinfoUrl: `${provider.origin}/user`,
      // GitHub's own address is answered by the scripted provider.
      fetch: async (url, init) =>
        fetch(new Request(url).url.replace('https://api.github.com', provider.origin), init),
    })
    expect(await fetchUserInfo('gho', config)).toMatchObject({ sub: '42', name: 'octocat', email })
  })
})
