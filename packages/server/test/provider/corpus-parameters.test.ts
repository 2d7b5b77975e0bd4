import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/provider/clients/client.ts'
import { as, asNobody } from './support/administration.ts'
import { EXCHANGE_GRANT } from './support/exchange.ts'
import {
  authorizationRequest,
  BASE,
  codeFor,
  createClient,
  openPostgres,
  type ProviderWorld,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { hostileStrings, hostileValues, withNul, wrongTypes } from './support/hostile-values.ts'
import { inBatches } from './support/in-batches.ts'
import { CIBA_GRANT, DEVICE_GRANT } from './support/pending.ts'

const API = 'https://api.example/mcp'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE_GRANT,
  CIBA_GRANT,
  EXCHANGE_GRANT,
  JWT_BEARER,
] as Client['grantTypes']

interface Said {
  readonly what: string
  readonly status: number
  readonly text: string
}

describe('hostile parameters', () => {
  let world: ProviderWorld
  let user: TestUser
  let client: TestClient
  let forms: Readonly<Record<string, Readonly<Record<string, string>>>>
  beforeAll(async () => {
    const administrators = new Set<string>()
    world = await openPostgres({
      resources: [API],
      rateLimit: false,
      dynamicRegistration: true,
      scopes: { 'mcp:read': { title: 'Read' } },
      isAdministrator: ({ id }) => administrators.has(id),
    })
    user = await signUp(world)
    administrators.add(user.id)
    client = await createClient(world, {
      grantTypes,
      scopes: ['openid', 'profile', 'email', 'mcp:read'],
    })
    const tokens = await tokensFor(world, user, client, { scope: 'openid' })
    const access = String(tokens['access_token'])
    const { code, verifier, redirectUri } = await codeFor(user, client)
    const asked = Object.fromEntries(authorizationRequest(client).parameters)
    forms = {
      'token code': {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        resource: API,
      },
      'token refresh': { grant_type: 'refresh_token', refresh_token: 'x', scope: 'openid' },
      'token own': { grant_type: 'client_credentials', scope: 'mcp:read', resource: API },
      'token device': { grant_type: DEVICE_GRANT, device_code: 'x' },
      'token ciba': { grant_type: CIBA_GRANT, auth_req_id: 'x' },
      'token exchange': {
        grant_type: EXCHANGE_GRANT,
        subject_token: access,
        subject_token_type: ACCESS_TOKEN,
        actor_token: access,
        actor_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        scope: 'openid',
        resource: API,
        audience: API,
      },
      'token bearer': { grant_type: JWT_BEARER, assertion: 'a.b.c', scope: 'openid' },
      'introspect any': { token: access, token_type_hint: 'access_token' },
      'revoke any': { token: 'x', token_type_hint: 'access_token' },
      'userinfo any': { access_token: access },
      'par any': { ...asked, request_uri: 'x', claims: '{}', dpop_jkt: 'x', nonce: 'x' },
      'device_authorization any': { scope: 'openid', resource: API },
      'bc-authorize any': {
        scope: 'openid',
        login_hint: user.email,
        binding_message: 'x',
        acr_values: 'x',
        requested_expiry: '5',
        client_notification_token: 'x',
      },
      'bc-authorize hint': { scope: 'openid', id_token_hint: 'a.b.c' },
    }
  }, 60_000)
  afterAll(() => world.close())

  /** Posts a form as it stands. */
  async function post(what: string, body: string, isClient = true): Promise<Said> {
    const [path = ''] = what.split(' ')
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
    if (isClient && path !== 'userinfo') {
      headers.set('authorization', `Basic ${btoa(`${client.clientId}:${client.secret ?? ''}`)}`)
    }
    const init = { method: 'POST', headers, body }
    const response = await world.handler(new Request(`${BASE}/oauth2/${path}`, init))
    return { what, status: response.status, text: await response.text() }
  }

  /** Each parameter of each form with each value, one at a time. */
  const mutations = () =>
    Object.entries(forms).flatMap(([what, form]) =>
      pairs(Object.keys(form), hostileValues).map(([name, value]) => {
        const others = new URLSearchParams(form)
        others.delete(name)
        return {
          what: `${what} ${name}=${value.slice(0, 40)}`,
          value,
          body: `${others}&${name}=${value}`,
        }
      }),
    )

  it('vulnerability 25 no value of any parameter of an endpoint for machines makes it fail', async () => {
    const wrong = await wrongOf(mutations(), async ({ what, value, body }) => {
      const said = await post(what, body)
      // Nothing of ours has a NUL, and PostgreSQL stores none.
      const isRight = withNul.has(value) ? said.status === 400 : said.status < 500
      return isRight && !/alert\(1\)|Set-Cookie/.test(said.text) ? null : said
    })
    expect(wrong).toEqual([])
  })

  it('PG12 no parameter counts that comes twice, whichever of the two is right', async () => {
    const wrong: Said[] = []
    for (const [what, form] of Object.entries(forms)) {
      for (const [name, value] of Object.entries(form)) {
        if (name === 'resource' || name === 'audience') continue
        const all = new URLSearchParams(form)
        for (const other of ['x', value]) {
          const twice = `${name}=${encodeURIComponent(other)}`
          for (const body of [`${all}&${twice}`, `${twice}&${all}`]) {
            const said = await post(`${what} ${name}`, body)
            if (said.status !== 400 || !said.text.includes('invalid_request')) wrong.push(said)
          }
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('vulnerability 25 no name of a parameter, and no client, makes an endpoint fail', async () => {
    const credentials = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']
    const paths = ['token', 'introspect', 'revoke', 'par', 'device_authorization', 'bc-authorize']
    const all = paths.flatMap((path) => hostileValues.map((value) => ({ path, value })))
    const wrong = await wrongOf(all, async ({ path, value }) => {
      const named = await post(path, `${value}=x&${value}[a]=x`)
      if (named.status >= 500) return named
      for (const name of credentials) {
        const others = { client_id: client.clientId, client_assertion_type: JWT_ASSERTION }
        const form = new URLSearchParams(others)
        form.delete(name)
        const said = await post(`${path} ${name}`, `${form}&${name}=${value}`, false)
        if (![400, 401].includes(said.status)) return said
      }
      return null
    })
    expect(wrong).toEqual([])
  })

  it('a form that is too large is refused before it is read', async () => {
    for (const what of Object.keys(forms)) {
      const said = await post(what, `a=${'x'.repeat(100_000)}`)
      expect(said, what).toMatchObject({ status: 413 })
      const many = await post(what, 'resource=https://a.example/&'.repeat(5_000))
      expect(many, what).toMatchObject({ status: 413 })
    }
    const large = JSON.stringify({ redirect_uris: ['https://a.example/'.padEnd(2_000_000, 'a')] })
    expect((await asNobody(world, 'POST', '/oauth2/register', { body: large })).status).toBe(413)
  })

  it('GHSA-86j7-9j95-vpqj (vulnerability 8) vulnerability 37 no value leads a browser to a place nobody registered', async () => {
    const base = new URLSearchParams(authorizationRequest(client).parameters)
    const names = [...base.keys(), 'prompt', 'max_age', 'login_hint', 'id_token_hint', 'claims']
    names.push('acr_values', 'resource', 'nonce', 'request', 'request_uri', 'dpop_jkt')
    const sizes = [
      `https://app.example/${'a'.repeat(5_000)}`,
      `https://${'a.'.repeat(3_000)}example`,
    ]
    const values = [...hostileValues, ...sizes]
    const wrong = await wrongOf(pairs(names, values), async ([name, value]) => {
      const others = new URLSearchParams(base)
      others.delete(name)
      const path = `/api/auth/oauth2/authorize?${others}&${name}=${value}`
      const { status, headers } = await user.browser.open(path)
      const location = new URL(headers.get('location') ?? '', BASE)
      const isHome = location.origin === new URL(BASE).origin
      const isClient = location.href.startsWith(client.redirectUri) && name !== 'redirect_uri'
      return status < 400 && (isHome || isClient) ? null : [name, value.slice(0, 60), status]
    })
    expect(wrong).toEqual([])
  })

  it('no query makes a page of ours fail', async () => {
    const pages = [
      '/oauth2/end-session?id_token_hint=$',
      '/oauth2/end-session?client_id=$',
      `/oauth2/end-session?client_id=${client.clientId}&post_logout_redirect_uri=$`,
      `/oauth2/end-session?client_id=${client.clientId}&state=$`,
      '/oidc/interaction?$',
      '/oidc/interaction?client_id=$&exp=$&sig=$',
      '/oidc/device?user_code=$',
      '/oidc/clients?limit=$',
      '/oidc/clients/$',
      '/oidc/clients/$/users',
      '/oidc/clients/$/activity?days=$',
      '/oidc/clients/activity?days=$',
      '/oidc/user/consent?a=$',
    ]
    const headers = { accept: 'application/json' }
    const wrong = await wrongOf(pairs(pages, hostileValues), async ([page, value]) => {
      const path = `/api/auth${page.replaceAll('$', () => value)}`
      const { status } = await user.browser.open(path, { headers })
      return status < 500 ? null : [page, value.slice(0, 60), status]
    })
    expect(wrong).toEqual([])
  })

  it('vulnerability 31 no path and no field makes the administration of clients fail', async () => {
    const { clientId } = await createClient(world)
    const named = await wrongOf(hostileValues, async (value) => {
      const answers = [
        await as(user, 'DELETE', `/user/consent/${value}`),
        await as(user, 'DELETE', `/clients/${value}/users/${value}`),
        await as(user, 'DELETE', `/clients/${clientId}/users/${value}`),
        await as(user, 'POST', `/clients/${value}/rotate-secret`, {}),
        await as(user, 'POST', `/approvals/${value}`, { decision: 'allow' }),
      ].map(({ status }) => status)
      return answers.every((status) => status < 500) ? null : [value.slice(0, 60), answers]
    })
    expect(named).toEqual([])
    expect((await as(user, 'PUT', `/clients/${clientId}`, { name: 'Ledger' })).status).toBe(200)
    const fields = [
      'name',
      'description',
      'homepage_url',
      'icon',
      'redirect_uris',
      'grant_types',
      'response_types',
      'scopes',
      'default_scopes',
      'jwks',
      'jwks_uri',
      'organization_id',
      'access_token_lifetime',
      'allowed_users',
      'subject_type',
      'client_type',
      'disabled',
      'post_logout_redirect_uris',
      'backchannel_logout_uri',
      'policy_url',
    ]
    // In turns a new client and one that is there.
    const filled = await wrongOf(pairs(fields, hostile).entries(), async ([at, [field, value]]) => {
      const body = { [field]: value }
      const { status } =
        at % 2 === 0
          ? await as(user, 'POST', '/clients', { name: 'x', ...body })
          : await as(user, 'PUT', `/clients/${clientId}`, body)
      return status < 500 ? null : [field, value, status]
    })
    expect(filled).toEqual([])
    const rotated = await wrongOf(hostile, async (value) => {
      const body = { overlap_seconds: value }
      const { status } = await as(user, 'POST', `/clients/${clientId}/rotate-secret`, body)
      return status < 500 ? null : [value, status]
    })
    expect(rotated).toEqual([])
  })

  it('no field makes what a page posts fail', async () => {
    const fields = ['oauth_query', 'ticket', 'decision', 'scopes', 'organization_id', 'user_code']
    const wrong = await wrongOf(pairs(fields, hostile), async ([field, value]) => {
      const sound = { oauth_query: 'x', ticket: 'x', decision: 'allow', user_code: 'x' }
      const answers = await Promise.all(
        ['/interaction', '/device', '/approvals/x'].map(async (path) => {
          const { status } = await as(user, 'POST', path, { ...sound, [field]: value })
          return status
        }),
      )
      const isRight = answers.every((status) => status >= 400 && status < 500)
      return isRight ? null : [field, value, answers]
    })
    expect(wrong).toEqual([])
  })

  it('vulnerability 39 no field makes the registration of a client fail', async () => {
    const fields = [
      'client_name',
      'client_uri',
      'logo_uri',
      'policy_uri',
      'tos_uri',
      'redirect_uris',
      'contacts',
      'jwks',
      'jwks_uri',
      'software_id',
      'software_version',
      'grant_types',
      'response_types',
      'token_endpoint_auth_method',
      'application_type',
      'subject_type',
      'scope',
      'post_logout_redirect_uris',
      'backchannel_logout_uri',
      'unheard_of',
    ]
    const wrong = await wrongOf(pairs(fields, hostile), async ([field, value]) => {
      const body = { redirect_uris: ['https://a.example/'], [field]: value }
      const { status } = await asNobody(world, 'POST', '/oauth2/register', { body })
      return status < 500 ? null : [field, value, status]
    })
    expect(wrong).toEqual([])
  })
})

/** A text alone, in a list, and in a URL in a list, and whatever is no text at all. */
const hostile: readonly unknown[] = [
  ...hostileStrings,
  ...hostileStrings.map((text) => [text]),
  ...hostileStrings.map((text) => [`https://a.example/${text}`]),
  ...wrongTypes,
]

/** Every one of the one with every one of the others. */
function pairs<One, Other>(ones: readonly One[], others: readonly Other[]): [One, Other][] {
  return ones.flatMap((one) => others.map((other): [One, Other] => [one, other]))
}

/** What `look` finds wrong with each of many; it returns null where all is as it should be. */
async function wrongOf<Item>(
  items: Iterable<Item>,
  look: (item: Item) => Promise<unknown>,
): Promise<unknown[]> {
  const found = await inBatches(items, look)
  return found.filter((one) => one !== null)
}
