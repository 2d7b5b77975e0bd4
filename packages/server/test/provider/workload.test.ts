import { createHash, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrustedIssuers } from '../../src/provider/trusted-issuers/trusted-issuers.ts'
import { exchange, exchangingClient, introspect, JWT, subjectToken } from './support/exchange.ts'
import {
  createClient,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  type RequestParameters,
  signUp,
  type TestClient,
} from './support/flow.ts'
import { TestIssuer } from './support/issuer.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const AUDIENCE = 'https://auth.example/workloads'

const kubernetes = 'system:serviceaccount:prod:api'
const github = 'repo:ours/app:ref:refs/heads/main'
const spiffe = 'spiffe://ours.example/ns/prod/sa/api'

describe.each(providerWorlds)('workload JWTs: $name', ({ open }) => {
  const ids = { api: randomUUID(), deploy: randomUUID(), mesh: randomUUID(), open: randomUUID() }
  let cluster: TestIssuer
  let actions: TestIssuer
  let mesh: TestIssuer
  let world: ProviderWorld
  let api: TestClient
  beforeAll(async () => {
    cluster = await TestIssuer.start('RS256')
    actions = await TestIssuer.start('ES256')
    mesh = await TestIssuer.start('EdDSA')
    world = await open({
      scopes: { 'mcp:read': { title: 'Read', default: true }, 'mcp:write': { title: 'Write' } },
      dangerouslyAllowLoopback: true,
      trustedIssuers: [
        {
          issuer: cluster.url,
          jwksUri: `${cluster.url}/jwks`,
          subjects: [
            { subject: kubernetes, clientId: ids.api },
            { subject: 'system:serviceaccount:open:*', clientId: ids.open },
            { subject: 'system:serviceaccount:gone:*', clientId: 'nobody' },
          ],
        },
        {
          issuer: actions.url,
          audience: AUDIENCE,
          algorithms: ['ES256'],
          subjects: [
            {
              subject: 'repo:ours/*:ref:refs/heads/main',
              clientId: ids.deploy,
              scopes: ['mcp:read'],
            },
          ],
        },
        {
          issuer: mesh.url,
          jwks: { keys: [await mesh.jwk()] },
          subjects: [{ subject: 'spiffe://ours.example/ns/prod/**', clientId: ids.mesh }],
        },
      ],
    })
    const row = {
      tokenEndpointAuthMethod: 'private_key_jwt',
      grantTypes: [
        'client_credentials',
        JWT_BEARER,
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      scopes: ['openid', 'mcp:read', 'mcp:write'],
    } as const
    api = await createClient(world, { ...row, clientId: ids.api })
    await createClient(world, { ...row, clientId: ids.deploy })
    await createClient(world, { ...row, clientId: ids.mesh })
    await createClient(world, { ...row, clientId: ids.open, tokenEndpointAuthMethod: 'none' })
  })
  afterAll(async () => {
    await world.close()
    await Promise.all([cluster, actions, mesh].map((issuer) => issuer.close()))
  })

  const token = (form: RequestParameters) => postForm(world, '/oauth2/token', form)
  const bearer = (assertion: string, more: RequestParameters = {}) =>
    token({ grant_type: JWT_BEARER, assertion, ...more })
  const asClient = (assertion: string, more: RequestParameters = {}) =>
    token({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION,
      client_assertion: assertion,
      ...more,
    })

  it.each([
    ['Kubernetes', () => cluster.sign({ sub: kubernetes, aud: [ISSUER] }), 'api', 'mcp:read'],
    ['GitHub Actions', () => actions.sign({ sub: github, aud: AUDIENCE }), 'deploy', 'mcp:read'],
    ['SPIFFE', () => mesh.sign({ sub: spiffe, aud: ISSUER }), 'mesh', 'mcp:read'],
  ] as const)(
    'P3 workload JWT of %s: a token of its client, by grant and by client assertion',
    async (_name, sign, client, scope) => {
      const jwt = await sign()
      for (const answer of [await bearer(jwt), await asClient(jwt)]) {
        expect(answer).toMatchObject({ status: 200, body: { scope, token_type: 'Bearer' } })
        const { rows, found } = await storedToken(answer.body['access_token'])
        expect(rows).toBe(1)
        expect(found).toMatchObject({ clientId: ids[client], userId: null })
      }
    },
  )

  async function storedToken(presented: unknown) {
    const hash = createHash('sha256').update(String(presented)).digest('base64url')
    const rows = await world.adapter.findMany<{ clientId: string; userId: string | null }>({
      model: 'oauthAccessToken',
      where: [{ field: 'token', value: hash }],
    })
    return { rows: rows.length, found: rows[0] }
  }

  it('gives a workload no scope beyond its own, whatever its client may have', async () => {
    const jwt = await actions.sign({ sub: github, aud: AUDIENCE })
    for (const ask of [bearer, asClient]) {
      expect(await ask(jwt, { scope: 'mcp:write' })).toMatchObject({
        status: 400,
        body: { error: 'invalid_scope' },
      })
    }
    const unlimited = await cluster.sign({ sub: kubernetes, aud: ISSUER })
    expect((await bearer(unlimited, { scope: 'mcp:write' })).body['scope']).toBe('mcp:write')
  })

  it('CVE-2026-55669 takes JWTs for this server, of subjects in the table, and no others', async () => {
    const past = Math.floor(Date.now() / 1000) - 60
    const good = { sub: kubernetes, aud: ISSUER }
    for (const [what, jwt] of Object.entries({
      'another audience': await cluster.sign({ ...good, aud: 'https://other.example' }),
      'a stranger in the audience': await cluster.sign({ ...good, aud: [ISSUER, 'https://x'] }),
      'a slash after the audience': await cluster.sign({ ...good, aud: `${ISSUER}/` }),
      'no audience': await cluster.sign({ sub: kubernetes }),
      'the default audience where another is configured': await actions.sign({
        sub: github,
        aud: ISSUER,
      }),
      'another subject': await cluster.sign({ ...good, sub: `${kubernetes}2` }),
      'no subject': await cluster.sign({ aud: ISSUER }),
      'a subject that crosses a slash': await actions.sign({
        sub: 'repo:ours/a/b:ref:refs/heads/main',
        aud: AUDIENCE,
      }),
      'another branch': await actions.sign({
        sub: 'repo:ours/app:ref:refs/heads/evil',
        aud: AUDIENCE,
      }),
      'an expired one': await cluster.sign({ ...good, exp: past }),
      'one without end': await cluster.sign({ ...good, exp: undefined }),
      'one of the future': await cluster.sign({ ...good, nbf: past + 600 }),
      'an unpublished key': await cluster.sign(good, { unpublished: true }),
      'another issuer, by its name': await actions.sign({ ...good, iss: cluster.url }),
      'an issuer nobody trusts': await cluster.sign({ ...good, iss: 'https://evil.example' }),
      'an issuer with a slash': await cluster.sign({ ...good, iss: `${cluster.url}/` }),
      'a client that is gone': await cluster.sign({
        ...good,
        sub: 'system:serviceaccount:gone:x',
      }),
      'a public client': await cluster.sign({ ...good, sub: 'system:serviceaccount:open:x' }),
      'an ID-JAG': await cluster.sign(good, { typ: 'oauth-id-jag+jwt' }),
    })) {
      for (const ask of [bearer, asClient]) {
        const { status, body } = await ask(jwt)
        expect([what, status, body['error']]).toEqual([what, 401, 'invalid_client'])
      }
    }
  })

  it('CVE-2026-22817 refuses algorithms that an issuer does not sign with', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: cluster.url, sub: kubernetes, aud: ISSUER, iat: now, exp: now + 60 }
    const publicKey = new TextEncoder().encode(JSON.stringify(await cluster.jwk()))
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(publicKey)
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const none = `${encode({ alg: 'none' })}.${encode(claims)}.`
    const missing = `${encode({ kid: 'key-1' })}.${encode(claims)}.c2ln`
    for (const jwt of [hmac, none, missing, `${hmac}x`, 'a.b.c', 'x'.repeat(20_000)]) {
      expect((await bearer(jwt)).status).toBe(401)
      expect((await asClient(jwt)).status).toBe(401)
    }
  })

  it('is one way to say who the client is, and names the same one everywhere', async () => {
    const jwt = await cluster.sign({ sub: kubernetes, aud: ISSUER })
    const other = await createClient(world)
    expect((await asClient(jwt, { client_id: other.clientId })).body['error']).toBe(
      'invalid_client',
    )
    expect((await asClient(jwt, { client_id: ids.api })).status).toBe(200)
    expect((await asClient(jwt, { client_secret: 'x' })).status).toBe(400)
    const secret = await createClient(world, { grantTypes: [JWT_BEARER] })
    const form = { grant_type: JWT_BEARER, assertion: jwt }
    expect(await postForm(world, '/oauth2/token', form, secret)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
  })

  it('fetches keys once, and again when an issuer has a new one', async () => {
    const ask = async () => bearer(await cluster.sign({ sub: kubernetes, aud: ISSUER }))
    await ask()
    const before = cluster.requests['/jwks'] ?? 0
    await Promise.all(Array.from({ length: 10 }, ask))
    expect(cluster.requests['/jwks']).toBe(before)
    expect(actions.requests['/.well-known/openid-configuration'] ?? 0).toBeLessThanOrEqual(1)
  })

  it('exchanges the JWT of a workload for a token of its client, as long as it may act', async () => {
    const swap = async (claims: object, more: RequestParameters = {}) => {
      const jwt = await cluster.sign({ sub: kubernetes, aud: ISSUER, ...claims })
      const proof = await cluster.sign({ sub: kubernetes, aud: ISSUER })
      return token({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_assertion_type: ASSERTION,
        client_assertion: proof,
        subject_token: jwt,
        subject_token_type: JWT,
        ...more,
      })
    }
    expect((await swap({})).status).toBe(200)
    expect((await swap({ may_act: { sub: ids.api } })).status).toBe(200)
    for (const claim of [{ sub: 'else' }, { sub: ids.api, client_id: 'else' }, {}, 'x', null]) {
      expect(await swap({ may_act: claim })).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      })
    }
  })

  it('acts in an exchange under the name that its issuer gives it', async () => {
    const user = await signUp(world)
    const app = await exchangingClient(world, { scopes: ['openid', 'mcp:read'] })
    const subject = await subjectToken(world, user, app, { scope: 'openid mcp:read' })
    const act = async (sub: string) =>
      token({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_assertion_type: ASSERTION,
        client_assertion: await cluster.sign({ sub: kubernetes, aud: ISSUER }),
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        actor_token: await cluster.sign({ sub, aud: ISSUER }),
        actor_token_type: JWT,
      })
    const good = await act(kubernetes)
    expect(good.status).toBe(200)
    const again = await exchange(world, app, String(good.body['access_token']))
    expect((await introspect(world, app, again.body['access_token']))['act']).toEqual({
      sub: app.clientId,
      client_id: app.clientId,
      act: { sub: kubernetes, client_id: api.clientId },
    })
    expect((await act('system:serviceaccount:open:x')).body['error']).toBe('invalid_request')
  })
})

it('takes the keys of an issuer again when it changed them, and says when it cannot', async () => {
  const issuer = await TestIssuer.start('ES256')
  let elapsed = 0
  const trusted = new TrustedIssuers([{ issuer: issuer.url }], true, () => Date.now() + elapsed)
  const verify = async () =>
    trusted.verify(await issuer.sign({ sub: 'me', aud: 'us' }), {
      audience: () => 'us',
      now: Date.now(),
    })
  expect((await verify()).subject).toBe('me')
  await issuer.rotate()
  await expect(verify()).rejects.toMatchObject({ name: 'AssertionRefused' })
  elapsed = 11_000
  expect((await verify()).subject).toBe('me')
  expect(issuer.requests['/jwks']).toBe(2)
  await issuer.close()
  elapsed = 600_000
  await expect(verify()).rejects.toMatchObject({ code: 'temporarily_unavailable', status: 503 })
})
