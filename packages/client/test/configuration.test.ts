import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  auth0,
  buildAuthorizeUrl,
  buildLogoutUrl,
  exchangeToken,
  fetchUserInfo,
  google,
  keycloak,
  logout,
  microsoft,
  OAUTH_ERRORS,
  OAuthError,
  okta,
  refreshToken,
} from '@countersign/client'
import { openScripted } from './support/server.ts'
import type { OAuthFlowConfig, OAuthTokenResponse } from '@countersign/client'
import type { Received } from './support/server.ts'

const redirectUri = 'https://app.example/auth/callback'
const offline = { discovery: false } satisfies OAuthFlowConfig
const token = { access_token: 'at', token_type: 'Bearer', expires_in: 60 }

const variables = [
  'OAUTH_ISSUER',
  'OAUTH_CLIENT_ID',
  'OAUTH_CLIENT_SECRET',
  'OAUTH_SCOPES',
  'OAUTH_AUTHORIZE_URL',
  'OAUTH_TOKEN_URL',
  'OAUTH_USERINFO_URL',
  'OAUTH_REVOKE_URL',
  'OAUTH_END_SESSION_URL',
]

beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined)
})
afterEach(() => vi.unstubAllEnvs())

function useEnvironment(issuer: string): void {
  vi.stubEnv('OAUTH_ISSUER', issuer)
  vi.stubEnv('OAUTH_CLIENT_ID', 'env-client')
  vi.stubEnv('OAUTH_CLIENT_SECRET', 'env-secret')
}

function form(received: Received | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(received?.body))
}

/** A provider without metadata that keeps the derived paths. */
async function openPlain(prefix = '') {
  return openScripted({
    [`${prefix}/oauth/token`]: { body: token },
    [`${prefix}/userinfo`]: { body: { sub: 'u1', email: 'a@example.com', team: 'red' } },
    [`${prefix}/revoke`]: { body: '' },
  })
}

