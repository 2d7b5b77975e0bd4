import { expect } from 'vitest'
import { baseURL } from '../auth.ts'
import { signedTokenOf } from '../sessions.ts'
import { type ApplicationTest, bearer, newAccount } from './application.ts'

/** Sign-up, sessions and tokens at the routes of the authority. */
export function accounts(it: ApplicationTest): void {
  it('S7 sign-up, sign-in, session, token and sign-out answer', async ({ get, post }) => {
    const account = newAccount()
    const signedUp = await post('/api/auth/sign-up/email', { origin: baseURL }, account)
    expect(signedUp).toMatchObject({ status: 200, body: { user: { email: account.email } } })
    const signedIn = await post('/api/auth/sign-in/email', { origin: baseURL }, account)
    const [set = ''] = signedIn.headers['set-cookie'] ?? []
    expect(set).toMatch(/^countersign\.session_token=.*HttpOnly/)
    const own = set.split(';')[0] ?? ''
    const session = await get('/api/auth/get-session', { cookie: own })
    expect(session.body).toMatchObject({ user: { email: account.email } })
    expect(session.headers['cache-control']).toContain('no-store')
    const { token } = (await get('/api/auth/token', { cookie: own })).body
    expect((await get('/any', bearer(token))).status).toBe(200)
    expect((await get('/api/session', { cookie: own })).status).toBe(200)
    const bye = await post('/api/auth/sign-out', { cookie: own, origin: baseURL })
    expect(bye.status).toBe(200)
    expect((await get('/api/session', { cookie: own })).status).toBe(401)
    expect((await get('/any', bearer(token))).status).toBe(401)
  })

  it('S14 the same credential is the same person on a route and anywhere', async ({
    world,
    cookie,
    get,
  }) => {
    const route = await get('/any', bearer(signedTokenOf(cookie)))
    const anywhere = await world.auth.authenticate({
      headers: new Headers(bearer(signedTokenOf(cookie))),
      method: 'GET',
      url: `${baseURL}/job`,
    })
    expect(anywhere).toMatchObject({ userId: route.body.auth.user.id, method: 'bearer' })
  })

  it('keeps each of several cookies by itself', async ({ post }) => {
    const account = newAccount()
    await post('/api/auth/sign-up/email', { origin: baseURL }, account)
    const answer = await post(
      '/api/auth/sign-in/email',
      { origin: baseURL },
      { ...account, rememberMe: false },
    )
    const cookies = answer.headers['set-cookie']
    expect(cookies?.length).toBeGreaterThan(1)
    expect(cookies).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^countersign\.session_token=/),
        expect.stringMatching(/^countersign\.dont_remember=/),
      ]),
    )
    expect(answer.headers['content-type']).toBe('application/json')
  })
}
