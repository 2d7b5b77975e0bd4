import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimsIn } from './support/exchange.ts'
import {
  createClient,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  signIn,
  signUp,
} from './support/flow.ts'
import {
  answerDevice,
  askDevice,
  changePending,
  DEVICE_GRANT,
  deviceClient,
  lookAndAnswer,
  pollDevice,
  showDevice,
} from './support/pending.ts'

const API = 'https://api.example/v1'

describe.each(providerWorlds)('device grant: $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open({
      scopes: { 'api:read': { title: 'Read things' } },
      resources: [API],
      dangerouslyAllowLoopback: true,
    })
  })
  afterAll(() => world.close())

  it('P3 device grant: code, page, approval, tokens, refresh', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world)
    const asked = await postForm(
      world,
      '/oauth2/device_authorization',
      { scope: 'openid profile email offline_access' },
      client,
    )
    expect(asked.status).toBe(200)
    expect(asked.body).toMatchObject({
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${ISSUER}/device`,
      verification_uri_complete: `${ISSUER}/device?user_code=${String(asked.body['user_code'])}`,
      expires_in: 600,
      interval: 5,
    })
    const code = String(asked.body['user_code'])
    const device = String(asked.body['device_code'])
    expect((await pollDevice(world, client, device)).body['error']).toBe('authorization_pending')

    const shown = await showDevice(user, code.toLowerCase().replace('-', ' '))
    expect(shown.status).toBe(200)
    expect(shown.body).toMatchObject({
      kind: 'device',
      client: { client_id: client.clientId, name: 'Example App', verified: null },
      account: { id: user.id, email: user.email },
      offline: true,
      access_expires_in: 600,
      revoke_url: `${ISSUER}/connected-apps`,
    })
    expect(shown.body.scopes.map(({ name }: { name: string }) => name)).toEqual([
      'openid',
      'profile',
      'email',
      'offline_access',
    ])
    const { ticket } = shown.body
    const scopes = ['openid', 'email', 'offline_access']
    expect(await answerDevice(user, code, { ticket, scopes })).toEqual({
      status: 200,
      body: { status: 'approved' },
    })

    const tokens = await pollDevice(world, client, device)
    expect(tokens.status).toBe(200)
    expect(tokens.body).toMatchObject({
      token_type: 'Bearer',
      scope: 'openid email offline_access',
      id_token: expect.any(String),
    })
    const refreshed = await postForm(
      world,
      '/oauth2/token',
      { grant_type: 'refresh_token', refresh_token: String(tokens.body['refresh_token']) },
      client,
    )
    expect(refreshed.status).toBe(200)
    const consents = await world.adapter.findMany<{ scopes: string[] }>({
      model: 'oauthConsent',
      where: [{ field: 'clientId', value: client.clientId }],
    })
    expect(consents.map((consent) => consent.scopes)).toEqual([scopes])
  })

  it('makes a token for the resource that was asked for, and for no other', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world, { scopes: ['api:read'] })
    const refused = await postForm(
      world,
      '/oauth2/device_authorization',
      { scope: 'api:read', resource: 'https://other.example' },
      client,
    )
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    const { device, code } = await askDevice(world, client, { scope: 'api:read', resource: API })
    await lookAndAnswer(user, code)
    const { body } = await pollDevice(world, client, device)
    const payload = String(body['access_token']).split('.')[1] ?? ''
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    expect(claims).toMatchObject({ aud: API, sub: user.id, scope: 'api:read' })
  })

  it('gives tokens for an approved code once, of fifty that poll together', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    await lookAndAnswer(user, code)
    const polls = await Promise.all(
      Array.from({ length: 50 }, () => pollDevice(world, client, device)),
    )
    const good = polls.filter(({ status }) => status === 200)
    expect(good).toHaveLength(1)
    const others = polls.filter(({ status }) => status !== 200)
    expect(new Set(others.map(({ body }) => body['error']))).toEqual(new Set(['invalid_grant']))
    const userInfo = await world.handler(
      new Request(`${ISSUER}/api/auth/oauth2/userinfo`, {
        headers: { authorization: `Bearer ${String(good[0]?.body['access_token'])}` },
      }),
    )
    expect(userInfo.status).toBe(200)
    expect((await pollDevice(world, client, device)).body['error']).toBe('invalid_grant')
  })

  it('slows a device down that polls too fast, by five seconds each time', async () => {
    const client = await deviceClient(world)
    const { device } = await askDevice(world, client, { scope: 'openid' })
    const intervals = async () =>
      (
        await world.adapter.findMany<{ interval: number }>({
          model: 'oauthPendingAuthorization',
          where: [{ field: 'clientId', value: client.clientId }],
        })
      ).map(({ interval }) => interval)
    const poll = async () => (await pollDevice(world, client, device)).body['error']
    expect(await poll()).toBe('authorization_pending')
    expect(await poll()).toBe('slow_down')
    expect(await intervals()).toEqual([10])
    expect(await poll()).toBe('slow_down')
    expect(await intervals()).toEqual([15])
    await changePending(world, client, { nextPollAt: new Date(Date.now() - 1) })
    expect(await poll()).toBe('authorization_pending')
    await changePending(world, client, { nextPollAt: new Date(Date.now() - 1) })
    const together = await Promise.all(Array.from({ length: 5 }, poll))
    expect(together.filter((error) => error === 'authorization_pending')).toHaveLength(1)
    expect(together.filter((error) => error === 'slow_down')).toHaveLength(4)
  })

  it('tells a device that the person said no, or nothing in time', async () => {
    const user = await signUp(world)
    const denied = await deviceClient(world)
    const first = await askDevice(world, denied)
    expect((await lookAndAnswer(user, first.code, { decision: 'deny' })).body.status).toBe('denied')
    expect((await pollDevice(world, denied, first.device)).body['error']).toBe('access_denied')

    const late = await deviceClient(world)
    const second = await askDevice(world, late)
    const shown = await showDevice(user, second.code)
    await changePending(world, late, { expiresAt: new Date(Date.now() - 1) })
    expect((await pollDevice(world, late, second.device)).body['error']).toBe('expired_token')
    expect(await answerDevice(user, second.code, { ticket: shown.body.ticket })).toMatchObject({
      body: { error: 'approval_expired' },
    })
  })

  it('is for the client that asked, and for clients that may use it', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world)
    const other = await deviceClient(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    await lookAndAnswer(user, code)
    expect((await pollDevice(world, other, device)).body['error']).toBe('invalid_grant')
    const without = await createClient(world)
    expect(
      await postForm(world, '/oauth2/device_authorization', { scope: 'openid' }, without),
    ).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    expect((await pollDevice(world, without, device)).body['error']).toBe('unauthorized_client')
    const nobody = { clientId: 'nobody', secret: null }
    expect(await postForm(world, '/oauth2/device_authorization', {}, nobody)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect((await pollDevice(world, client, `${device}x`)).body['error']).toBe('invalid_grant')
    expect((await pollDevice(world, client, device)).status).toBe(200)
  })

  it('says how the person that approved had signed in, and when (OIDC Core 2)', async () => {
    const user = await signUp(world, { amr: 'pwd otp' })
    const client = await deviceClient(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    expect((await lookAndAnswer(user, code)).status).toBe(200)
    const { body } = await pollDevice(world, client, device)
    expect(claimsIn(body['id_token'])).toMatchObject({
      acr: 'urn:countersign:acr:2',
      amr: ['pwd', 'otp'],
      auth_time: expect.any(Number),
    })
  })

  it('asks for no more than the client may have', async () => {
    const client = await deviceClient(world, { scopes: ['openid'] })
    const ask = (scope: string) =>
      postForm(world, '/oauth2/device_authorization', { scope }, client)
    expect(await ask('openid api:read')).toMatchObject({ body: { error: 'invalid_scope' } })
    expect(await ask('nonsense')).toMatchObject({ body: { error: 'invalid_scope' } })
    expect((await ask('')).status).toBe(200)
  })

  it('stores no code that could be read back', async () => {
    const client = await deviceClient(world)
    const { device, code } = await askDevice(world, client)
    const rows = await world.adapter.findMany({
      model: 'oauthPendingAuthorization',
      where: [{ field: 'clientId', value: client.clientId }],
    })
    expect(rows).toHaveLength(1)
    const stored = JSON.stringify(rows)
    for (const secret of [device, code, code.replace('-', '')]) expect(stored).not.toContain(secret)
  })

  it('CVE-2026-45337 lets nobody but who opened a code first answer it', async () => {
    const [ada, eve] = [await signUp(world), await signUp(world)]
    const client = await deviceClient(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    const unopened = await answerDevice(eve, code, { ticket: 'x' })
    expect(unopened).toMatchObject({ status: 404, body: { error: 'approval_not_found' } })
    const shown = await showDevice(ada, code)
    const { ticket } = shown.body
    expect((await showDevice(eve, code)).status).toBe(404)
    for (const decision of ['allow', 'deny']) {
      expect((await answerDevice(eve, code, { ticket, decision })).status).toBe(404)
    }
    expect((await pollDevice(world, client, device)).body['error']).toBe('authorization_pending')
    expect((await answerDevice(ada, code, { ticket })).status).toBe(200)
    expect((await answerDevice(ada, code, { ticket })).body.error).toBe('approval_decided')
  })

  it('opens a code for one of many who look at it together', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => signUp(world)))
    const { code } = await askDevice(world, await deviceClient(world))
    const looks = await Promise.all(people.map((person) => showDevice(person, code)))
    expect(looks.map(({ status }) => status).toSorted()).toEqual([200, 404, 404, 404, 404])
  })

  it('takes one answer of many, from the session that saw the request', async () => {
    const user = await signUp(world)
    const other = await signIn(world, user)
    const client = await deviceClient(world)
    const { code } = await askDevice(world, client)
    const { ticket } = (await showDevice(user, code)).body
    const elsewhere = await answerDevice(other, code, { ticket })
    expect(elsewhere.body.error).toBe('approval_changed')
    expect((await answerDevice(user, code, { ticket: `${ticket}x` })).body.error).toBe(
      'approval_changed',
    )
    const answers = await Promise.all(
      ['allow', 'deny', 'allow', 'deny'].map((decision) =>
        answerDevice(user, code, { ticket, decision }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('takes answers from pages of this server and signed-in people alone', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world)
    const { code } = await askDevice(world, client)
    const { ticket } = (await showDevice(user, code)).body
    const body = { user_code: code, ticket, decision: 'allow' }
    const foreign = await user.browser.post('/oidc/device', body, {
      origin: 'https://evil.example',
    })
    expect(foreign.status).toBe(403)
    const stranger = await world.handler(
      new Request(`${ISSUER}/api/auth/oidc/device`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: ISSUER },
        body: JSON.stringify(body),
      }),
    )
    expect(stranger.status).toBe(401)
    expect((await answerDevice(user, code, { ticket })).status).toBe(200)
  })

  it('looks at no code any more after ten wrong ones of one person', async () => {
    const [user, other] = [await signUp(world), await signUp(world)]
    const { code } = await askDevice(world, await deviceClient(world))
    const guesses = await Promise.all(
      Array.from({ length: 15 }, () => showDevice(user, 'BCDF-GHJK')),
    )
    const statuses = guesses.map(({ status }) => status)
    expect(statuses.filter((status) => status === 404)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect((await showDevice(user, code)).status).toBe(429)
    expect((await showDevice(other, code)).status).toBe(200)
  })

  it('allows nothing that was not asked for, and nothing without what is required', async () => {
    const user = await signUp(world)
    const client = await deviceClient(world)
    const { code } = await askDevice(world, client, { scope: 'openid email' })
    const answer = (scopes: string[]) => lookAndAnswer(user, code, { scopes })
    expect((await answer(['openid', 'profile'])).status).toBe(400)
    expect((await answer(['email'])).status).toBe(400)
    expect((await answer(['openid'])).status).toBe(200)
  })

  it('CVE-2026-9798 gives a device nothing for somebody who was banned since', async () => {
    if (!world.sql) return
    const user = await signUp(world)
    const client = await deviceClient(world)
    const { device, code } = await askDevice(world, client, { scope: 'openid' })
    await lookAndAnswer(user, code)
    await world.context.internalAdapter.updateUser(user.id, { banned: true })
    expect((await pollDevice(world, client, device)).body['error']).toBe('invalid_grant')
    const second = await askDevice(world, client, { scope: 'openid' })
    expect((await showDevice(user, second.code)).status).toBeGreaterThanOrEqual(401)
  })

  it('shows nothing to people who may not use the client', async () => {
    const [ada, eve] = [await signUp(world), await signUp(world)]
    const client = await deviceClient(world, { allowedUsers: [ada.id] })
    const first = await askDevice(world, client)
    expect(await showDevice(eve, first.code)).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    const second = await askDevice(world, client)
    expect((await lookAndAnswer(ada, second.code)).status).toBe(200)
  })

  it('remembers in the log of the person what they answered', async () => {
    if (!world.sql) return
    const user = await signUp(world)
    const client = await deviceClient(world, { scopes: ['openid'] })
    for (const decision of ['allow', 'deny']) {
      const { code } = await askDevice(world, client)
      await lookAndAnswer(user, code, { decision })
    }
    const { rows } = await world.sql.query(
      'SELECT type, outcome, details FROM agent_event WHERE user_id = $1 ORDER BY id',
      [user.id],
    )
    const details = { client_id: client.clientId, kind: 'device', scopes: ['openid'] }
    expect(rows).toEqual([
      { type: 'authorization.approved', outcome: 'success', details },
      { type: 'authorization.denied', outcome: 'success', details },
    ])
  })

  it('tells what it offers', async () => {
    const document = await world.handler(
      new Request(`${ISSUER}/.well-known/oauth-authorization-server`),
    )
    expect(await document.json()).toMatchObject({
      device_authorization_endpoint: `${ISSUER}/api/auth/oauth2/device_authorization`,
      grant_types_supported: expect.arrayContaining([DEVICE_GRANT]),
    })
  })
})