describe('settings', () => {
  it('S33 O5 names the variable that is missing', async () => {
    await expect(buildAuthorizeUrl(redirectUri, {}, offline)).rejects.toThrow(
      'OAUTH_ISSUER is required',
    )
    const issuer = 'https://id.example'
    const missing = buildAuthorizeUrl(redirectUri, {}, { ...offline, issuer })
    await expect(missing).rejects.toThrow('OAUTH_CLIENT_ID is required')
    await expect(missing).rejects.toMatchObject({ code: 'missing_configuration' })
  })

  it('S34 O30 needs the client secret for an exchange, unless the client is public', async () => {
    const provider = await openPlain()
    const config = { ...offline, issuer: provider.origin, clientId: 'c' }
    await expect(exchangeToken('code', redirectUri, {}, config)).rejects.toThrow(
      'OAUTH_CLIENT_SECRET is required',
    )
    expect(provider.received).toHaveLength(0)

    await exchangeToken('code', redirectUri, {}, { ...config, tokenEndpointAuthMethod: 'none' })
    expect(form(provider.received[0])).toEqual({
      grant_type: 'authorization_code',
      code: 'code',
      redirect_uri: redirectUri,
      client_id: 'c',
    })
    await provider.close()
  })

  it('S36 S37 S38 S39 S40 O29 derives every endpoint from the issuer', async () => {
    const provider = await openPlain('/tenant')
    useEnvironment(`${provider.origin}/tenant`)
    const authorize = new URL(await buildAuthorizeUrl(redirectUri, {}, offline))
    expect(authorize.pathname).toBe('/tenant/authorize')
    expect(new URL(await buildLogoutUrl({}, offline)).pathname).toBe('/tenant/end_session')
    await exchangeToken('code', redirectUri, {}, offline)
    await fetchUserInfo('at', offline)
    await logout('at', offline)
    expect(provider.received.map(({ path }) => path)).toEqual([
      '/tenant/oauth/token',
      '/tenant/userinfo',
      '/tenant/revoke',
    ])
    await provider.close()
  })

  it('S35 takes an issuer with a trailing slash for the same', async () => {
    const config = { ...offline, clientId: 'c' }
    const [one, other] = await Promise.all([
      buildAuthorizeUrl(redirectUri, {}, { ...config, issuer: 'https://id.example/t' }),
      buildAuthorizeUrl(redirectUri, {}, { ...config, issuer: 'https://id.example/t/' }),
    ])
    expect(one).toBe(other)
  })

  it('S36 S37 S38 S39 S40 O38 lets an explicit endpoint win, and ignores a blank one', async () => {
    const provider = await openScripted({
      '/t': { body: token },
      '/u': { body: { sub: 'u1' } },
      '/r': {},
    })
    const { origin } = provider
    useEnvironment('https://unreachable.invalid')
    vi.stubEnv('OAUTH_AUTHORIZE_URL', `${origin}/a`)
    vi.stubEnv('OAUTH_TOKEN_URL', `${origin}/t`)
    vi.stubEnv('OAUTH_USERINFO_URL', `${origin}/u`)
    vi.stubEnv('OAUTH_REVOKE_URL', `${origin}/r`)
    vi.stubEnv('OAUTH_END_SESSION_URL', `${origin}/e`)
    expect(await buildAuthorizeUrl(redirectUri)).toContain(`${origin}/a?`)
    expect(await buildLogoutUrl()).toContain(`${origin}/e?`)
    await exchangeToken('code', redirectUri)
    await fetchUserInfo('at')
    await logout('at')
    expect(provider.received.map(({ path }) => path)).toEqual(['/t', '/u', '/r'])

    const plain = await openPlain()
    useEnvironment(plain.origin)
    for (const name of ['AUTHORIZE', 'TOKEN', 'USERINFO', 'REVOKE', 'END_SESSION']) {
      vi.stubEnv(`OAUTH_${name}_URL`, '   ')
    }
    expect(await buildAuthorizeUrl(redirectUri, {}, offline)).toContain(
      `${plain.origin}/authorize?`,
    )
    expect(await buildLogoutUrl({}, offline)).toContain(`${plain.origin}/end_session?`)
    await exchangeToken('code', redirectUri, {}, offline)
    await fetchUserInfo('at', offline)
    await logout('at', offline)
    expect(plain.received.map(({ path }) => path)).toEqual(['/oauth/token', '/userinfo', '/revoke'])
    await Promise.all([provider.close(), plain.close()])
  })

  it('S41 O31 O57 asks for openid profile email, else for exactly what is set', async () => {
    useEnvironment('https://id.example')
    const scope = async (config: OAuthFlowConfig = {}) =>
      new URL(await buildAuthorizeUrl(redirectUri, {}, { ...offline, ...config })).searchParams.get(
        'scope',
      )
    expect(await scope()).toBe('openid profile email')
    vi.stubEnv('OAUTH_SCOPES', 'openid  reports:read')
    expect(await scope()).toBe('openid reports:read')
    expect(await scope({ scopes: ['openid', 'profile', 'files'] })).toBe('openid profile files')
  })

  it('O41 reads scopes with commas as well as with spaces', async () => {
    useEnvironment('https://id.example')
    vi.stubEnv('OAUTH_SCOPES', 'openid,profile, email')
    const url = new URL(await buildAuthorizeUrl(redirectUri, {}, offline))
    expect(url.searchParams.get('scope')).toBe('openid profile email')
  })

  it('O49 asks for offline_access only where it is asked to', async () => {
    useEnvironment('https://id.example')
    expect(await buildAuthorizeUrl(redirectUri, {}, offline)).not.toContain('offline_access')
    const config = { ...offline, scopes: 'openid offline_access' }
    expect(await buildAuthorizeUrl(redirectUri, {}, config)).toContain('offline_access')
  })

  it('S48 O6 O28 reads the environment, and lets the last argument win call by call', async () => {
    const provider = await openPlain()
    useEnvironment(provider.origin)
    await exchangeToken('code', redirectUri, {}, offline)
    await exchangeToken(
      'code',
      redirectUri,
      {},
      { ...offline, clientId: 'mine', clientSecret: 'own' },
    )
    await exchangeToken(
      'code',
      redirectUri,
      { ...offline, clientId: 'a' },
      { clientId: 'b', clientSecret: 'c' },
    )
    expect(provider.received.map(form)).toMatchObject([
      { client_id: 'env-client', client_secret: 'env-secret' },
      { client_id: 'mine', client_secret: 'own' },
      { client_id: 'b', client_secret: 'c' },
    ])
    await provider.close()
  })

  it('never shows the secret or the endpoints of the environment to another client or provider', async () => {
    const [ours, theirs] = await Promise.all([openPlain(), openPlain()])
    useEnvironment(ours.origin)
    vi.stubEnv('OAUTH_TOKEN_URL', `${ours.origin}/oauth/token`)
    const other = { ...offline, issuer: theirs.origin, clientId: 'other' }
    await refreshToken('rt', other)
    expect(ours.received).toHaveLength(0)
    expect(form(theirs.received[0])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'rt',
      client_id: 'other',
    })
    await Promise.all([ours.close(), theirs.close()])
  })

  it('exports what an application names', () => {
    const answer: OAuthTokenResponse = { access_token: 'a', token_type: 'bearer' }
    const config: OAuthFlowConfig = { issuer: 'https://id.example' }
    expect([answer.token_type, config.issuer]).toEqual(['bearer', 'https://id.example'])
  })
})

