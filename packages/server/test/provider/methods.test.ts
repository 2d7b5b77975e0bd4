import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BASE, type ProviderWorld, providerWorlds } from './support/flow.ts'

const postOnly = [
  '/oauth2/token',
  '/oauth2/introspect',
  '/oauth2/revoke',
  '/oauth2/par',
  '/oauth2/device_authorization',
  '/oauth2/bc-authorize',
  '/oauth2/register',
]

describe.each(providerWorlds)('methods of the machine endpoints, $name', ({ open }) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await open()
  })
  afterAll(() => world.close())

  const send = (method: string, path: string, headers = {}) =>
    world.handler(new Request(`${BASE}${path}`, { method, headers }))

  it.each(postOnly)('%s is for POST alone, and says so', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await send(method, path)
      expect([method, answer.status]).toEqual([method, 405])
      expect(answer.headers.get('allow')).toMatch(/^POST(, OPTIONS)?$/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.json()).toEqual({
        error: 'invalid_request',
        error_description: 'This endpoint answers POST alone.',
      })
    }
    const head = await send('HEAD', path)
    expect(head.status).toBe(405)
  })

  it('user info is for GET and POST', async () => {
    const refused = await send('DELETE', '/oauth2/userinfo')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST, OPTIONS'])
    expect((await send('GET', '/oauth2/userinfo')).status).toBe(401)
  })

  it('pages of other origins can read the refusal where they may call', async () => {
    const headers = { origin: 'https://spa.example' }
    const token = await send('GET', '/oauth2/token', headers)
    expect(token.headers.get('access-control-allow-origin')).toBe('*')
    const preflight = await send('OPTIONS', '/oauth2/token', headers)
    expect(preflight.status).toBe(204)
    const introspect = await send('GET', '/oauth2/introspect', headers)
    expect(introspect.headers.get('access-control-allow-origin')).toBeNull()
  })
})
