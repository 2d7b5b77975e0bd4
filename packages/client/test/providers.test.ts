import { beforeAll, describe, expect, it } from 'vitest'
import { auth0, createSignIn, github, google, keycloak, microsoft, okta } from '@countersign/client'
import { Browser } from './support/browser.ts'
import { createKey, signToken } from './support/keys.ts'
import { openScripted } from './support/server.ts'
import type { OAuthFlowConfig } from '@countersign/client'
import type { TestKey } from './support/keys.ts'
import type { Received, Script } from './support/server.ts'

const origin = 'https://app.example'
const tenant = '0f0f0f0f-1111-2222-3333-444444444444'
const client = { clientId: 'app', clientSecret: 'client secret' }
let key: TestKey

beforeAll(async () => {
  key = await createKey('RS256')
})

/** How one provider answers, as its documentation says, at its own addresses. */
interface Peculiarities {
  preset: (overrides: OAuthFlowConfig) => OAuthFlowConfig
  /** The issuer in metadata. */
  issuer: string
  /** The issuer in ID tokens, where it differs. */
  tokenIssuer?: string
  /** Paths by host-less address. */
  paths: { discovery: string; authorize: string; token: string; userinfo?: string }
  /** Claims of the ID token besides the standard ones. */
  claims?: Record<string, unknown>
  /** How the client must prove itself. */
  authentication: 'header' | 'body'
  methods?: string[]
}

const openIdProviders: Record<string, Peculiarities> = {
  Google: {
    preset: google,
    issuer: 'https://accounts.google.com',
    paths: {
      discovery: '/.well-known/openid-configuration',
      authorize: '/o/oauth2/v2/auth',
      token: '/token',
      userinfo: '/v1/userinfo',
    },
    claims: { azp: 'app', email_verified: true },
    authentication: 'body',
    methods: ['client_secret_post', 'client_secret_basic'],
  },
  Microsoft: {
    preset: microsoft,
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    tokenIssuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    paths: {
      discovery: '/common/v2.0/.well-known/openid-configuration',
      authorize: '/common/oauth2/v2.0/authorize',
      token: '/common/oauth2/v2.0/token',
      userinfo: '/oidc/userinfo',
    },
    claims: { tid: tenant },
    authentication: 'body',
    methods: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  },
  Okta: {
    preset: (overrides) => okta({ domain: 'dev-1.okta.com', ...overrides }),
    issuer: 'https://dev-1.okta.com/oauth2/default',
    paths: {
      discovery: '/oauth2/default/.well-known/openid-configuration',
      authorize: '/oauth2/default/v1/authorize',
      token: '/oauth2/default/v1/token',
      userinfo: '/oauth2/default/v1/userinfo',
    },
    authentication: 'header',
    methods: ['client_secret_basic', 'client_secret_post', 'none'],
  },
  Auth0: {
    preset: (overrides) => auth0({ domain: 'example.eu.auth0.com', ...overrides }),
    issuer: 'https://example.eu.auth0.com/',
    paths: {
      discovery: '/.well-known/openid-configuration',
      authorize: '/authorize',
      token: '/oauth/token',
      userinfo: '/userinfo',
    },
    authentication: 'body',
    methods: ['client_secret_basic', 'client_secret_post'],
  },
  Keycloak: {
    preset: (overrides) =>
      keycloak({ baseURL: 'https://id.example/kc', realm: 'staff', ...overrides }),
    issuer: 'https://id.example/kc/realms/staff',
    paths: {
      discovery: '/kc/realms/staff/.well-known/openid-configuration',
      authorize: '/kc/realms/staff/protocol/openid-connect/auth',
      token: '/kc/realms/staff/protocol/openid-connect/token',
      userinfo: '/kc/realms/staff/protocol/openid-connect/userinfo',
    },
    claims: { azp: 'app' },
    authentication: 'body',
  },
  'a provider without user info': {
    preset: (overrides) => ({ issuer: 'https://plain.example', ...overrides }),
    issuer: 'https://plain.example',
    paths: { discovery: '/.well-known/openid-configuration', authorize: '/a', token: '/t' },
    authentication: 'header',
    methods: ['client_secret_basic'],
  },
}

