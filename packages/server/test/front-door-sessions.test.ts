import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { can, createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'
import { countStatements, get, remembers, signedTokenOf, whoIs } from './support/sessions.ts'

const quiet = { disabled: true }
type Auth = ReturnType<typeof createAuth>
let here: Auth
let there: Auth

beforeAll(async () => {
  const connectionString = await freshDatabase()
  const options = { connectionString, secret, baseURL, logger: quiet, rateLimit: false }
  here = createAuth(options)
  await here.$ready
  there = createAuth(options)
})
afterAll(() => Promise.all([here.$close(), there.$close()]))
afterEach(() => vi.useRealTimers())

let people = 0
const person = () => signUp(here, `person${(people += 1)}@example.com`)
const signIn = async (email: string) => {
  const response = await post(here, '/sign-in/email', { email, password: 'correct horse' })
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

/** From here on nothing is forgotten because it is old, only because it was told. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
}

describe('a session', () => {
  it('S1 S9 is a signed cookie that scripts cannot read, and authenticates', async () => {
    const { cookie, setCookie, userId } = await person()
    expect(setCookie).toMatch(/^countersign\.session_token=[^;]+;.*HttpOnly/)
    expect(setCookie).toContain('SameSite=Lax')
    const principal = await here.authenticate(new Request(baseURL, { headers: { cookie } }))
    expect(principal).toMatchObject({ kind: 'user', method: 'session', userId })
  })

  it('S14 authenticates anywhere: headers, a method and a URL are enough', async () => {
    const { cookie, userId } = await person()
    const request = { headers: new Headers({ cookie }), method: 'GET', url: `${baseURL}/job` }
    expect(await here.authenticate(request)).toMatchObject({ userId })
  })

  it('costs one statement when it is not known, and none when it is', async () => {
    const { cookie } = await person()
    await remembers(here, cookie)
    const { cookie: fresh } = await person()
    expect(await countStatements(() => whoIs(here, fresh))).toBe(1)
    expect(await countStatements(() => whoIs(here, fresh))).toBe(0)
    expect(await countStatements(() => get(here, '/get-session', fresh))).toBe(0)
    const { cookie: other } = await person()
    expect(await countStatements(() => get(here, '/get-session', other))).toBe(1)
  })

  it('costs nothing when its signature does not hold', async () => {
    const { cookie } = await person()
    const forged = `${cookie.slice(0, -8)}AAAAA%3D`
    expect(await countStatements(() => whoIs(here, forged))).toBe(0)
    expect(await whoIs(here, forged)).toBe('anonymous')
  })
})

describe('a session that ends is over at once here, and elsewhere as soon as the database tells', () => {
  const ends: [
    string,
    (one: { cookie: string; userId: string; email: string }) => Promise<unknown>,
  ][] = [
    ['by sign-out', ({ cookie }) => post(here, '/sign-out', {}, { cookie })],
    ['with all sessions', ({ cookie }) => post(here, '/revoke-sessions', {}, { cookie })],
    [
      'by its person, from another browser',
      async ({ cookie, email }) => {
        const other = await signIn(email)
        const current = await (await get(here, '/get-session', cookie)).json()
        const token = await handleOf(other, current.session.id)
        await post(here, '/revoke-session', { token }, { cookie: other })
      },
    ],
    [
      'with the others',
      async ({ email }) =>
        post(here, '/revoke-other-sessions', {}, { cookie: await signIn(email) }),
    ],
    [
      'when the password changes',
      async ({ email }) =>
        post(
          here,
          '/change-password',
          {
            currentPassword: 'correct horse',
            newPassword: 'battery staple',
            revokeOtherSessions: true,
          },
          { cookie: await signIn(email) },
        ),
    ],
    [
      'GHSA-2vg6-77g8-24mp (11) when the person is deleted',
      async ({ userId }) => {
        await (await here.$context).internalAdapter.deleteUser(userId)
      },
    ],
    [
      'in a transaction of the adapter',
      async ({ userId }) => {
        const { adapter } = await here.$context
        await adapter.transaction(async (inner) => {
          await inner.deleteMany({
            model: 'session',
            where: [{ field: 'userId', value: userId }],
          })
        })
      },
    ],
  ]

  it.each(ends)('%s', async (_how, end) => {
    const { cookie, userId } = await person()
    await remembers(here, cookie)
    await remembers(there, cookie)
    stopTheClock()
    await end({ cookie, userId, email: `person${people}@example.com` })
    expect(await whoIs(here, cookie)).toBe('anonymous')
    expect(await (await get(here, '/get-session', cookie)).json()).toBeNull()
    await vi.waitFor(async () => expect(await whoIs(there, cookie)).toBe('anonymous'))
  })

  it('by a hand in the database', async () => {
    const { cookie, userId } = await person()
    await remembers(here, cookie)
    stopTheClock()
    await here.$connection?.sql.query('DELETE FROM "user" WHERE id = $1', [userId])
    await vi.waitFor(async () => expect(await whoIs(here, cookie)).toBe('anonymous'))
  })

  it('when its time is over, remembered or not', async () => {
    const { cookie } = await person()
    await remembers(here, cookie)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 86_400_000 })
    expect(await whoIs(here, cookie)).toBe('anonymous')
    expect(await whoIs(there, cookie)).toBe('anonymous')
  })

  it('also for those who ask while it ends', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { cookie } = await person()
      if (round % 2) await remembers(here, cookie)
      const asking = Array.from({ length: 20 }, () => whoIs(here, cookie))
      const ended = post(here, '/sign-out', {}, { cookie })
      const during = Array.from({ length: 20 }, () => whoIs(here, cookie))
      await ended
      expect(await whoIs(here, cookie)).toBe('anonymous')
      await Promise.all([...asking, ...during])
      expect(await whoIs(here, cookie)).toBe('anonymous')
    }
  })

  it('but what changes about the person is seen at once', async () => {
    const { cookie } = await person()
    await remembers(here, cookie)
    await remembers(there, cookie)
    stopTheClock()
    await post(here, '/update-user', { name: 'Grace' }, { cookie })
    const { user } = await (await get(here, '/get-session', cookie)).json()
    expect(user.name).toBe('Grace')
    const principal = await here.authenticate(new Request(baseURL, { headers: { cookie } }))
    expect(principal).toMatchObject({ name: 'Grace' })
    const elsewhere = () => there.authenticate(new Request(baseURL, { headers: { cookie } }))
    await vi.waitFor(async () => expect(await elsewhere()).toMatchObject({ name: 'Grace' }))
  })

  it('and a sign-out that could not be stored is a 503, not a success', async () => {
    const auth = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger: quiet,
      rateLimit: false,
    })
    const { cookie } = await signUp(auth, 'ada@example.com')
    const { adapter } = await auth.$context
    const remove = vi.spyOn(adapter, 'delete').mockRejectedValue(new Error('gone'))
    expect((await post(auth, '/sign-out', {}, { cookie })).status).toBe(503)
    remove.mockRestore()
    expect(await whoIs(auth, cookie)).toBe('user')
    await auth.$close()
    expect((await post(auth, '/sign-out', {}, { cookie })).status).toBe(503)
  })
})

/** How `list-sessions` names a session. */
async function handleOf(cookie: string, id: string): Promise<string> {
  const sessions = (await (await get(here, '/list-sessions', cookie)).json()) as {
    id: string
    token: string
  }[]
  return sessions.find((session) => session.id === id)?.token ?? ''
}

describe('S12 a bearer token', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  it('that is a signed session token is the person, by the method bearer', async () => {
    const { cookie, userId } = await person()
    const headers = bearer(signedTokenOf(cookie))
    for (const method of ['GET', 'POST']) {
      const request = new Request(`${baseURL}/x`, { method, headers })
      const principal = await here.authenticate(request)
      expect(principal).toMatchObject({ kind: 'user', method: 'bearer', userId })
      expect(can(principal, 'anything', 'write')).toBe(true)
    }
  })

  it('that is a session token without its signature is refused', async () => {
    const { cookie } = await person()
    const token = signedTokenOf(cookie).split('.')[0] ?? ''
    expect(await whoIs(here, { ...bearer(token), cookie })).toBe(401)
    expect((await get(here, '/list-sessions', bearer(token))).status).toBe(401)
  })

  it('reaches the account endpoints as the person, without an Origin', async () => {
    const { cookie } = await person()
    const headers = bearer(signedTokenOf(cookie))
    expect(await (await get(here, '/list-sessions', headers)).json()).toHaveLength(1)
    const out = await post(here, '/sign-out', {}, { ...headers, origin: null })
    expect(out.status).toBe(200)
    expect(await whoIs(here, headers)).toBe(401)
  })

  it('S17 is handed out at sign-in to what is no browser, and to no page', async () => {
    const { userId } = await person()
    const body = { email: `person${people}@example.com`, password: 'correct horse' }
    const page = await post(here, '/sign-in/email', body)
    expect(page.headers.get('set-auth-token')).toBeNull()
    const program = await post(here, '/sign-in/email', body, { origin: null })
    const token = program.headers.get('set-auth-token') ?? ''
    const request = new Request(baseURL, { headers: bearer(token) })
    expect(await here.authenticate(request)).toMatchObject({ method: 'bearer', userId })
    const out = await post(here, '/sign-out', {}, { ...bearer(token), origin: null })
    expect(out.headers.get('set-auth-token')).toBeNull()
  })

  it.each<[string, Record<string, string>]>([
    ['a bearer token', { authorization: 'Bearer nonsense' }],
    ['a JWT', { authorization: 'Bearer eyJhbGciOiJFZERTQSJ9.e30.AAAA' }],
    ['an API key', { authorization: 'ApiKey nonsense' }],
    ['an API key in its header', { 'x-countersign-api-key': 'nonsense' }],
    ['a scheme nobody knows', { authorization: 'Basic YWRhOmFkYQ==' }],
  ])('%s that is bad does not fall through to the cookie, at any endpoint', async (_name, bad) => {
    const { cookie } = await person()
    const headers = { ...bad, cookie }
    expect(await whoIs(here, headers)).toBe(401)
    expect((await get(here, '/list-sessions', headers)).status).toBe(401)
    const session = await get(here, '/get-session', headers)
    // An API key is refused at every account endpoint; elsewhere a bad credential is nobody.
    expect(session.status === 401 || (await session.json()) === null).toBe(true)
  })
})

describe('a static token', () => {
  it('is a program with the permissions it was given, and nothing beside them', async () => {
    const hash = createHash('sha256').update('0123456789abcdef.cron').digest('hex')
    const auth = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger: quiet,
      staticTokens: [{ name: 'cron', hash, permissions: { reports: ['read'] } }],
    })
    const send = (token: string) =>
      auth.authenticate(
        new Request(baseURL, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
      )
    const principal = await send('0123456789abcdef.cron')
    expect(principal).toMatchObject({ kind: 'service', method: 'static-token', serviceId: 'cron' })
    expect(can(principal, 'reports', 'read')).toBe(true)
    expect(can(principal, 'reports', 'write')).toBe(false)
    expect(can(principal, 'constructor', 'name')).toBe(false)
    await expect(send('0123456789abcdef.cro')).rejects.toMatchObject({ status: 401 })
    await expect(send(hash)).rejects.toMatchObject({ status: 401 })
    await auth.$close()
  })
})

it('S13 the method is the one that verified, whatever else is sent', async () => {
  const { cookie, userId } = await person()
  const { key } = await here.api.createApiKey({ body: { name: 'k', userId } })
  const authorization = `Bearer ${signedTokenOf(cookie)}`
  const requests: Record<string, string>[] = [
    { cookie },
    { cookie, 'x-countersign-api-key': key },
    { cookie, authorization: `ApiKey ${key}` },
    { cookie, authorization },
    { authorization, 'x-countersign-api-key': key },
    { 'x-auth-method': 'session' },
  ]
  const methods = await Promise.all(
    requests.map(async (headers) => {
      const { method } = await here.authenticate(new Request(baseURL, { headers }))
      return method
    }),
  )
  expect(methods).toEqual(['session', 'api-key', 'api-key', 'bearer', 'bearer', 'none'])
})
