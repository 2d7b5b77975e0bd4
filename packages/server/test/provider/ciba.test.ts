import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { as } from './support/administration.ts'
import { claimsIn } from './support/exchange.ts'
import {
  createClient,
  ISSUER,
  postForm,
  type ProviderWorld,
  providerWorlds,
  type RequestParameters,
  signIn,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import {
  answerRequest,
  changePending,
  CIBA_GRANT,
  cibaClient,
  inbox,
  pollCiba,
} from './support/pending.ts'

/** What a client's notification endpoint received. */
interface Ping {
  readonly authorization: string | undefined
  readonly body: unknown
}

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('CIBA: $name', ({ open }) => {
  const pings: Ping[] = []
  const listener = createServer((request, response) => {
    void receive(request).then((ping) => {
      pings.push(ping)
      const same = pings.filter(({ authorization }) => authorization === ping.authorization)
      const failures = Number(/fails-(\d)/.exec(ping.authorization ?? '')?.[1] ?? 0)
      response.writeHead(same.length > failures ? 204 : 503).end()
    })
  })
  const notices: { userId: string; clientName: string; url: string }[] = []
  let endpoint = ''
  let administrator: TestUser
  let world: ProviderWorld
  beforeAll(async () => {
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    endpoint = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/ciba`
    world = await open({
      scopes: { 'pay:send': { title: 'Send money', sensitive: true } },
      dangerouslyAllowLoopback: true,
      isAdministrator: ({ id }) => id === administrator.id,
      onBackchannelRequest: async (notice) => void notices.push(notice),
    })
    administrator = await signUp(world)
  })
  afterAll(async () => {
    await world.close()
    await new Promise((resolve) => listener.close(resolve))
  })

  const ask = (client: TestClient, more: RequestParameters) =>
    postForm(world, '/oauth2/bc-authorize', { scope: 'openid', ...more }, client)
  const refused = (error: string) => ({ status: 400, body: { error } })

  it('P3 CIBA poll: a person is asked in their inbox, and the client gets tokens once', async () => {
    const user = await signUp(world)
    const client = await cibaClient(world, { scopes: ['openid', 'email', 'pay:send'] })
    const asked = await ask(client, {
      scope: 'openid email pay:send',
      login_hint: user.email.toUpperCase(),
      binding_message: 'W4SCT / 25 €',
      requested_expiry: '120',
    })
    expect(asked).toMatchObject({
      status: 200,
      body: { auth_req_id: expect.any(String), expires_in: 120, interval: 5 },
    })
    await vi.waitFor(() =>
      expect(notices).toContainEqual({
        userId: user.id,
        clientName: 'Example App',
        url: `${ISSUER}/account/approvals`,
      }),
    )
    const id = String(asked.body['auth_req_id'])
    expect((await pollCiba(world, client, id)).body['error']).toBe('authorization_pending')
    expect((await pollCiba(world, client, id)).body['error']).toBe('slow_down')

    const { approvals } = (await inbox(user)).body
    expect(approvals).toMatchObject([
      {
        kind: 'ciba',
        binding_message: 'W4SCT / 25 €',
        client: { client_id: client.clientId, registration: 'manual' },
        account: { email: user.email },
      },
    ])
    const sensitive = approvals[0].scopes.map((one: { sensitive: boolean }) => one.sensitive)
    expect(sensitive).toEqual([false, false, true])
    const [{ id: approval, ticket }] = approvals
    const answer = await answerRequest(user, approval, { ticket, scopes: ['openid', 'pay:send'] })
    expect(answer).toEqual({ status: 200, body: { status: 'approved' } })
    expect((await inbox(user)).body.approvals).toEqual([])

    const polls = await Promise.all(Array.from({ length: 10 }, () => pollCiba(world, client, id)))
    const good = polls.filter(({ status }) => status === 200)
    expect(good).toHaveLength(1)
    expect(good[0]?.body).toMatchObject({ scope: 'openid pay:send', id_token: expect.any(String) })
    expect(claimsIn(good[0]?.body['id_token'])).toMatchObject({
      sub: user.id,
      aud: client.clientId,
      auth_time: expect.any(Number),
      acr: 'urn:countersign:acr:1',
    })
  })

  it('P3 CIBA ping: tells the client, with the token it sent', async () => {
    const user = await signUp(world)
    const client = await cibaClient(world, {
      metadata: {
        backchannel_token_delivery_mode: 'ping',
        backchannel_client_notification_endpoint: endpoint,
      },
    })
    const token = 'n0tification-token-of-the-client'
    expect(await ask(client, { login_hint: user.id })).toMatchObject(refused('invalid_request'))
    const asked = await ask(client, { login_hint: user.id, client_notification_token: token })
    const id = String(asked.body['auth_req_id'])
    const rows = await world.adapter.findMany({
      model: 'oauthPendingAuthorization',
      where: [{ field: 'clientId', value: client.clientId }],
    })
    expect(JSON.stringify(rows)).not.toContain(token)
    expect(JSON.stringify(rows)).not.toContain(id)
    const [{ id: approval, ticket }] = (await inbox(user)).body.approvals
    await answerRequest(user, approval, { ticket })
    await vi.waitFor(() =>
      expect(pings).toContainEqual({
        authorization: `Bearer ${token}`,
        body: { auth_req_id: id },
      }),
    )
    expect((await pollCiba(world, client, id)).status).toBe(200)
  })

  it('P3 CIBA ping: sends it again while the client fails, and not after the request expires', async () => {
    const user = await signUp(world)
    const { body } = await as(administrator, 'POST', '/clients', {
      name: 'Till',
      redirect_uris: ['https://till.example/callback'],
      grant_types: [CIBA_GRANT],
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: endpoint,
    })
    const till = { clientId: String(body.client.client_id), secret: String(body.client_secret) }
    const client = { ...till, redirectUri: '' }
    const answered = async (token: string, after: number) => {
      const hint = { login_hint: user.id, client_notification_token: token }
      expect((await ask(client, hint)).status).toBe(200)
      vi.setSystemTime(Date.now() + after)
      const [{ id, ticket }] = (await inbox(user)).body.approvals
      expect((await answerRequest(user, id, { ticket })).status).toBe(200)
    }
    const sent = (token: string) =>
      pings.filter(({ authorization }) => authorization === `Bearer ${token}`)
    // The clock of this test stands still, except where it says so.
    vi.useFakeTimers({ toFake: ['Date'] })
    const late = `late-answer-token-fails-9-${randomUUID()}`
    await answered(late, 599_500)
    const busy = `busy-endpoint-token-fails-1-${randomUUID()}`
    await answered(busy, 0)
    await vi.waitFor(() => expect(sent(busy)).toHaveLength(2), { timeout: 30_000 })
    expect(sent(busy)[0]).toEqual(sent(busy)[1])
    expect(sent(late)).toHaveLength(1)
  })

  it('CIBA ping: the endpoint is set, shown and ended by who looks after the application', async () => {
    const change = async (path: string, body: object, method: 'POST' | 'PUT' = 'PUT') =>
      as(administrator, method, path, body)
    const app = {
      name: 'Till',
      redirect_uris: ['https://till.example/callback'],
      grant_types: [CIBA_GRANT, 'authorization_code'],
    }
    const polling = {
      backchannel_token_delivery_mode: 'poll',
      backchannel_client_notification_endpoint: null,
    }
    const pinged = {
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'https://till.example/answered',
    }
    const { client } = (await change('/clients', app, 'POST')).body
    expect(client).toMatchObject(polling)
    const path = `/clients/${client.client_id}`
    expect((await change(path, pinged)).body.client).toMatchObject(pinged)
    expect((await change(path, { name: 'Till 2' })).body.client).toMatchObject(pinged)
    expect((await as(administrator, 'GET', path)).body).toMatchObject(pinged)
    const mode = { backchannel_token_delivery_mode: 'poll' }
    expect((await change(path, mode)).body.client).toMatchObject(polling)
    for (const bad of [
      { backchannel_token_delivery_mode: 'ping' },
      { ...pinged, backchannel_token_delivery_mode: 'poll' },
      { ...pinged, backchannel_token_delivery_mode: 'push' },
      { ...pinged, backchannel_client_notification_endpoint: 'http://till.example/answered' },
      { ...pinged, backchannel_client_notification_endpoint: 'javascript:alert(1)' },
    ]) {
      const answer = await change(path, bad)
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(answer.body.message).toContain('backchannel_')
    }
    expect((await as(administrator, 'GET', path)).body).toMatchObject(polling)
  })

  it('lets nobody answer but the person that was asked', async () => {
    const [ada, eve] = [await signUp(world), await signUp(world)]
    const client = await cibaClient(world)
    const asked = await ask(client, { login_hint: ada.email })
    const [{ id, ticket }] = (await inbox(ada)).body.approvals
    expect((await inbox(eve)).body.approvals).toEqual([])
    for (const decision of ['allow', 'deny']) {
      expect(await answerRequest(eve, id, { ticket, decision })).toMatchObject({
        status: 404,
        body: { error: 'approval_not_found' },
      })
    }
    const elsewhere = await signIn(world, ada)
    expect((await answerRequest(elsewhere, id, { ticket })).body.error).toBe('approval_changed')
    expect((await answerRequest(ada, id, {})).status).toBe(400)
    expect((await answerRequest(ada, id, { ticket, decision: 'deny' })).body.status).toBe('denied')
    expect((await answerRequest(ada, id, { ticket })).body.error).toBe('approval_decided')
    const poll = await pollCiba(world, client, String(asked.body['auth_req_id']))
    expect(poll.body['error']).toBe('access_denied')
  })

  it('asks for confidential clients that an administrator let ask, and for no others', async () => {
    const user = await signUp(world)
    const hint = { login_hint: user.email }
    const unproven = await cibaClient(world, { tokenEndpointAuthMethod: 'none' })
    expect(await ask(unproven, hint)).toMatchObject(refused('unauthorized_client'))
    const dynamic = await cibaClient(world, { registration: 'dynamic' })
    expect(await ask(dynamic, hint)).toMatchObject(refused('unauthorized_client'))
    expect(await ask(await createClient(world), hint)).toMatchObject(refused('unauthorized_client'))
    const client = await cibaClient(world)
    expect((await ask({ ...client, secret: 'wrong' }, hint)).status).toBe(401)
    const other = await cibaClient(world)
    const asked = await ask(client, hint)
    const id = String(asked.body['auth_req_id'])
    expect((await pollCiba(world, other, id)).body['error']).toBe('invalid_grant')
  })

  it('refuses by name what it does not understand', async () => {
    const user = await signUp(world)
    const client = await cibaClient(world)
    const hint = { login_hint: user.email }
    for (const [more, error] of [
      [{}, 'invalid_request'],
      [{ ...hint, id_token_hint: 'x' }, 'invalid_request'],
      [{ login_hint_token: 'x' }, 'invalid_request'],
      [{ id_token_hint: 'x' }, 'invalid_request'],
      [{ login_hint: 'nobody@example.com' }, 'unknown_user_id'],
      [{ login_hint: 'nobody' }, 'unknown_user_id'],
      [{ ...hint, scope: 'email' }, 'invalid_scope'],
      [{ ...hint, scope: 'openid oidc:admin' }, 'invalid_scope'],
      [{ ...hint, resource: 'https://unknown.example' }, 'invalid_target'],
      [{ ...hint, request: 'e30.e30.' }, 'request_not_supported'],
      [{ ...hint, acr_values: 'urn:unknown' }, 'invalid_request'],
      [{ ...hint, requested_expiry: '-1' }, 'invalid_request'],
      [{ ...hint, requested_expiry: '1e3' }, 'invalid_request'],
      [{ ...hint, binding_message: 'x'.repeat(65) }, 'invalid_binding_message'],
      [{ ...hint, binding_message: '<b>Pay</b>' }, 'invalid_binding_message'],
      [{ ...hint, binding_message: 'one\ntwo' }, 'invalid_binding_message'],
      [{ ...hint, binding_message: 'a\u202Eb' }, 'invalid_binding_message'],
    ] as const) {
      expect(await ask(client, more), JSON.stringify(more)).toMatchObject(refused(error))
    }
  })

  it('finds a person by an ID token that the client has of them, and by nobody else’s', async () => {
    const user = await signUp(world)
    const client = await cibaClient(world, { grantTypes: [CIBA_GRANT, 'authorization_code'] })
    const { id_token: token } = await tokensFor(world, user, client)
    expect((await ask(client, { id_token_hint: String(token) })).status).toBe(200)
    expect((await inbox(user)).body.approvals).toHaveLength(1)
    const other = await cibaClient(world)
    expect(await ask(other, { id_token_hint: String(token) })).toMatchObject(
      refused('invalid_request'),
    )
  })

  it('CVE-2026-9798 asks nobody who is banned or not invited, and gives nothing for them', async () => {
    const user = await signUp(world)
    const closed = await cibaClient(world, { allowedUsers: ['somebody-else'] })
    expect(await ask(closed, { login_hint: user.email })).toMatchObject(refused('unknown_user_id'))
    if (!world.sql) return
    const client = await cibaClient(world)
    const asked = await ask(client, { login_hint: user.email })
    const [{ id, ticket }] = (await inbox(user)).body.approvals
    await answerRequest(user, id, { ticket })
    await world.context.internalAdapter.updateUser(user.id, { banned: true })
    const poll = await pollCiba(world, client, String(asked.body['auth_req_id']))
    expect(poll.body['error']).toBe('invalid_grant')
    expect(await ask(client, { login_hint: user.email })).toMatchObject(refused('unknown_user_id'))
  })

  it('asks for a stronger sign-in where the client wants one', async () => {
    const weak = await signUp(world)
    const client = await cibaClient(world)
    const acr = 'urn:countersign:acr:2'
    const asked = await ask(client, { login_hint: weak.email, acr_values: acr })
    const [request] = (await inbox(weak)).body.approvals
    expect(await answerRequest(weak, request.id, { ticket: request.ticket })).toMatchObject({
      status: 403,
      body: { error: 'fresh_session_required' },
    })
    const strong = await signIn(world, weak, { amr: 'hwk user' })
    const [{ id, ticket }] = (await inbox(strong)).body.approvals
    expect((await answerRequest(strong, id, { ticket })).status).toBe(200)
    const { body } = await pollCiba(world, client, String(asked.body['auth_req_id']))
    expect(claimsIn(body['id_token'])).toMatchObject({
      acr,
      amr: ['hwk', 'user'],
      auth_time: expect.any(Number),
    })
    // What is refused for its `acr_values` asks nobody, and is not counted.
    const bad = { login_hint: weak.email, acr_values: 'urn:unknown' }
    for (let time = 0; time < 25; time += 1) {
      expect(await ask(client, bad)).toMatchObject(refused('invalid_request'))
    }
    expect((await ask(client, { login_hint: weak.email })).status).toBe(200)
  })

  it('tells a client that time is over, and asks a person no more than twenty times', async () => {
    const user = await signUp(world)
    const client = await cibaClient(world)
    const hint = { login_hint: user.email }
    const asked = await Promise.all(Array.from({ length: 25 }, () => ask(client, hint)))
    expect(asked.filter(({ status }) => status === 200)).toHaveLength(20)
    const many = asked.filter(({ status }) => status === 429)
    expect(many).toHaveLength(5)
    expect(many[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
    await changePending(world, client, { expiresAt: new Date(Date.now() - 1) })
    const first = asked.find(({ status }) => status === 200)
    const poll = await pollCiba(world, client, String(first?.body['auth_req_id']))
    expect(poll.body['error']).toBe('expired_token')
    expect((await inbox(user)).body.approvals).toEqual([])
  })
})

async function receive(request: IncomingMessage): Promise<Ping> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return { authorization: request.headers.authorization, body: JSON.parse(text) }
}