describe('buildAuthorizeUrl', () => {
  it('S42 O32 O37 sends exactly the parameters that are set', async () => {
    useEnvironment('https://id.example')
    const fields = async (...rest: [object?]) =>
      Object.fromEntries(
        new URL(await buildAuthorizeUrl(redirectUri, rest[0], offline)).searchParams,
      )
    const plain = {
      response_type: 'code',
      client_id: 'env-client',
      redirect_uri: redirectUri,
      scope: 'openid profile email',
    }
    expect(await fields()).toEqual(plain)
    expect(await fields({ prompt: 'consent' })).toEqual({ ...plain, prompt: 'consent' })
    const configured = { ...offline, prompt: 'login' }
    const url = new URL(await buildAuthorizeUrl(redirectUri, {}, configured))
    expect(Object.fromEntries(url.searchParams)).toEqual({ ...plain, prompt: 'login' })
    expect(
      await fields({
        state: 's',
        nonce: 'n',
        codeChallenge: 'c',
        loginHint: 'a@example.com',
        maxAge: 0,
        parameters: { access_type: 'offline', client_id: 'other', response_type: 'token' },
      }),
    ).toEqual({
      ...plain,
      state: 's',
      nonce: 'n',
      code_challenge: 'c',
      code_challenge_method: 'S256',
      login_hint: 'a@example.com',
      max_age: '0',
      access_type: 'offline',
    })
  })

  it('keeps the query of an authorize address', async () => {
    const config = { ...offline, clientId: 'c', authorizeUrl: 'https://id.example/a?p=policy' }
    expect(await buildAuthorizeUrl(redirectUri, {}, config)).toContain(
      '/a?p=policy&response_type=code',
    )
  })

  it.each([
    'http://id.example/authorize',
    'javascript:alert(1)//',
    'data:text/html,x',
    'https://user:pass@id.example/authorize',
    'http://localhost.evil.example/authorize',
    'http://127.0.0.1.evil.example/authorize',
    'ftp://id.example/a',
    '/authorize',
  ])('GHSA-86j7-9j95-vpqj refuses to send anybody to %s', async (authorizeUrl) => {
    const url = buildAuthorizeUrl(redirectUri, {}, { clientId: 'c', authorizeUrl })
    await expect(url).rejects.toMatchObject({ code: 'insecure_url' })
  })
})

describe('presets', () => {
  it.each([
    ['google', google(), 'https://accounts.google.com'],
    ['microsoft', microsoft(), 'https://login.microsoftonline.com/common/v2.0'],
    ['okta', okta({ domain: 'dev-1.okta.com' }), 'https://dev-1.okta.com/oauth2/default'],
    ['auth0', auth0({ domain: 'a.eu.auth0.com' }), 'https://a.eu.auth0.com/'],
    [
      'keycloak',
      keycloak({ baseURL: 'https://id.example/kc/', realm: 'my realm' }),
      'https://id.example/kc/realms/my%20realm',
    ],
  ])('S30 %s knows its issuer', (_name, config, issuer) => {
    expect(config.issuer).toBe(issuer)
  })

  it('refuses what is no host and no tenant', () => {
    expect(() => okta({ domain: 'https://dev-1.okta.com' })).toThrow(TypeError)
    expect(() => auth0({ domain: 'evil.example/x' })).toThrow(TypeError)
    expect(() => microsoft({ tenant: 'contoso.example' })).toThrow(TypeError)
    expect(() => keycloak({ baseURL: 'nowhere', realm: 'r' })).toThrow(TypeError)
  })
})

it('gives every error a code, a status and a sentence', () => {
  for (const code of Object.keys(OAUTH_ERRORS) as (keyof typeof OAUTH_ERRORS)[]) {
    const error = new OAuthError(code)
    expect(error).toMatchObject({ name: 'OAuthError', code })
    expect(error.message).not.toBe('')
    expect(error.status).toBeGreaterThanOrEqual(400)
  }
})
