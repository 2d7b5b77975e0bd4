import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorizationRequest,
  authorize,
  Browser,
  codeFor,
  createClient,
  decide,
  type Decision,
  ISSUER,
  locationOf,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
  redeem,
  REDIRECT,
  type RequestParameters,
  signIn,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'

const scopes = {
  'bank:read': { title: 'Read your accounts' },
  'bank:pay': { title: 'Pay in your name', sensitive: true },
}

const allScopes = ['openid', 'profile', 'email', 'offline_access', 'bank:read', 'bank:pay']

function lookAt({ browser }: Pick<TestUser, 'browser'>, page: URL) {
  return browser.open(`/api/auth/oidc/interaction${page.search}`, {
    headers: { accept: 'application/json' },
  })
}

interface View {
  ticket: string
  [member: string]: unknown
}

async function viewOf(person: Pick<TestUser, 'browser'>, page: URL): Promise<View> {
  const response = await lookAt(person, page)
  expect(response.status).toBe(200)
  return (await response.json()) as View
}

function bodyOf(page: URL, ticket: string, decision: Decision = {}) {
  return { oauth_query: page.search.slice(1), ticket, decision: 'allow', ...decision }
}

describe.each(providerWorlds)('the consent page: $name', ({ open }) => {
  let world: ProviderWorld
  let client: TestClient
  beforeAll(async () => {
    world = await open({ scopes })
    client = await createClient(world, { skipConsent: false, scopes: allScopes })
  })
  afterAll(() => world.close())

  const ask = (person: TestUser, more: RequestParameters = {}, by = client) =>
    authorize(person.browser, authorizationRequest(by, more))

  it('shows who asks for what, and remembers what was allowed', async () => {
    const person = await signUp(world)
    const page = await ask(person, { scope: 'openid email offline_access bank:read' })
    const { ticket, ...view } = await viewOf(person, page)
    expect(ticket).toMatch(/^[\w-]{43}$/)
    expect(view).toEqual({
      kind: 'authorization',
      client: {
        client_id: client.clientId,
        name: 'Example App',
        verified: { kind: 'redirect_host', host: 'app.example' },
        registration: 'manual',
        homepage_url: null,
        icon: null,
        policy_url: null,
        terms_url: null,
      },
      account: { id: person.id, name: person.name, email: person.email, image: null },
      organizations: [],
      resource: [],
      scopes: [
        expect.objectContaining({ name: 'openid', required: true, sensitive: false }),
        expect.objectContaining({ name: 'email' }),
        expect.objectContaining({ name: 'offline_access' }),
        expect.objectContaining({ name: 'bank:read', title: 'Read your accounts' }),
      ],
      claims: [],
      access_expires_in: 600,
      offline: true,
      revoke_url: `${ISSUER}/connected-apps`,
    })
    expect((await decide(person.browser, page)).searchParams.has('code')).toBe(true)
    expect((await ask(person, { scope: 'openid bank:read' })).searchParams.has('code')).toBe(true)
    expect((await ask(person, { scope: 'openid profile' })).pathname).toBe('/consent')
  })

  it('M40 a ticket decides once, also when it comes ten times at once', async () => {
    const person = await signUp(world)
    const page = await ask(person)
    const { ticket } = await viewOf(person, page)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        person.browser.post('/oidc/interaction', bodyOf(page, ticket)),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409 || status === 410)).toHaveLength(9)
  })

  it('no means no: the client is told, nothing is stored', async () => {
    const person = await signUp(world)
    const request = authorizationRequest(client)
    const page = await authorize(person.browser, request)
    const url = await decide(person.browser, page, { decision: 'deny' })
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      error: 'access_denied',
      state: request.state,
      iss: ISSUER,
    })
    expect((await ask(person)).pathname).toBe('/consent')
  })

  it('takes a part of what was asked, with what is required', async () => {
    const person = await signUp(world)
    const request = authorizationRequest(client, { scope: 'openid email bank:read' })
    const page = await authorize(person.browser, request)
    const url = await decide(person.browser, page, { scopes: ['openid', 'email'] })
    const code = url.searchParams.get('code') ?? ''
    const { verifier } = request
    const { body } = await redeem(world, client, { code, verifier, redirectUri: REDIRECT })
    expect(body['scope']).toBe('openid email')
  })

  it('refuses more than was asked, and less than is required; the ticket stays good', async () => {
    const person = await signUp(world)
    const page = await ask(person, { scope: 'openid email' })
    const { ticket } = await viewOf(person, page)
    for (const chosen of [['openid', 'bank:pay'], ['email'], ['openid', 'email', 'x']]) {
      const answer = await person.browser.post(
        '/oidc/interaction',
        bodyOf(page, ticket, { scopes: chosen }),
      )
      expect(answer.status).toBe(400)
    }
    const good = await person.browser.post('/oidc/interaction', bodyOf(page, ticket))
    expect(good.status).toBe(200)
  })

  it('what is left out now ends what was given before', async () => {
    const person = await signUp(world)
    const scope = 'openid offline_access bank:read'
    const tokens = await tokensFor(world, person, client, { scope })
    const other = await tokensFor(world, person, client, { scope: 'openid offline_access' })
    const page = await ask(person, { scope, prompt: 'consent' })
    await decide(person.browser, page, { scopes: ['openid', 'offline_access'] })
    const isAlive = async (token: unknown) => {
      const families = await world.adapter.findMany<{ scopes: string[]; revokedAt: Date | null }>({
        model: 'oauthGrant',
        where: [{ field: 'userId', value: person.id }],
      })
      expect(token).toBeDefined()
      return families.map(({ scopes: of, revokedAt }) => [
        of.join(' '),
        (revokedAt ?? null) === null,
      ])
    }
    expect(await isAlive(tokens['access_token'])).toEqual(
      expect.arrayContaining([
        [scope, false],
        ['openid offline_access', true],
      ]),
    )
    expect(other['refresh_token']).toBeDefined()
  })

  it('two tabs make the first consent at once, and both go on', async () => {
    const person = await signUp(world)
    const pages = await Promise.all([ask(person), ask(person), ask(person)])
    const urls = await Promise.all(pages.map((page) => decide(person.browser, page)))
    expect(urls.map((url) => url.searchParams.has('code'))).toEqual([true, true, true])
    const consents = await world.adapter.findMany({
      model: 'oauthConsent',
      where: [{ field: 'userId', value: person.id }],
    })
    if (world.sql) expect(consents).toHaveLength(1)
  })
})