function metadata(provider: Peculiarities): object {
  const host = new URL(provider.issuer.replace('{tenantid}', tenant)).origin
  const { authorize, token, userinfo } = provider.paths
  return {
    issuer: provider.issuer,
    authorization_endpoint: `${host}${authorize}`,
    token_endpoint: `${host}${token}`,
    ...(userinfo === undefined ? {} : { userinfo_endpoint: `${host}${userinfo}` }),
    jwks_uri: `${host}/keys`,
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: provider.methods ?? ['client_secret_post'],
  }
}

/** Sends every request for an https address to the scripted provider. */
function rerouted(to: string): typeof fetch {
  return async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    return fetch(`${to}${pathname}${search}`, init)
  }
}

/** Signs in with a preset, the provider's page skipped, and returns who is signed in. */
async function signInWith(
  config: OAuthFlowConfig,
  onAuthorize?: (query: URLSearchParams) => Promise<void>,
) {
  const errors: unknown[] = []
  const secrets = 'q7Jd0vYx2mLr9TzKb4WnHc8FgEs1UaPi'
  const signIn = createSignIn({ config, secrets, onError: (error) => errors.push(error) })
  const browser = new Browser().site(origin, signIn.handler)
  const login = await browser.request(`${origin}/auth/login`)
  const authorize = new URL(login.headers.get('location') ?? '')
  await onAuthorize?.(authorize.searchParams)
  const state = authorize.searchParams.get('state') ?? ''
  const callback = await browser.request(`${origin}/auth/callback?code=c0de&state=${state}`)
  expect([errors, callback.status]).toEqual([[], 302])
  const me = await browser.request(`${origin}/auth/me`)
  return { authorize, me: (await me.json()) as unknown }
}

describe('S30 signing in with', () => {
  it.each(Object.keys(openIdProviders))('%s', async (name) => {
    const provider = openIdProviders[name]
    if (!provider) throw new Error(name)
    const { discovery, token, userinfo } = provider.paths
    const user = { sub: 'u1', email: 'ann@example.com', name: 'Ann' }
    let idToken = ''
    const script: Script = {
      [discovery]: { body: metadata(provider) },
      '/keys': { body: { keys: [key.jwk] } },
      [token]: () => ({
        body: { access_token: 'at', token_type: 'Bearer', expires_in: 3599, id_token: idToken },
      }),
      ...(userinfo === undefined ? {} : { [userinfo]: { body: user } }),
    }
    const server = await openScripted(script)
    const config = provider.preset({ ...client, fetch: rerouted(server.origin) })
    const now = Math.floor(Date.now() / 1000)
    const standard = { aud: 'app', iat: now, exp: now + 60, ...user, ...provider.claims }
    const { authorize, me } = await signInWith(config, async (query) => {
      const iss = provider.tokenIssuer ?? provider.issuer
      const claims = { ...standard, iss, nonce: query.get('nonce') }
      idToken = await signToken(key, { alg: 'RS256', kid: 'k1' }, claims)
    })
    expect(authorize.pathname).toBe(provider.paths.authorize)
    expect(me).toEqual({ authenticated: true, user: { id: 'u1', email: user.email, name: 'Ann' } })
    const request = server.received.find(({ path }) => path === token)
    expect(request?.headers.authorization !== undefined).toBe(provider.authentication === 'header')
    await server.close()
  })

  it('GitHub, which is no OpenID provider', async () => {
    const server = await openScripted({
      '/login/oauth/access_token': ({ headers }: Received) => ({
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body:
          headers.accept === 'application/json'
            ? 'access_token=gho_1&scope=user%3Aemail&token_type=bearer'
            : '',
      }),
      '/user': { body: { id: 583_231, login: 'octocat', name: 'The Octocat', email: null } },
      '/user/emails': {
        body: [
          { email: 'old@example.com', primary: false, verified: true },
          { email: 'octocat@example.com', primary: true, verified: true },
        ],
      },
    })
    const { authorize, me } = await signInWith(
      github({ ...client, fetch: rerouted(server.origin) }),
    )
    expect(authorize.origin + authorize.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(Object.fromEntries(authorize.searchParams)).toMatchObject({
      scope: 'read:user user:email',
      code_challenge_method: 'S256',
    })
    expect(authorize.searchParams.has('nonce')).toBe(false)
    expect(me).toEqual({
      authenticated: true,
      user: { id: '583231', email: 'octocat@example.com', name: 'The Octocat' },
    })
    await server.close()
  })
})
