import { expect, vi } from 'vitest'
import { type ApplicationTest, apiKey, bearer } from './application.ts'

const challenge =
  'AgentAuth discovery="http://localhost:4100/.well-known/agent-configuration", Bearer, ApiKey'
const required = { error: 'authentication_required', message: 'This request needs a credential.' }

/** Which credentials open a guarded route, and what its handler is told. */
export function credentials(it: ApplicationTest): void {
  it('S8 answers 401 without a credential, with a challenge and the exact body', async ({
    get,
  }) => {
    const answer = await get('/any')
    expect(answer).toMatchObject({ status: 401, body: required })
    expect(Object.keys(answer.body)).toEqual(['error', 'message'])
    expect(answer.headers).toMatchObject({
      'www-authenticate': 'Bearer, ApiKey',
      'cache-control': 'no-store',
      'content-type': 'application/json',
    })
    expect((await get('/')).body).toBe('anybody')
  })

  it('S8 lets a session through, and leaves the routes of the authority alone', async ({
    world,
    cookie,
    get,
  }) => {
    expect((await get('/api/session')).status).toBe(401)
    expect((await get('/api/auth/get-session')).status).toBe(200)
    const answer = await get('/api/session', { cookie })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        auth: {
          authMethod: 'session',
          kind: 'user',
          user: { id: world.owner.userId, email: world.owner.email, emailVerified: true },
          session: { activeOrganizationId: world.organizationId },
          apiKey: null,
        },
        roles: ['owner'],
        token: null,
        canRead: true,
      },
    })
    expect(answer.body.auth.user.name).toBe('owner')
  })

  it('S13 authMethod is the credential that verified, whatever else is sent', async ({
    world,
    cookie,
    get,
  }) => {
    const methodOf = async (headers: Record<string, string>) => {
      const { status, body } = await get('/any', {
        'x-auth-method': 'session',
        'x-user-id': 'someone',
        ...headers,
      })
      return status === 200 ? `${body.auth.authMethod} ${body.auth.kind}` : status
    }
    expect(await methodOf({ cookie })).toBe('session user')
    expect(await methodOf(bearer(world.jwt))).toBe('bearer user')
    expect(await methodOf(bearer(world.sessionToken))).toBe('bearer user')
    expect(await methodOf(apiKey(world.key))).toBe('api-key user')
    expect(await methodOf({ authorization: `ApiKey ${world.key}` })).toBe('api-key user')
    expect(await methodOf(bearer(world.staticToken))).toBe('static-token service')
    expect(await methodOf({ cookie, ...apiKey(world.key) })).toBe('api-key user')
    expect(await methodOf({ cookie, ...bearer(world.jwt) })).toBe('bearer user')
    expect(await methodOf({ ...apiKey(world.key), ...bearer(world.jwt) })).toBe('bearer user')
    expect(await methodOf({ 'x-auth-method': 'bearer' })).toBe(401)
  })

  it('S68 handlers find the key, its permissions and the token that was sent', async ({
    world,
    get,
  }) => {
    const byKey = await get('/any', apiKey(world.key))
    expect(byKey.body).toMatchObject({
      auth: { apiKey: { permissions: { reports: ['read'] } }, session: null },
      token: null,
      canRead: true,
    })
    const byToken = await get('/any', bearer(world.jwt))
    expect(byToken.body).toMatchObject({ token: world.jwt, auth: { apiKey: null } })
    const bare = await world.makeKey({ permissions: {} })
    expect((await get('/any', apiKey(bare))).body.canRead).toBe(false)
  })

  it('a bad explicit credential never falls through to the cookie', async ({
    world,
    cookie,
    get,
  }) => {
    for (const bad of [
      apiKey('csk_nothing'),
      { 'x-countersign-api-key': '' },
      bearer('nothing'),
      bearer(tampered(world.jwt)),
      { authorization: 'Basic YTpi' },
      { authorization: `ApiKey ${world.key}x` },
    ]) {
      for (const path of ['/any', '/optional', '/api/session', '/api/key']) {
        const answer = await get(path, { cookie, ...bad })
        expect(answer.status).toBe(401)
        expect(answer.body.message).toEqual(expect.any(String))
        expect(answer.headers['www-authenticate']).toBe(challenge)
      }
    }
  })

  it('each named guard takes its own credentials', async ({ world, cookie, get }) => {
    expect((await get('/api/session', bearer(world.jwt))).status).toBe(200)
    expect((await get('/api/key', apiKey(world.key))).status).toBe(200)
    const session = await get('/api/session', apiKey(world.key))
    expect(session).toMatchObject({ status: 401, body: required })
    expect(session.headers['www-authenticate']).toBe('Bearer')
    const key = await get('/api/key', { cookie })
    expect(key).toMatchObject({ status: 401, body: required })
    expect(key.headers['www-authenticate']).toBe('ApiKey')
  })

  it('an optional guard lets nobody through, and whoever it knows as themselves', async ({
    cookie,
    get,
  }) => {
    const nobody = await get('/optional')
    expect(nobody).toMatchObject({
      status: 200,
      body: { auth: { authMethod: 'none', kind: 'anonymous', user: null }, canRead: false },
    })
    const stale = await get('/optional', { cookie: 'countersign.session_token=over' })
    expect(stale).toMatchObject({ status: 200, body: { auth: { authMethod: 'none' } } })
    expect((await get('/optional', { cookie })).body.auth.authMethod).toBe('session')
  })

  it('keeps an active person signed in', async ({ world, get }) => {
    const age = (days: number) =>
      world.auth.$connection?.sql.query(
        `UPDATE session SET expires_at = now() + make_interval(days => $2) WHERE user_id = $1`,
        [world.stranger.userId, days],
      )
    await age(5)
    const renewed = await vi.waitFor(async () => {
      const answer = await get('/api/session', { cookie: world.stranger.cookie })
      expect(answer.headers['set-cookie']).toBeDefined()
      return answer
    })
    expect(renewed.status).toBe(200)
    expect(renewed.headers['set-cookie']?.[0]).toMatch(/session_token=.*Max-Age=604800/)
  })

  it('reads cookies that fill the header', async ({ cookie, get }) => {
    const more = Array.from({ length: 12 }, (_, index) => `big${index}=${'x'.repeat(1000)}`)
    const all = [...more.slice(0, 6), cookie, ...more.slice(6)].join('; ')
    expect((await get('/api/session', { cookie: all })).status).toBe(200)
  })
}

/** A JWT with another signature: its last characters have bits that do not count, those before have not. */
function tampered(jwt: string): string {
  const at = jwt.length - 20
  return jwt.slice(0, at) + (jwt[at] === 'A' ? 'B' : 'A') + jwt.slice(at + 1)
}
