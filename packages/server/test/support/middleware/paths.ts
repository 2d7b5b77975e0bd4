import { expect } from 'vitest'
import { baseURL } from '../auth.ts'
import { type ApplicationTest, newAccount } from './application.ts'

/** Which paths and hosts are those of the authority. */
export function paths(it: ApplicationTest): void {
  it('serves the documents at the origin', async ({ get }) => {
    const discovery = await get('/.well-known/agent-configuration', { host: 'evil.example' })
    expect(discovery).toMatchObject({ status: 200, body: { issuer: baseURL } })
    expect(JSON.stringify(discovery.body)).not.toContain('evil.example')
    const jwks = await get('/.well-known/jwks.json')
    expect(jwks.body.keys.length).toBeGreaterThan(0)
    expect(jwks.headers['cache-control']).toBe('public, max-age=300')
  })

  it('vulnerability 19 believes neither Host nor X-Forwarded headers', async ({ cookie, post }) => {
    const forwarded = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    }
    const account = newAccount()
    const evil = { ...forwarded, origin: 'https://evil.example' }
    // An origin counts only together with a cookie.
    const refused = await post('/api/auth/sign-out', { ...evil, cookie }, account)
    expect(refused.status).toBe(403)
    const good = await post('/api/auth/sign-up/email', { ...forwarded, origin: baseURL }, account)
    expect(good.status).toBe(200)
    expect(JSON.stringify([good.headers, good.body])).not.toContain('evil.example')
  })

  it('vulnerability 16: other spellings of its paths are not its paths', async ({
    cookie,
    get,
  }) => {
    const spellings = [
      '/api/auth//get-session',
      '//api/auth/get-session',
      '/api/auth/get-session/',
      '/api/auth%2fget-session',
      '/api/auth/%67et-session',
      '/API/auth/get-session',
      '/api/auth/GET-SESSION',
    ]
    for (const path of spellings) {
      const answer = await get(path, { cookie })
      expect({ path, ...answer }).not.toHaveProperty('body.user')
      expect(answer.status).toBeGreaterThanOrEqual(300)
      expect(answer.status).toBeLessThan(500)
    }
  })

  it('has no other paths', async ({ get }) => {
    expect((await get('/api/authentic')).status).toBe(404)
    expect((await get('/.well-known/other')).status).toBe(404)
    expect((await get('/api/auth/nothing-here')).status).toBe(404)
  })
}