describe('a decision', () => {
  let world: ProviderWorld
  let client: TestClient
  let person: TestUser
  beforeAll(async () => {
    world = await openPostgres({ scopes, dynamicRegistration: true })
    client = await createClient(world, { skipConsent: false, scopes: allScopes })
    person = await signUp(world)
  })
  afterAll(() => world.close())

  const ask = (by = client, more: RequestParameters = {}, who = person) =>
    authorize(who.browser, authorizationRequest(by, more))

  it('M40 comes from a page of this server, as JSON, with the cookie', async () => {
    const page = await ask()
    const { ticket } = await viewOf(person, page)
    const send = (headers: Record<string, string>) =>
      person.browser.post('/oidc/interaction', bodyOf(page, ticket), headers)
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await send({ origin: 'null' })).status).toBe(403)
    expect((await send({ 'content-type': 'text/plain' })).status).toBe(400)
    expect((await send({ authorization: 'Bearer x' })).status).toBe(401)
    const stranger = new Browser(world)
    expect((await stranger.post('/oidc/interaction', bodyOf(page, ticket))).status).toBe(401)
    expect((await send({})).status).toBe(200)
  })

  it('CVE-2026-27124 counts only in the session that the page was opened in', async () => {
    const visitor = await signUp(world)
    const page = await ask(client, {}, visitor)
    const { ticket } = await viewOf(visitor, page)
    for (const other of [await signUp(world), await signIn(world, visitor)]) {
      expect((await lookAt(other, page)).status).toBe(403)
      const answer = await other.browser.post('/oidc/interaction', bodyOf(page, ticket))
      expect(answer.status).toBe(403)
    }
    expect((await visitor.browser.post('/oidc/interaction', bodyOf(page, ticket))).status).toBe(200)
  })

  it('a ticket is good for the request it was made for, and for no other', async () => {
    const visitor = await signUp(world)
    const one = await ask(client, {}, visitor)
    const other = await ask(client, { scope: 'openid bank:read' }, visitor)
    const { ticket } = await viewOf(visitor, one)
    const answer = await visitor.browser.post('/oidc/interaction', bodyOf(other, ticket))
    expect(answer.status).toBe(409)
  })

  it('CVE-2026-7571 no parameter of a signed request can be changed, added or left out', async () => {
    const visitor = await signUp(world)
    const page = await ask(client, {}, visitor)
    const tampered = [
      ['scope', 'openid bank:pay'],
      ['redirect_uri', 'https://evil.example/'],
      ['client_id', 'other'],
      ['code_challenge', 'x'.repeat(43)],
      ['exp', '9999999999'],
      ['ba_iat', '1'],
      ['ba_pl', 'other'],
      ['ba_param', 'sig'],
      ['sig', 'AAAA'],
      ['response_mode', 'fragment'],
    ] as const
    for (const [name, value] of tampered) {
      for (const change of ['set', 'append', 'delete'] as const) {
        const query = new URLSearchParams(page.search)
        if (change === 'delete') query.delete(name)
        else query[change](name, value)
        if (query.toString() === page.search.slice(1)) continue
        const response = await visitor.browser.open(`/api/auth/oidc/interaction?${query}`)
        const isSame = change === 'delete' && name === 'response_mode'
        expect([name, change, response.status]).toEqual([name, change, isSame ? 200 : 400])
      }
    }
    const { ticket } = await viewOf(visitor, page)
    const posted = await visitor.browser.post('/oidc/interaction', {
      ...bodyOf(page, ticket),
      oauth_query: page.search.slice(1).replace('profile', 'bank%3Apay'),
    })
    expect(posted.status).toBe(400)
  })

  it('an old page is refused', async () => {
    const visitor = await signUp(world)
    const query = new URLSearchParams((await ask(client, {}, visitor)).search)
    query.set('exp', '1000000000')
    query.delete('sig')
    const pairs = [...query].sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    const sorted = new URLSearchParams(pairs).toString()
    query.set('sig', createHmac('sha256', world.context.secret).update(sorted).digest('base64'))
    expect((await visitor.browser.open(`/api/auth/oidc/interaction?${query}`)).status).toBe(400)
  })

  it('a client that was switched off meanwhile gets nothing', async () => {
    const doomed = await createClient(world, { skipConsent: false })
    const page = await ask(doomed)
    const { ticket } = await viewOf(person, page)
    await world.adapter.update({
      model: 'oauthClient',
      where: [{ field: 'clientId', value: doomed.clientId }],
      update: { disabled: true },
    })
    // Refused by what is remembered of the client, or, a moment earlier, by the engine.
    const answer = await person.browser.post('/oidc/interaction', bodyOf(page, ticket))
    const { redirect_uri: url } = (await answer.json()) as { redirect_uri?: string }
    if (answer.status === 200) expect(url).toMatch(/^\/oauth-error\?/)
    else expect(answer.status).toBe(400)
  })

  it('GHSA-c2jp-c369-7pvx a client that registered itself is never approved silently', async () => {
    const dynamic = await createClient(world, { registration: 'dynamic', skipConsent: true })
    for (const _ of [1, 2]) {
      const page = await ask(dynamic)
      expect(page.pathname).toBe('/consent')
      expect((await decide(person.browser, page)).searchParams.has('code')).toBe(true)
    }
    const silent = await ask(dynamic, { prompt: 'none' })
    expect(silent.searchParams.get('error')).toBe('consent_required')
  })

  it('sensitive scopes are asked for every time, also of a trusted client', async () => {
    const trusted = await createClient(world, { scopes: allScopes })
    for (const by of [trusted, client]) {
      for (const _ of [1, 2]) {
        const page = await ask(by, { scope: 'openid bank:pay' })
        expect(page.pathname).toBe('/consent')
        await decide(person.browser, page)
      }
    }
    expect((await ask(trusted)).searchParams.has('code')).toBe(true)
  })

  it('vulnerability 39: hosts are verified, names are not, and addresses are only of the web', async () => {
    const hostile = await createClient(world, {
      skipConsent: false,
      tokenEndpointAuthMethod: 'none',
      name: 'Claude',
      uri: 'javascript:alert(1)',
      icon: 'data:image/svg+xml,<svg onload=alert(1)>',
      policy: 'http://plain.example/',
      tos: 'https://terms.example/',
      redirectUris: ['http://localhost:7777/cb'],
      registration: 'dynamic',
    })
    const { client: shown } = await viewOf(person, await ask(hostile))
    expect(shown).toMatchObject({
      name: 'Claude',
      registration: 'dynamic',
      verified: { kind: 'loopback', host: 'localhost' },
      homepage_url: null,
      icon: null,
      policy_url: null,
      terms_url: 'https://terms.example/',
    })
  })

  it('vulnerability 20: going on takes no word for it', async () => {
    const page = await ask(client, { prompt: 'select_account' })
    expect(page.pathname).toBe('/select-account')
    const query = { oauth_query: page.search.slice(1) }
    for (const claim of [{ postLogin: true }, { created: true }, { selected: false }]) {
      const answer = await person.browser.post('/oidc/interaction/continue', { ...query, ...claim })
      expect([claim, answer.status]).toEqual([claim, 400])
    }
    const chosen = await person.browser.post('/oidc/interaction/continue', {
      ...query,
      selected: true,
    })
    expect((await locationOf(chosen)).searchParams.has('code')).toBe(true)
  })

  describe('with organizations', () => {
    async function organization(member: TestUser, name: string): Promise<string> {
      const { id } = await world.adapter.create<Record<string, unknown>, { id: string }>({
        model: 'organization',
        data: { name, slug: crypto.randomUUID(), createdAt: new Date() },
      })
      await world.adapter.create({
        model: 'member',
        data: { organizationId: id, userId: member.id, role: 'member', createdAt: new Date() },
      })
      return id
    }

    it('works in the organization that was chosen, of those the person belongs to', async () => {
      const member = await signUp(world)
      const own = await organization(member, 'Analytical Engines')
      const foreign = await organization(await signUp(world), 'Difference Engines')
      const page = await ask(client, {}, member)
      const { ticket, organizations } = await viewOf(member, page)
      expect(organizations).toEqual([{ id: own, name: 'Analytical Engines', active: false }])
      const refused = await member.browser.post(
        '/oidc/interaction',
        bodyOf(page, ticket, { organization_id: foreign }),
      )
      expect(refused.status).toBe(403)
      const request = authorizationRequest(client)
      const again = await authorize(member.browser, request)
      const url = await decide(member.browser, again, { organization_id: own })
      const { body } = await redeem(world, client, {
        code: url.searchParams.get('code') ?? '',
        verifier: request.verifier,
        redirectUri: REDIRECT,
      })
      const [, claims = ''] = String(body['id_token']).split('.')
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ org_id: own })
    })

    it('consent for an organization is none outside of it, nor for another one', async () => {
      const member = await signUp(world)
      const one = await organization(member, 'One')
      const two = await organization(member, 'Two')
      await decide(member.browser, await ask(client, {}, member), { organization_id: one })
      expect((await ask(client, {}, member)).searchParams.has('code')).toBe(true)
      const inTwo = await signIn(world, member, { activeOrganizationId: two })
      expect((await ask(client, {}, inTwo)).pathname).toBe('/consent')
      const outside = await signIn(world, member)
      expect((await ask(client, {}, outside)).pathname).toBe('/consent')
      await decide(outside.browser, await ask(client, {}, outside))
      await decide(inTwo.browser, await ask(client, {}, inTwo))
      for (const who of [member, inTwo, outside]) await codeFor(who, client)
      const consents = await world.adapter.findMany<{ referenceId: string | null }>({
        model: 'oauthConsent',
        where: [{ field: 'userId', value: member.id }],
      })
      expect(new Set(consents.map(({ referenceId }) => referenceId))).toEqual(
        new Set([one, two, null]),
      )
    })
  })
})
