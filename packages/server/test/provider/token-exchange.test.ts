import { generateKeyPair, signAgentJwt } from '@countersign/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decide, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { as } from './support/administration.ts'
import {
  ACCESS_TOKEN,
  claimsIn,
  EXCHANGE_GRANT,
  exchange,
  exchangingClient,
  introspect,
  JWT,
  subjectToken,
} from './support/exchange.ts'
import { newProofKey } from './support/dpop.ts'
import {
  codeFor,
  createClient,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'

const A = 'https://a.example/api'
const B = 'https://b.example/api'
const ALL = 'openid profile email mcp:read mcp:write'

const refused = (error: string) => ({ status: 400, body: { error } })

describe.each(providerWorlds)('token exchange: $name', ({ open }) => {
  let world: ProviderWorld
  let user: TestUser
  let app: TestClient
  let planner: TestClient
  beforeAll(async () => {
    world = await open({
      scopes: { 'mcp:read': { title: 'Read' }, 'mcp:write': { title: 'Write' } },
      resources: [A, { identifier: B, scopes: ['mcp:read'] }],
      auth: { agentAuth: bank() },
      isAdministrator: ({ id }) => id === user.id,
    })
    user = await signUp(world)
    app = await exchangingClient(world, { name: 'App' })
    planner = await exchangingClient(world)
  })
  afterAll(() => world.close())

  const clientActor = (client: TestClient, act?: object) => ({
    sub: client.clientId,
    client_id: client.clientId,
    ...(act && { act }),
  })

  it('P3 token exchange: the client acts for the person, with less, and says so', async () => {
    const subject = await subjectToken(world, user, app, { scope: ALL })
    const answer = await exchange(world, planner, subject, { scope: 'mcp:read', resource: B })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      scope: 'mcp:read',
    })
    expect(answer.body).not.toHaveProperty('refresh_token')
    expect(answer.body).not.toHaveProperty('id_token')
    expect(claimsIn(answer.body['access_token'])).toMatchObject({
      sub: user.id,
      client_id: planner.clientId,
      aud: B,
      scope: 'mcp:read',
      act: clientActor(planner),
    })
    expect(await introspect(world, planner, answer.body['access_token'])).toMatchObject({
      active: true,
      sub: user.id,
      act: clientActor(planner),
    })
  })

  it('P3 names every actor, nested, and ends with the fourth', async () => {
    let token = await subjectToken(world, user, app, { scope: ALL })
    let act: object | undefined
    for (const client of [planner, app, planner, app]) {
      const answer = await exchange(world, client, token)
      expect(answer.status).toBe(200)
      act = clientActor(client, act)
      expect((await introspect(world, client, answer.body['access_token']))['act']).toEqual(act)
      token = String(answer.body['access_token'])
    }
    expect(await exchange(world, planner, token)).toMatchObject(refused('invalid_request'))
  })

  it('vulnerability 54 never widens: scopes, resources, actors, whoever exchanges again', async () => {
    const scopes = ['openid', 'profile', 'email', 'mcp:read', 'mcp:write']
    const step = fc.record({
      scopes: fc.subarray(scopes),
      resources: fc.subarray([A, B]),
      byApp: fc.boolean(),
    })
    const begin = await subjectToken(world, user, app, { scope: 'openid email mcp:read' })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (chain) => {
        let held = { token: begin, scopes: ['openid', 'email', 'mcp:read'], aud: [] as string[] }
        let actors = 0
        for (const { scopes: wanted, resources, byApp } of chain) {
          const client = byApp ? app : planner
          const more = { scope: wanted.join(' ') || null, resource: resources }
          const { status, body } = await exchange(world, client, held.token, more)
          if (status !== 200) continue
          const known = await introspect(world, client, body['access_token'])
          const aud = [known['aud'] ?? []].flat() as string[]
          const got = String(known['scope']).split(' ').filter(Boolean)
          expect(held.scopes).toEqual(expect.arrayContaining(got))
          if (held.aud.length > 0) {
            expect(aud.length).toBeGreaterThan(0)
            expect(held.aud).toEqual(expect.arrayContaining(aud))
          }
          actors += 1
          expect(JSON.stringify(known['act']).match(/"sub"/g)).toHaveLength(actors)
          expect(actors).toBeLessThanOrEqual(4)
          held = { token: String(body['access_token']), scopes: got, aud }
        }
      }),
      { numRuns: 8 },
    )
  })

  it('GHSA-p2fr-6hmx-4528 makes no token for B of one for A', async () => {
    const forA = await subjectToken(world, user, app, { scope: ALL, resource: A })
    expect(await exchange(world, planner, forA, { resource: B })).toMatchObject(
      refused('invalid_target'),
    )
    expect(await exchange(world, planner, forA, { audience: B })).toMatchObject(
      refused('invalid_target'),
    )
    const same = await exchange(world, planner, forA)
    expect(claimsIn(same.body['access_token'])['aud']).toBe(A)
    expect(await exchange(world, planner, forA, { resource: 'https://c.example' })).toMatchObject(
      refused('invalid_target'),
    )
    const forBoth = await subjectToken(world, user, app, { scope: ALL, resource: [A, B] })
    const narrowed = await exchange(world, planner, forBoth, { resource: B, scope: 'mcp:read' })
    expect(claimsIn(narrowed.body['access_token'])['aud']).toBe(B)
  })

  it('allows no scope that the token, the client or the resource does not have', async () => {
    const subject = await subjectToken(world, user, app, {
      scope: 'openid mcp:read offline_access',
    })
    const wide = (more: object, client = planner) => exchange(world, client, subject, { ...more })
    expect(await wide({ scope: 'mcp:write' })).toMatchObject(refused('invalid_scope'))
    expect(await wide({ scope: 'oidc:admin' })).toMatchObject(refused('invalid_scope'))
    expect(await wide({ scope: 'offline_access' })).toMatchObject(refused('invalid_scope'))
    const small = await exchangingClient(world, { scopes: ['openid'] })
    expect(await wide({ scope: 'mcp:read' }, small)).toMatchObject(refused('invalid_scope'))
    expect((await wide({}, small)).body['scope']).toBe('openid')
    expect((await wide({})).body['scope']).toBe('openid mcp:read')
  })

  it('is for confidential clients that have the grant type', async () => {
    const subject = await subjectToken(world, user, app)
    const without = await createClient(world)
    expect(await exchange(world, without, subject)).toMatchObject(refused('unauthorized_client'))
    const unproven = await exchangingClient(world, { tokenEndpointAuthMethod: 'none' })
    expect(await exchange(world, unproven, subject)).toMatchObject(refused('unauthorized_client'))
    const nobody = { ...planner, secret: 'wrong' }
    expect((await exchange(world, nobody, subject)).status).toBe(401)
    const uninvited = await exchangingClient(world, { allowedUsers: ['somebody-else'] })
    expect(await exchange(world, uninvited, subject)).toMatchObject(refused('invalid_request'))
  })

  it('takes access tokens that count and speak for a person, and nothing else', async () => {
    const subject = await subjectToken(world, user, app, { scope: ALL })
    const own = await postForm(
      world,
      '/oauth2/token',
      { grant_type: 'client_credentials' },
      planner,
    )
    for (const [token, more] of [
      [`${subject}x`, {}],
      [subject.slice(0, -1), {}],
      [String(own.body['access_token']), {}],
      [subject, { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
      [subject, { subject_token_type: JWT }],
      [subject, { subject_token_type: null }],
      [subject, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ] as const) {
      expect(await exchange(world, planner, token, more)).toMatchObject(refused('invalid_request'))
    }
  })

  it('ends what was exchanged with what it came from', async () => {
    const subject = await subjectToken(world, user, app, { scope: ALL })
    const first = (await exchange(world, planner, subject)).body['access_token']
    const second = (await exchange(world, app, String(first))).body['access_token']
    expect((await introspect(world, app, second))['active']).toBe(true)
    const [grant] = await world.adapter.findMany<{ id: string }>({
      model: 'oauthGrant',
      where: [
        { field: 'clientId', value: app.clientId },
        { field: 'kind', value: 'code' },
      ],
      sortBy: { field: 'createdAt', direction: 'desc' },
      limit: 1,
    })
    await user.browser.open(`/api/auth/oidc/user/consent/${app.clientId}`, {
      method: 'DELETE',
      headers: { origin: ISSUER, accept: 'application/json' },
    })
    expect(grant).toBeDefined()
    await vi.waitFor(async () => {
      for (const [client, token] of [
        [planner, first],
        [app, second],
      ] as const) {
        expect(await introspect(world, client, token)).toEqual({ active: false })
      }
    })
    expect(await exchange(world, planner, subject)).toMatchObject(refused('invalid_request'))
  })

  it.each([
    ['is disabled', 'PUT', { disabled: true }],
    ['is closed to the person', 'PUT', { allowed_users: [] }],
    ['is deleted', 'DELETE', undefined],
  ] as const)('ends what others exchanged when its client %s', async (_title, method, change) => {
    const from = await exchangingClient(world)
    const subject = await subjectToken(world, user, from, { scope: ALL })
    const first = (await exchange(world, planner, subject)).body['access_token']
    const second = (await exchange(world, app, String(first))).body['access_token']
    expect((await introspect(world, app, second))['active']).toBe(true)
    const path = `/clients/${from.clientId}`
    expect((await as(user, method, path, change)).status).toBe(200)
    expect(await introspect(world, planner, first)).toEqual({ active: false })
    expect(await introspect(world, app, second)).toEqual({ active: false })
    expect(await exchange(world, planner, subject)).toMatchObject(refused('invalid_request'))
    if (method === 'DELETE') return
    // The client itself goes on where it was; what was handed on stays ended.
    await as(user, method, path, { disabled: false, allowed_users: null })
    expect((await introspect(world, from, subject))['active']).toBe(true)
    expect(await introspect(world, planner, first)).toEqual({ active: false })
  })

  it('ends what was exchanged from an access token that is revoked, and keeps its family', async () => {
    const tokens = await tokensFor(world, user, app, { scope: `${ALL} offline_access` })
    const subject = String(tokens['access_token'])
    const first = (await exchange(world, planner, subject)).body['access_token']
    const second = (await exchange(world, app, String(first))).body['access_token']
    expect((await introspect(world, app, second))['active']).toBe(true)
    expect((await postForm(world, '/oauth2/revoke', { token: subject }, app)).status).toBe(200)
    expect(await introspect(world, planner, first)).toEqual({ active: false })
    expect(await introspect(world, app, second)).toEqual({ active: false })
    expect(await exchange(world, planner, subject)).toMatchObject(refused('invalid_request'))
    expect((await introspect(world, app, tokens['refresh_token']))['active']).toBe(true)
  })

  it('outlives nothing: it expires with the token it came from', async () => {
    const short = await exchangingClient(world, { accessTokenLifetime: 20 })
    const subject = await subjectToken(world, user, short, { scope: ALL })
    const { body } = await exchange(world, planner, subject)
    expect(body['expires_in']).toBeLessThanOrEqual(20)
  })

  it('CVE-2026-9798 gives nothing for somebody who is banned', async () => {
    if (!world.sql) return
    const banned = await signUp(world)
    const subject = await subjectToken(world, banned, app)
    const before = (await exchange(world, planner, subject)).body['access_token']
    await world.context.internalAdapter.updateUser(banned.id, { banned: true })
    expect(await exchange(world, planner, subject)).toMatchObject(refused('invalid_request'))
    expect(await introspect(world, planner, before)).toEqual({ active: false })
  })

  it('CVE-2026-27840 refuses every prefix of a token', async () => {
    const subject = await subjectToken(world, user, app, { resource: A, scope: ALL })
    for (const length of [1, 10, subject.length >> 1, subject.length - 1]) {
      const answer = await exchange(world, planner, subject.slice(0, length))
      expect(answer).toMatchObject(refused('invalid_request'))
    }
  })

  it('exchanges a token that is bound to a key with that key only', async () => {
    const key = await newProofKey()
    const url = `${ISSUER}/api/auth/oauth2/token`
    const bound = await exchangingClient(world, { dpopBoundAccessTokens: true })
    const send = async (form: Record<string, string>, proof: string | null, by = bound) => {
      const headers = new Headers({
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${btoa(`${by.clientId}:${by.secret}`)}`,
      })
      if (proof !== null) headers.set('dpop', proof)
      const body = new URLSearchParams(form).toString()
      const response = await world.handler(new Request(url, { method: 'POST', headers, body }))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    const code = await codeFor(user, bound, { scope: ALL })
    const tokens = await send(
      {
        grant_type: 'authorization_code',
        code: code.code,
        code_verifier: code.verifier,
        redirect_uri: code.redirectUri,
      },
      await key.proof('POST', url),
    )
    expect(tokens.body).toMatchObject({ token_type: 'DPoP' })
    const form = {
      grant_type: EXCHANGE_GRANT,
      subject_token: String(tokens.body['access_token']),
      subject_token_type: ACCESS_TOKEN,
    }
    const other = await newProofKey()
    expect(await send(form, await other.proof('POST', url))).toMatchObject(
      refused('invalid_request'),
    )
    expect(await send(form, null, planner)).toMatchObject(refused('invalid_request'))
    const good = await send(form, await key.proof('POST', url))
    expect(good).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    expect(await introspect(world, bound, good.body['access_token'])).toMatchObject({
      cnf: { jkt: key.thumbprint },
    })
  })

  it('takes the own token of the client as its actor, and that of nobody else', async () => {
    const subject = await subjectToken(world, user, app, { scope: ALL })
    const tokenOf = async (client: TestClient) =>
      String(
        (await postForm(world, '/oauth2/token', { grant_type: 'client_credentials' }, client)).body[
          'access_token'
        ],
      )
    const act = async (token: string, type: string | null = ACCESS_TOKEN) =>
      exchange(world, planner, subject, { actor_token: token, actor_token_type: type })
    expect((await act(await tokenOf(planner))).status).toBe(200)
    expect(await act(await tokenOf(app))).toMatchObject(refused('invalid_request'))
    expect(await act(subject)).toMatchObject(refused('invalid_request'))
    expect(await act('nonsense')).toMatchObject(refused('invalid_request'))
    expect(await act(await tokenOf(planner), null)).toMatchObject(refused('invalid_request'))
    const forged = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
    expect(await act(forged, JWT)).toMatchObject(refused('invalid_request'))
    expect(
      await exchange(world, planner, subject, { actor_token_type: ACCESS_TOKEN }),
    ).toMatchObject(refused('invalid_request'))
  })

  it('lets an agent act for its own person, and says so in the log', async () => {
    if (!world.sql) return
    const subject = await subjectToken(world, user, app, { scope: ALL })
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ name: 'Scout' })
    const cookie = [...user.browser.cookies].map((pair) => pair.join('=')).join('; ')
    const person = { ...user, cookie }
    const code = answer.body.approval.user_code
    expect((await decide(world, person, { user_code: code, action: 'approve' })).status).toBe(200)

    const act = async (jwt: string, token = subject) =>
      exchange(world, planner, token, { actor_token: jwt, actor_token_type: JWT })
    const jwt = await agent.jwt({ audience: ISSUER })
    const good = await act(jwt)
    expect(good.status).toBe(200)
    const known = await introspect(world, planner, good.body['access_token'])
    expect(known['act']).toEqual({ sub: agent.id, client_id: planner.clientId })
    expect(await act(jwt)).toMatchObject(refused('invalid_request'))

    const other = await signUp(world)
    const others = await subjectToken(world, other, app)
    expect(await act(await agent.jwt({ audience: ISSUER }), others)).toMatchObject(
      refused('invalid_request'),
    )
    expect(await act(await agent.jwt({ audience: ISSUER, capabilities: [] }))).toMatchObject(
      refused('invalid_request'),
    )
    expect(await act(await agent.jwt())).toMatchObject(refused('invalid_request'))
    const stranger = await generateKeyPair()
    const forged = await signAgentJwt({
      issuer: host.thumbprint,
      agentId: agent.id,
      audience: ISSUER,
      privateKey: stranger.privateKey,
    })
    expect(await act(forged)).toMatchObject(refused('invalid_request'))

    const { rows } = await world.sql.query<{ agent_id: string; details: { sentence: string } }>(
      "SELECT agent_id, details FROM agent_event WHERE type = 'token.exchanged' AND agent_id = $1",
      [agent.id],
    )
    expect(rows.map(({ details }) => details.sentence)).toEqual([
      'agent Scout of app Planner for person Ada Lovelace',
    ])
  })

  it.each([
    ['the end of its parent', 'UPDATE oauth_grant SET revoked_at = now() WHERE user_id = $1'],
    [
      'the revocation of its token',
      'UPDATE oauth_access_token SET revoked = now() WHERE user_id = $1',
    ],
    [
      'the end of its client',
      `UPDATE oauth_client SET disabled = true WHERE client_id IN
        (SELECT client_id FROM oauth_grant WHERE user_id = $1)`,
    ],
  ])('leaves nothing alive of an exchange that races %s', async (_title, end) => {
    // The embedded database has one connection: nothing happens while a transaction is open.
    if (!world.sql || world.connectionString === null) return
    const { sql } = world
    const racer = await signUp(world)
    const raced = await exchangingClient(world)
    const subject = await subjectToken(world, racer, raced, { scope: ALL })
    const children = async () => {
      const text =
        "SELECT revoked_at IS NULL AS alive FROM oauth_grant WHERE user_id = $1 AND kind = 'exchange'"
      return (await sql.query<{ alive: boolean }>(text, [racer.id])).rows
    }
    let answer: ReturnType<typeof exchange> | undefined
    await sql.transaction(async (inside) => {
      await inside.query(end, [racer.id])
      // The end is under way and nobody can see it yet; what it ends with it was looked for already.
      answer = exchange(world, planner, subject)
      await vi.waitFor(async () => expect(await children()).toEqual([{ alive: true }]))
    })
    expect(await answer).toMatchObject(refused('invalid_request'))
    expect(await children()).toEqual([{ alive: false }])
  })
})
