import fc from 'fast-check'
import { expect } from 'vitest'
import { baseURL } from '../auth.ts'
import { type ApplicationTest, apiKey, bearer } from './application.ts'

/** Pages, headers and spellings that try to get around a guard. */
export function hostileRequests(it: ApplicationTest): void {
  it('a mutation with a cookie must come from one of our own pages', async ({
    world,
    origin,
    cookie,
    post,
  }) => {
    expect((await post('/any', { cookie, origin: baseURL }, { a: 1 })).body).toMatchObject({
      auth: { authMethod: 'session' },
      body: { a: 1 },
    })
    const elsewhere: Record<string, string>[] = [
      {},
      { origin: 'null' },
      { origin: 'https://evil.example' },
    ]
    for (const from of [...elsewhere, { origin: `${baseURL}.evil.example` }]) {
      for (const path of ['/any', '/api/session', '/optional']) {
        const refused = await post(path, { cookie, ...from })
        expect(refused).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
      }
    }
    // Not even when the address of the server is what the request says.
    const own = { origin, host: new URL(origin).host }
    expect((await post('/any', { cookie, ...own })).status).toBe(403)
    expect((await post('/any', apiKey(world.key))).status).toBe(200)
    expect((await post('/any', bearer(world.jwt))).status).toBe(200)
  })

  it('GHSA-xmf8-cvqr-rfgj vulnerability 25: no Authorization header is a 500', async ({
    cookie,
    get,
  }) => {
    // Every byte that HTTP allows in a value.
    const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f)
    const garbage = fc
      .array(byte, { maxLength: 60 })
      .map((codes) => String.fromCharCode(...codes).trim())
    const scheme = fc.constantFrom('', 'Bearer ', 'ApiKey ', 'DPoP ', 'bearer', 'Basic ')
    await fc.assert(
      fc.asyncProperty(scheme, garbage, async (prefix, rest) => {
        const answer = await get('/any', { authorization: prefix + rest, cookie })
        expect([400, 401]).toContain(answer.status)
      }),
      { numRuns: 60 },
    )
  })

  it('GHSA-x732-6j76-qmhm vulnerability 16: other spellings of a path open nothing', async ({
    get,
  }) => {
    const bend = (path: string) => {
      const bare = path.slice(1)
      return [
        `//${bare}`,
        `/./${bare}`,
        `/x/../${bare}`,
        `/%2e/${bare}`,
        `/%2f${bare}`,
        `${path}/`,
        `${path}//`,
        `${path}/.`,
        path.toUpperCase(),
        `/${bare}%00`,
        `/${bare}%2f`,
        `/%${bare.charCodeAt(0).toString(16)}${bare.slice(1)}`,
        `${path}?`,
        `${path}#`,
        `${path};a=b`,
        `\\${bare}`,
        `http://evil.example${path}`,
      ]
    }
    for (const path of ['/any', '/api/session', '/role']) {
      for (const spelling of bend(path)) {
        const answer = await get(spelling)
        expect({ spelling, status: answer.status, auth: answer.body?.auth }).toMatchObject({
          status: expect.toSatisfy((status: number) => status >= 300 && status < 500),
        })
      }
    }
  })

  it('CVE-2025-29927 vulnerability 48: no header turns a guard off', async ({
    world,
    cookie,
    get,
    post,
  }) => {
    const subrequest = ['middleware', 'src/middleware', 'pages/_middleware']
    for (const value of subrequest) {
      const headers = {
        'x-middleware-subrequest': Array.from({ length: 5 }, () => value).join(':'),
        'x-middleware-next': '1',
        'x-middleware-rewrite': '/',
        'x-forwarded-host': 'localhost:4100',
        'x-original-url': '/',
        'x-rewrite-url': '/',
        'x-http-method-override': 'GET',
      }
      expect((await get('/any', headers)).status).toBe(401)
      expect((await get('/role', { ...headers, cookie: world.clerk.cookie })).status).toBe(403)
      expect((await post('/any', { ...headers, cookie })).status).toBe(403)
    }
  })

  it('HEAD is refused as GET is, without a body', async ({ send }) => {
    const refused = await send('/any', { method: 'HEAD' })
    expect(refused).toMatchObject({ status: 401, body: '' })
    expect(refused.headers['www-authenticate']).toBe('Bearer, ApiKey')
  })
}
