import { randomUUID } from 'node:crypto'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  claimsIn,
  exchange,
  exchangingClient,
  ID_JAG,
  ID_TOKEN,
  introspect,
} from './support/exchange.ts'
import {
  createClient,
  ISSUER,
  openMemory,
  postForm,
  type ProviderWorld,
  providerWorlds,
  type RequestParameters,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { TestIssuer } from './support/issuer.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const TYP = 'oauth-id-jag+jwt'
const CHAT = 'https://chat.example'
const API = 'https://api.example/v1'

const refused = (error: string) => ({ status: 400, body: { error } })

describe.each(providerWorlds)('ID-JAG: $name', ({ open }) => {
  let authority: TestIssuer
  let mailing: TestIssuer
  let machines: TestIssuer
  let world: ProviderWorld
  let client: TestClient
  let user: TestUser
  const vouching = { clientId: randomUUID() }
  beforeAll(async () => {
    authority = await TestIssuer.start()
    mailing = await TestIssuer.start()
    machines = await TestIssuer.start()
    world = await open({
      scopes: { 'mcp:read': { title: 'Read', default: true }, 'mcp:write': { title: 'Write' } },
      resources: [API],
      dangerouslyAllowLoopback: true,
      trustedIssuers: [
        { issuer: authority.url, identityAssertions: true, accountProvider: 'work' },
        { issuer: mailing.url, identityAssertions: true, trustEmail: true },
        { issuer: machines.url },
      ],
      assertionAudiences: [
        {
          issuer: CHAT,
          clients: { [vouching.clientId]: 'planner-at-chat' },
          scopes: ['chat:read'],
          resources: ['https://chat.example/api'],
        },
        // The servers of these tests all have one name.
        { issuer: ISSUER, clients: { [vouching.clientId]: 'planner-at-chat' } },
      ],
    })
    client = await createClient(world, {
      grantTypes: [JWT_BEARER],
      scopes: ['openid', 'email', 'offline_access', 'mcp:read', 'mcp:write'],
    })
    user = await signUp(world)
    await link(user, 'work', 'u-1')
  })
  afterAll(async () => {
    await world.close()
    await Promise.all([authority, mailing, machines].map((issuer) => issuer.close()))
  })

  async function link({ id }: Pick<TestUser, 'id'>, providerId: string, accountId: string) {
    await world.context.internalAdapter.createAccount({ userId: id, providerId, accountId })
  }
  const assertion = (claims: object = {}, issuer = authority) =>
    issuer.sign(
      { sub: 'u-1', aud: ISSUER, client_id: client.clientId, jti: randomUUID(), ...claims },
      { typ: TYP },
    )
  const redeem = (jwt: string, more: RequestParameters = {}, by = client) =>
    postForm(world, '/oauth2/token', { grant_type: JWT_BEARER, assertion: jwt, ...more }, by)

  it('P3 jwt-bearer with ID-JAG: a token for the person whose account is linked', async () => {
    const answer = await redeem(await assertion({ scope: 'mcp:read mcp:write', resource: API }), {
      scope: 'mcp:read',
    })
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', scope: 'mcp:read' },
    })
    expect(answer.body).not.toHaveProperty('refresh_token')
    expect(claimsIn(answer.body['access_token'])).toMatchObject({
      sub: user.id,
      client_id: client.clientId,
      aud: API,
      scope: 'mcp:read',
    })
    const grants = await world.adapter.findMany({
      model: 'oauthGrant',
      where: [{ field: 'clientId', value: client.clientId }],
    })
    expect(grants).toMatchObject([{ kind: 'jwt-bearer', userId: user.id, offline: false }])
  })

  it('takes an assertion once, of twenty requests that bring it together', async () => {
    const jwt = await assertion({ scope: 'mcp:read' })
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(jwt)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const errors = answers.filter(({ status }) => status !== 200).map(({ body }) => body['error'])
    expect(new Set(errors)).toEqual(new Set(['invalid_grant']))
  })

  it('CVE-2026-55669 takes assertions for this server, this client and now, and no others', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const [what, jwt] of Object.entries({
      'another audience': await assertion({ aud: CHAT }),
      'several audiences': await assertion({ aud: [ISSUER, CHAT] }),
      'the token endpoint as audience': await assertion({ aud: `${ISSUER}/api/auth/oauth2/token` }),
      'another client': await assertion({ client_id: 'somebody-else' }),
      'no client': await assertion({ client_id: undefined }),
      'no id': await assertion({ jti: undefined }),
      'no beginning': await assertion({ iat: undefined }),
      'no end': await assertion({ exp: undefined }),
      'too long a life': await assertion({ exp: now + 3600 }),
      'an end that is over': await assertion({ iat: now - 600, exp: now - 60 }),
      'an unknown subject': await assertion({ sub: 'u-2' }),
      'an issuer that vouches for nobody': await assertion({}, machines),
      'an unknown issuer': await assertion({ iss: 'https://evil.example' }),
      'a plain JWT': await authority.sign({
        sub: 'u-1',
        aud: ISSUER,
        client_id: client.clientId,
        jti: randomUUID(),
      }),
      'an unpublished key': await authority.sign(
        { sub: 'u-1', aud: ISSUER, client_id: client.clientId, jti: randomUUID() },
        { typ: TYP, unpublished: true },
      ),
      'a cut one': (await assertion()).slice(0, -2),
      'no JWT': 'nonsense',
    })) {
      const { status, body } = await redeem(jwt)
      expect([what, status, body['error']]).toEqual([what, 400, 'invalid_grant'])
    }
  })

  it('is for confidential clients that may use it', async () => {
    const by = async (row: object) => {
      const other = await createClient(world, { grantTypes: [JWT_BEARER], ...row })
      const jwt = await assertion({ client_id: other.clientId })
      return redeem(jwt, {}, other)
    }
    expect(await by({ tokenEndpointAuthMethod: 'none' })).toMatchObject(
      refused('unauthorized_client'),
    )
    expect(await by({ grantTypes: ['client_credentials'] })).toMatchObject(
      refused('unauthorized_client'),
    )
    expect(await by({ allowedUsers: ['somebody-else'] })).toMatchObject(refused('invalid_grant'))
    expect((await redeem(await assertion(), {}, { ...client, secret: 'wrong' })).status).toBe(401)
    const nobody = await postForm(world, '/oauth2/token', {
      grant_type: JWT_BEARER,
      assertion: await assertion(),
    })
    expect(nobody).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  it('allows no more than the assertion says, the client may have and this server offers', async () => {
    const ask = async (claims: object, more: RequestParameters = {}) =>
      redeem(await assertion(claims), more)
    const read = { scope: 'mcp:read' }
    expect(await ask(read, { scope: 'mcp:write' })).toMatchObject(refused('invalid_scope'))
    expect((await ask({ scope: 'mcp:read oidc:admin offline_access' })).body['scope']).toBe(
      'mcp:read',
    )
    expect((await ask({})).body['scope']).toBe('openid email mcp:read')
    expect((await ask({})).body).not.toHaveProperty('id_token')
    expect(await ask({ ...read, resource: API }, { resource: 'https://b.example' })).toMatchObject(
      refused('invalid_target'),
    )
    expect(await ask({ ...read, resource: 'https://b.example' })).toMatchObject(
      refused('invalid_target'),
    )
    expect(await ask({ ...read, resource: [1] })).toMatchObject(refused('invalid_grant'))
  })

  it('GHSA-g38m-r43w-p2q7 finds nobody by an address that nobody confirmed', async () => {
    const known = await signUp(world)
    const { email } = known
    const byMail = async (claims: object, issuer = mailing) =>
      redeem(await assertion({ sub: 'm-1', scope: 'mcp:read', ...claims }, issuer))
    expect((await byMail({ email, email_verified: true })).status).toBe(200)
    expect((await byMail({ email: email.toUpperCase(), email_verified: true })).status).toBe(200)
    expect(await byMail({ email })).toMatchObject(refused('invalid_grant'))
    expect(await byMail({ email, email_verified: 'true' })).toMatchObject(refused('invalid_grant'))
    expect(await byMail({ email, email_verified: true }, authority)).toMatchObject(
      refused('invalid_grant'),
    )
    await world.context.internalAdapter.updateUser(known.id, { emailVerified: false })
    expect(await byMail({ email, email_verified: true })).toMatchObject(refused('invalid_grant'))
    await link(known, new URL(mailing.url).host, 'm-1')
    expect((await byMail({})).status).toBe(200)
  })

  it('CVE-2026-9798 gives nothing for somebody who is banned', async () => {
    if (!world.sql) return
    const banned = await signUp(world)
    await link(banned, 'work', 'u-banned')
    const before = await redeem(await assertion({ sub: 'u-banned', scope: 'mcp:read' }))
    expect(before.status).toBe(200)
    await world.context.internalAdapter.updateUser(banned.id, { banned: true })
    expect(await redeem(await assertion({ sub: 'u-banned' }))).toMatchObject(
      refused('invalid_grant'),
    )
    expect(await introspect(world, client, before.body['access_token'])).toEqual({ active: false })
  })

  describe('as issuer', () => {
    let planner: TestClient
    beforeAll(async () => {
      planner = await exchangingClient(world, { clientId: vouching.clientId })
    })

    const vouch = (subject: unknown, more: RequestParameters = {}, by = planner) =>
      exchange(world, by, String(subject), {
        requested_token_type: ID_JAG,
        subject_token_type: ID_TOKEN,
        audience: CHAT,
        ...more,
      })

    it('P3 ID-JAG as issuer: vouches for the person at a configured audience', async () => {
      const tokens = await tokensFor(world, user, planner)
      for (const [subject, type] of [
        [tokens['id_token'], ID_TOKEN],
        [tokens['access_token'], 'urn:ietf:params:oauth:token-type:access_token'],
      ] as const) {
        const answer = await vouch(subject, {
          subject_token_type: type,
          scope: 'chat:read',
          resource: 'https://chat.example/api',
        })
        expect(answer).toMatchObject({
          status: 200,
          body: { issued_token_type: ID_JAG, token_type: 'N_A', expires_in: 300 },
        })
        const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`), {
          [customFetch]: (url: string) => jwksAt(url),
        })
        const { payload } = await jwtVerify(String(answer.body['access_token']), keys, {
          issuer: ISSUER,
          audience: CHAT,
          typ: TYP,
        })
        expect(payload).toMatchObject({
          sub: user.id,
          client_id: 'planner-at-chat',
          scope: 'chat:read',
          resource: 'https://chat.example/api',
          email: user.email,
          jti: expect.any(String),
        })
        expect(await introspect(world, planner, answer.body['access_token'])).toEqual({
          active: false,
        })
      }
    })

    async function jwksAt(url: string): Promise<Response> {
      const response = await world.handler(new Request(url))
      // On the memory adapter the keys stand where Better Auth's own plugin has them.
      return response.status === 200
        ? response
        : world.handler(new Request(`${ISSUER}/api/auth/jwks`))
    }

    it('vouches for nobody else, nowhere else, and for no other client', async () => {
      const tokens = await tokensFor(world, user, planner)
      const token = tokens['id_token']
      const other = await exchangingClient(world)
      const others = await tokensFor(world, user, other)
      expect(await vouch(token, { audience: 'https://evil.example' })).toMatchObject(
        refused('invalid_target'),
      )
      expect(await vouch(token, { audience: [CHAT, 'https://evil.example'] })).toMatchObject(
        refused('invalid_target'),
      )
      expect(await vouch(token, { audience: null })).toMatchObject(refused('invalid_target'))
      expect(await vouch(token, { scope: 'chat:write' })).toMatchObject(refused('invalid_scope'))
      expect(await vouch(token, { resource: API })).toMatchObject(refused('invalid_target'))
      expect(await vouch(others['id_token'], {}, other)).toMatchObject(refused('invalid_target'))
      expect(await vouch(others['id_token'])).toMatchObject(refused('invalid_request'))
      expect(await vouch(`${String(token).slice(0, -3)}AAA`)).toMatchObject(
        refused('invalid_request'),
      )
      const type = 'urn:ietf:params:oauth:token-type:access_token'
      expect(await vouch(others['access_token'], { subject_token_type: type })).toMatchObject(
        refused('invalid_request'),
      )
      const acting = await exchange(world, planner, String(tokens['access_token']))
      expect(await vouch(acting.body['access_token'], { subject_token_type: type })).toMatchObject(
        refused('invalid_request'),
      )
      expect(await vouch(tokens['access_token'])).toMatchObject(refused('invalid_request'))
    })

    it('vouches no more once the person took back what they allowed', async () => {
      const person = await signUp(world)
      const tokens = await tokensFor(world, person, planner)
      expect((await vouch(tokens['id_token'])).status).toBe(200)
      await person.browser.open(`/api/auth/oidc/user/consent/${planner.clientId}`, {
        method: 'DELETE',
        headers: { origin: ISSUER, accept: 'application/json' },
      })
      expect(await vouch(tokens['id_token'])).toMatchObject(refused('invalid_request'))
    })

    it('is understood by another server of this kind, which trusts it', async () => {
      const { keys } = (await (await jwksAt(`${ISSUER}/.well-known/jwks.json`)).json()) as {
        keys: Record<string, unknown>[]
      }
      const chat = await openMemory({
        trustedIssuers: [{ issuer: ISSUER, jwks: { keys }, identityAssertions: true }],
      })
      const there = { clientId: 'planner-at-chat', grantTypes: [JWT_BEARER] }
      const plannerThere = await createClient(chat, there)
      const member = await signUp(chat)
      await chat.context.internalAdapter.createAccount({
        userId: member.id,
        providerId: new URL(ISSUER).host,
        accountId: user.id,
      })
      const tokens = await tokensFor(world, user, planner)
      const { body } = await vouch(tokens['id_token'], { audience: ISSUER })
      const form = { grant_type: JWT_BEARER, assertion: String(body['access_token']) }
      const answer = await postForm(chat, '/oauth2/token', form, plannerThere)
      expect(answer.status).toBe(200)
      const known = await postForm(
        chat,
        '/oauth2/introspect',
        { token: String(answer.body['access_token']) },
        plannerThere,
      )
      expect(known.body).toMatchObject({ active: true, sub: member.id })
    })
  })
})
