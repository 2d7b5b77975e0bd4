import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { join, organizationBy, person, type Person } from '../support/organizations.ts'
import { ISSUER } from '../support/http.ts'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { secret as SESSION_SECRET } from '../support/auth.ts'
import { as, asNobody } from './support/administration.ts'
import { createClient, postForm, signUp, type TestUser, tokensFor } from './support/flow.ts'
import { DEVICE_GRANT, lookAndAnswer } from './support/pending.ts'

type Auth = ReturnType<typeof createAuth>

const app = { name: 'Ours', redirect_uris: ['https://ours.example/cb'], scopes: ['openid'] }

describe('who looks after applications', () => {
  let auth: Auth
  let world: { handler: Auth['handler'] } & Pick<Awaited<Auth['$context']>, 'adapter'> & {
      context: Awaited<Auth['$context']>
    }
  let admin: TestUser

  beforeAll(async () => {
    auth = createAuth({
      baseURL: ISSUER,
      secret: SESSION_SECRET,
      rateLimit: false,
      connectionString: await freshDatabase(),
      organizations: { roles: { registrar: { oauthClient: ['read', 'create'] } } },
      provider: {},
    })
    const context = await auth.$context
    world = { handler: auth.handler, adapter: context.adapter, context }
    admin = await signUp(world)
    await context.internalAdapter.updateUser(admin.id, { role: 'admin,auditor' })
  })
  afterAll(() => auth.$close())

  const call = async (
    { cookie }: Pick<Person, 'cookie'>,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ) => asNobody(world, method, `/oidc${path}`, { body, headers: { cookie, origin: ISSUER } })

  async function team() {
    const owner = await person(auth, { name: 'owner' })
    const organizationId = await organizationBy(owner)
    const member = await person(auth, { name: 'member' })
    await join(owner, member, { organizationId })
    return { owner, member, organizationId }
  }

  it('PA1 the default role of administrators is Better Auth’s', async () => {
    expect((await as(admin, 'GET', '/clients')).status).toBe(200)
    const almost = await signUp(world)
    await world.context.internalAdapter.updateUser(almost.id, { role: 'administrator' })
    expect((await as(almost, 'GET', '/clients')).status).toBe(403)
  })

  it('O62 owners and admins of an organization look after its applications, and see no others', async () => {
    const { owner, organizationId } = await team()
    const theirs = await as(admin, 'POST', '/clients', app)
    const made = await call(owner, 'POST', '/clients', app)
    expect(made).toMatchObject({
      status: 201,
      body: { client: { organization_id: organizationId } },
    })
    const { client_id: id } = made.body.client
    const list = await call(owner, 'GET', '/clients')
    expect(list.body.clients.map((one: { client_id: string }) => one.client_id)).toEqual([id])
    expect((await call(owner, 'PUT', `/clients/${id}`, { name: 'New' })).status).toBe(200)
    expect((await call(owner, 'POST', `/clients/${id}/rotate-secret`)).status).toBe(200)
    expect((await call(owner, 'GET', `/clients/${id}/users`)).status).toBe(200)
    expect((await call(owner, 'GET', '/clients/activity')).status).toBe(200)
    expect((await call(owner, 'POST', '/keys/rotate')).status).toBe(403)
    for (const foreign of [theirs.body.client.client_id, 'countersign-cli', 'nothing']) {
      for (const [method, more] of [
        ['GET', ''],
        ['PUT', ''],
        ['DELETE', ''],
        ['POST', '/rotate-secret'],
        ['GET', '/users'],
        ['DELETE', '/users'],
        ['GET', '/activity'],
      ] as const) {
        const body = method === 'PUT' || method === 'POST' ? {} : undefined
        const answer = await call(owner, method, `/clients/${foreign}${more}`, body)
        expect([foreign, method, more, answer.status]).toEqual([foreign, method, more, 404])
      }
    }
    expect((await call(owner, 'DELETE', `/clients/${id}`)).status).toBe(200)
  })

  it('CVE-2026-4630 members of another organization find nothing, members without the right are refused', async () => {
    const [one, two] = [await team(), await team()]
    const made = await call(one.owner, 'POST', '/clients', app)
    const path = `/clients/${made.body.client.client_id}`
    expect((await call(two.owner, 'GET', path)).status).toBe(404)
    expect((await call(two.owner, 'DELETE', path)).status).toBe(404)
    expect((await call(one.member, 'GET', path)).status).toBe(403)
    expect((await call(one.member, 'POST', '/clients', app)).status).toBe(403)
    const stolen = { ...app, organization_id: one.organizationId }
    expect((await call(two.owner, 'POST', '/clients', stolen)).status).toBe(403)
    const moved = await call(one.owner, 'PUT', path, { organization_id: two.organizationId })
    expect(moved.status).toBe(403)
    expect((await call(one.owner, 'PUT', path, { organization_id: null })).status).toBe(403)
    expect((await call(one.owner, 'PUT', path, { scopes: ['openid', 'oidc:admin'] })).status).toBe(
      403,
    )
    const admins = { ...app, scopes: ['oidc:admin'] }
    expect((await call(one.owner, 'POST', '/clients', admins)).status).toBe(403)
  })

  it('a role is what it names: who may read and create, may not change', async () => {
    const { owner, organizationId } = await team()
    const registrar = await person(auth, { name: 'registrar' })
    await join(owner, registrar, { organizationId, role: 'registrar' })
    const made = await call(registrar, 'POST', '/clients', app)
    expect(made.status).toBe(201)
    const path = `/clients/${made.body.client.client_id}`
    expect((await call(registrar, 'GET', path)).status).toBe(200)
    expect((await call(registrar, 'PUT', path, { name: 'x' })).status).toBe(403)
    expect((await call(registrar, 'DELETE', path)).status).toBe(403)
    expect((await call(registrar, 'POST', `${path}/rotate-secret`)).status).toBe(403)
  })

  it('who leaves an organization looks after nothing, at once', async () => {
    const { owner, organizationId } = await team()
    const helper = await person(auth, { name: 'helper' })
    const memberId = await join(owner, helper, { organizationId, role: 'admin' })
    expect((await call(helper, 'GET', '/clients')).status).toBe(200)
    await owner.post('/remove-member', { memberIdOrEmail: memberId, organizationId })
    expect((await call(helper, 'GET', '/clients')).status).toBe(403)
  })

  it('the token of a device sign-in administrates, as far as its person may and its scope says', async () => {
    const device = async (user: TestUser, scope: string) => {
      const client = { clientId: 'countersign-cli', secret: null }
      const asked = await postForm(world, '/oauth2/device_authorization', { scope }, client)
      expect(asked.status).toBe(200)
      await lookAndAnswer(user, String(asked.body['user_code']))
      const form = { grant_type: DEVICE_GRANT, device_code: String(asked.body['device_code']) }
      const { status, body } = await postForm(world, '/oauth2/token', form, client)
      expect([status, body]).toEqual([200, body])
      return String(body['access_token'])
    }
    const bearer = (token: string, cookie?: string) =>
      asNobody(world, 'GET', '/oidc/clients', {
        headers: { authorization: `Bearer ${token}`, ...(cookie && { cookie, origin: ISSUER }) },
      })
    const token = await device(admin, 'openid oidc:admin')
    expect((await bearer(token)).status).toBe(200)
    const made = await asNobody(world, 'POST', '/oidc/clients', {
      body: app,
      headers: { authorization: `Bearer ${token}` },
    })
    expect(made.status).toBe(201)

    const narrow = await bearer(await device(admin, 'openid'))
    expect(narrow.status).toBe(403)
    expect(narrow.headers.get('www-authenticate')).toContain('insufficient_scope')
    expect((await bearer(await device(await signUp(world), 'openid oidc:admin'))).status).toBe(403)

    // A bad credential never falls through to the cookie.
    const cookie = [...admin.browser.cookies].map((pair) => pair.join('=')).join('; ')
    for (const bad of ['x', `${token}x`, token.slice(0, -1)]) {
      const answer = await bearer(bad, cookie)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
    }
    await as(admin, 'DELETE', '/user/consent/countersign-cli')
    expect((await bearer(token)).status).toBe(401)
  })

  it('a token made for an API, or with a key, does not administrate here', async () => {
    const client = await createClient(world, { scopes: ['openid', 'oidc:admin'] })
    const tokens = await tokensFor(world, admin, client, { scope: 'openid oidc:admin' })
    const headers = { authorization: `Bearer ${String(tokens['access_token'])}` }
    expect((await asNobody(world, 'GET', '/oidc/clients', { headers })).status).toBe(200)
    // Its rows say so, whatever made them.
    const update = async (change: object) =>
      world.adapter.updateMany({
        model: 'oauthAccessToken',
        where: [{ field: 'clientId', value: client.clientId }],
        update: change as Record<string, unknown>,
      })
    await update({ resources: ['https://api.example/'] })
    await expect
      .poll(async () => (await asNobody(world, 'GET', '/oidc/clients', { headers })).status)
      .toBe(403)
    await update({ resources: [], confirmation: { jkt: 'x' } })
    await expect
      .poll(async () => (await asNobody(world, 'GET', '/oidc/clients', { headers })).status)
      .toBe(403)
    for (const scheme of ['ApiKey', 'Basic', 'DPoP']) {
      const other = { authorization: `${scheme} ${String(tokens['access_token'])}` }
      const answer = await asNobody(world, 'GET', '/oidc/clients', { headers: other })
      expect([scheme, answer.status]).toEqual([scheme, 401])
    }
  })

  it('PA9 a new signing key takes over, and what the old one signed stays valid', async () => {
    const kids = async () => {
      const answer = await world.handler(new Request(`${ISSUER}/.well-known/jwks.json`))
      const { keys } = (await answer.json()) as { keys: { kid: string }[] }
      return keys.map(({ kid }) => kid)
    }
    const client = await createClient(world, {})
    const tokens = await tokensFor(world, admin, client)
    const before = await kids()
    const { status, body } = await as(admin, 'POST', '/keys/rotate')
    expect(status).toBe(200)
    expect(before).not.toContain(body.kid)
    expect(await kids()).toEqual(expect.arrayContaining([...before, body.kid]))
    const answer = await world.handler(
      new Request(`${ISSUER}/api/auth/oauth2/userinfo`, {
        headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
      }),
    )
    expect(answer.status).toBe(200)
  })
})
