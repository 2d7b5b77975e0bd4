import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { admin } from 'better-auth/plugins/admin'
import { customSession } from 'better-auth/plugins/custom-session'
import { magicLink } from 'better-auth/plugins/magic-link'
import { twoFactor } from 'better-auth/plugins/two-factor'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'
import { dump, get, remembers, sign, signedTokenOf, whoIs } from './support/sessions.ts'

const quiet = { disabled: true }
const sent: string[] = []

/** Hands out reset and sign-in tokens as a mail would. */
const mailbox = {
  id: 'mailbox',
  init: () => ({
    options: {
      emailAndPassword: {
        enabled: true,
        sendResetPassword: async ({ token }: { token: string }) => void sent.push(token),
      },
    },
  }),
} satisfies BetterAuthPlugin

function open(connectionString: string) {
  return createAuth({
    connectionString,
    secret,
    baseURL,
    logger: quiet,
    rateLimit: false,
    plugins: [mailbox, magicLink({ sendMagicLink: async ({ token }) => void sent.push(token) })],
  })
}
let auth: ReturnType<typeof open>
beforeAll(async () => {
  auth = open(await freshDatabase())
  await auth.$ready
})
afterAll(() => auth.$close())

let people = 0
const person = async () => {
  const email = `person${(people += 1)}@example.com`
  return { email, ...(await signUp(auth, email)) }
}
const signIn = async (email: string, more: object = {}) => {
  const body = { email, password: 'correct horse', ...more }
  return (await post(auth, '/sign-in/email', body)).headers.getSetCookie()
}
const pair = (setCookie: string | undefined) => (setCookie ?? '').split(';')[0] ?? ''

interface Listed {
  id: string
  token: string
}
const list = async (cookie: string): Promise<Listed[]> =>
  (await get(auth, '/list-sessions', cookie)).json()
const sql = <Row>(text: string, params: unknown[]) => {
  if (!auth.$connection) throw new Error('no connection')
  return auth.$connection.sql.query<Row>(text, params)
}

describe('S20 the database', () => {
  it('holds people and sessions, and nothing a thief can use', async () => {
    const { cookie, email, userId } = await person()
    await post(auth, '/request-password-reset', { email })
    await post(auth, '/sign-in/magic-link', { email })
    const [reset = '', link = ''] = sent.slice(-2)
    const token = signedTokenOf(cookie).split('.')[0] ?? ''
    const contents = await dump(auth)
    expect(contents).toContain(userId)
    for (const secretValue of [token, reset, link]) {
      expect(secretValue.length).toBeGreaterThan(20)
      expect(contents).not.toContain(secretValue)
    }

    const stored = await sql<{ token: string }>('SELECT token FROM session WHERE user_id = $1', [
      userId,
    ])
    const verifications = await sql<{ identifier: string }>(
      'SELECT identifier FROM verification',
      [],
    )
    expect(verifications.rows).toHaveLength(2)
    // Even signed, what is stored opens nothing.
    const name = cookie.split('=')[0] ?? ''
    const thief = `${name}=${encodeURIComponent(sign(stored.rows[0]?.token ?? ''))}`
    expect(await whoIs(auth, thief)).toBe('anonymous')
    expect((await get(auth, '/list-sessions', thief)).status).toBe(401)
    expect(await auth.api.getSession({ headers: new Headers({ cookie: thief }) })).toBeNull()
    for (const { identifier } of verifications.rows) {
      const answer = await post(auth, '/reset-password', {
        newPassword: 'x'.repeat(12),
        token: identifier,
      })
      expect(answer.status).toBe(400)
      const location = (
        await get(auth, `/magic-link/verify?token=${encodeURIComponent(identifier)}`)
      ).headers.get('location')
      expect(location).toContain('INVALID_TOKEN')
    }

    // The tokens themselves do what they are for, once.
    const answer = { newPassword: 'battery staple', token: reset }
    expect((await post(auth, '/reset-password', answer)).status).toBe(200)
    expect((await post(auth, '/reset-password', answer)).status).toBe(400)
    const verified = await get(auth, `/magic-link/verify?token=${link}`)
    expect(await whoIs(auth, pair(verified.headers.getSetCookie()[0]))).toBe('user')
  })
})

describe('other sessions of a person', () => {
  it('are listed by names that open nothing, and end by them', async () => {
    const { cookie, email } = await person()
    const other = pair((await signIn(email))[0])
    const sessions = await list(cookie)
    expect(sessions).toHaveLength(2)
    const name = cookie.split('=')[0] ?? ''
    for (const { token } of sessions) {
      expect(await whoIs(auth, { authorization: `Bearer ${token}` })).toBe(401)
      expect(await whoIs(auth, { authorization: `Bearer ${sign(token)}` })).toBe(401)
      expect(await whoIs(auth, `${name}=${encodeURIComponent(sign(token))}`)).toBe('anonymous')
    }
    const current = await (await get(auth, '/get-session', cookie)).json()
    const handle = sessions.find(({ id }) => id !== current.session.id)?.token
    const stranger = await person()
    await post(auth, '/revoke-session', { token: handle }, { cookie: stranger.cookie })
    expect(await whoIs(auth, other)).toBe('user')
    const revoked = await post(auth, '/revoke-session', { token: handle }, { cookie })
    expect(await revoked.json()).toEqual({ status: true })
    expect(await whoIs(auth, other)).toBe('anonymous')
    expect(await whoIs(auth, cookie)).toBe('user')
  })

  it('end all, more than a hundred too, and the current one goes on', async () => {
    const { cookie, userId } = await person()
    const { internalAdapter } = await auth.$context
    for (let n = 0; n < 120; n += 1) await internalAdapter.createSession(userId)
    const answer = await post(auth, '/revoke-other-sessions', {}, { cookie })
    expect(await answer.json()).toEqual({ status: true })
    const { rows } = await sql('SELECT id FROM session WHERE user_id = $1', [userId])
    expect(rows).toHaveLength(1)
    expect(await whoIs(auth, cookie)).toBe('user')
  })
})

describe('GET /get-session', () => {
  const headersOf = ({ headers }: Response) =>
    ['content-type', 'cache-control', 'pragma'].map((name) => headers.get(name))

  it('answers what Better Auth answers', async () => {
    const { cookie } = await person()
    const hot = await get(auth, '/get-session', cookie)
    // A parameter of Better Auth's, so this is its own answer.
    const cold = await get(auth, '/get-session?disableCookieCache=true', cookie)
    expect(headersOf(hot)).toEqual(headersOf(cold))
    const text = await hot.text()
    expect(JSON.parse(text)).toEqual(await cold.json())
    expect(text).toBe(await (await get(auth, '/get-session', cookie)).text())
  })

  it('answers what Better Auth answers without the default plugins, too', async () => {
    const bare = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger: quiet,
      skipDefaultPlugins: true,
    })
    const { cookie } = await signUp(bare, 'ada@example.com')
    const hot = await (await get(bare, '/get-session', cookie)).json()
    const cold = await (await get(bare, '/get-session?disableCookieCache=true', cookie)).json()
    expect(hot).toEqual(cold)
    expect(hot.session).not.toHaveProperty('activeOrganizationId')
    await bare.$close()
  })

  it('answers null when there is nobody, and has the cookie of an ended session removed', async () => {
    const nobody = await get(auth, '/get-session')
    const theirs = await get(auth, '/get-session?disableCookieCache=true')
    expect([nobody.status, await nobody.text(), headersOf(nobody)]).toEqual([
      200,
      'null',
      headersOf(theirs),
    ])
    const { cookie, userId } = await person()
    await (await auth.$context).internalAdapter.deleteUserSessions(userId)
    const ended = await get(auth, '/get-session', cookie)
    expect(await ended.json()).toBeNull()
    expect(ended.headers.get('set-cookie')).toMatch(/^countersign\.session_token=;.*Max-Age=0/)
  })

  it('is left to Better Auth where a plugin changes it', async () => {
    const other = createAuth({
      connectionString: await freshDatabase(),
      secret,
      baseURL,
      logger: quiet,
      plugins: [customSession(async ({ user, session }) => ({ user, session, more: 'yes' }))],
    })
    const { cookie } = await signUp(other, 'ada@example.com')
    expect(await (await get(other, '/get-session', cookie)).json()).toMatchObject({ more: 'yes' })
    await other.$close()
  })
})

describe('an active person stays signed in', () => {
  const age = (userId: string, days: number) =>
    sql(`UPDATE session SET expires_at = now() + make_interval(days => $2) WHERE user_id = $1`, [
      userId,
      days,
    ])
  const expiryOf = async (userId: string) => {
    const { rows } = await sql<{ days: number }>(
      `SELECT (extract(epoch FROM expires_at - now()) / 86400)::float AS days FROM session WHERE user_id = $1`,
      [userId],
    )
    return rows[0]?.days
  }

  it('by asking for the session, once a day, with a new cookie', async () => {
    const { cookie, userId } = await person()
    await remembers(auth, cookie)
    expect((await get(auth, '/get-session', cookie)).headers.get('set-cookie')).toBeNull()
    await age(userId, 5)
    const renewed = await vi.waitFor(async () => {
      const response = await get(auth, '/get-session', cookie)
      expect(response.headers.get('set-cookie')).not.toBeNull()
      return response
    })
    expect(renewed.headers.get('set-cookie')).toContain('Max-Age=604800')
    expect(pair(renewed.headers.getSetCookie()[0])).toBe(cookie)
    expect(await expiryOf(userId)).toBeGreaterThan(6.9)
    expect((await get(auth, '/get-session', cookie)).headers.get('set-cookie')).toBeNull()
  })

  it('by any request, where the app adds what renewSession returns', async () => {
    const { cookie, userId } = await person()
    await age(userId, 5)
    const request = new Request(`${baseURL}/reports`, { headers: { cookie } })
    const principal = await auth.authenticate(request)
    const [setCookie] = await auth.renewSession(request, principal)
    expect(setCookie).toContain('Max-Age=604800')
    expect(await expiryOf(userId)).toBeGreaterThan(6.9)
    expect(await auth.renewSession(request, await auth.authenticate(request))).toEqual([])
  })

  it('unless they asked not to be remembered', async () => {
    const { email, userId } = await person()
    await (await auth.$context).internalAdapter.deleteUserSessions(userId)
    const cookies = await signIn(email, { rememberMe: false })
    const cookie = cookies.map(pair).join('; ')
    expect(cookie).toContain('dont_remember')
    const response = await get(auth, '/get-session', cookie)
    expect((await response.json()).user.email).toBe(email)
    const request = new Request(`${baseURL}/reports`, { headers: { cookie } })
    expect(await auth.renewSession(request, await auth.authenticate(request))).toEqual([])
    expect(await expiryOf(userId)).toBeLessThan(1.1)
  })
})

describe('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 (44) a session token is good only whole', () => {
  it('every prefix and every flipped bit is refused, as a cookie and as a bearer token', async () => {
    const { cookie } = await person()
    const name = cookie.split('=')[0] ?? ''
    const token = signedTokenOf(cookie)
    const prefixes = Array.from({ length: token.length }, (_, length) => token.slice(0, length))
    const flipped = token
      .split('')
      .flatMap((character, at) =>
        [0, 1, 2, 3, 4, 5, 6].map(
          (bit) =>
            token.slice(0, at) +
            String.fromCharCode(character.charCodeAt(0) ^ (1 << bit)) +
            token.slice(at + 1),
        ),
      )
    for (const bad of [...prefixes, ...flipped, `${token}A`, `${token}=`, ` ${token}.`]) {
      expect(await whoIs(auth, `${name}=${encodeURIComponent(bad)}`)).toBe('anonymous')
      if (/^[\x21-\x7e]*$/.test(bad)) {
        expect(await whoIs(auth, { authorization: `Bearer ${bad}`, cookie })).toBe(401)
      }
    }
    expect(await whoIs(auth, { authorization: `Bearer ${token}` })).toBe('user')
  })

  it('at the endpoints of the account too, where the last bits of the signature say nothing', async () => {
    const { cookie } = await person()
    const name = cookie.split('=')[0] ?? ''
    const token = signedTokenOf(cookie)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    for (const last of alphabet) {
      const other = `${token.slice(0, -2)}${last}=`
      const expected = other === token ? 200 : 401
      const cookies = `${name}=${encodeURIComponent(other)}`
      expect((await get(auth, '/list-sessions', cookies)).status).toBe(expected)
    }
  })
})

describe('GHSA-xmf8-cvqr-rfgj (25) a malformed cookie is nobody, never a 500', () => {
  it('whatever happened to it on the way', async () => {
    const { cookie } = await person()
    const latin = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    })
    const changed = fc.tuple(fc.nat(), latin, fc.nat({ max: 4 })).map(([position, text, cut]) => {
      const at = position % (cookie.length + 1)
      return cookie.slice(0, at) + text + cookie.slice(at + cut)
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(latin, changed), async (header) => {
        // The whole cookie is still in it, perhaps encoded in another way.
        fc.pre(!header.split(';').some((part) => decoded(part.trim()) === decoded(cookie)))
        expect(await whoIs(auth, header)).toBe('anonymous')
        const response = await get(auth, '/get-session', header)
        expect([response.status, await response.text()]).toEqual([200, 'null'])
      }),
      { numRuns: 2_000, examples: [[cookie.replace('=', ' =')], [cookie.replace('=', '= ')]] },
    )
  })
})

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

describe('GHSA-x732-6j76-qmhm (16) a path has one spelling', () => {
  it.each([
    '//get-session',
    '/get-session/',
    '/get-session//',
    '/%67et-session',
    '/get-session%2f',
    '/%2fget-session',
    '/%2e/get-session',
    '/x/%2e%2e/get-session',
    '/get%2dsession',
    '/GET-SESSION',
    '/Get-Session',
    '/get-session%00',
    '/get-session;x',
    '/get-session\\',
    '/list-sessions/',
    '//list-sessions',
    '/List-Sessions',
    '/list%2Dsessions',
  ])('%s is not found', async (path) => {
    const { cookie } = await personOnce()
    for (const method of ['GET', 'POST']) {
      const request = new Request('http://x', { method, headers: { cookie, origin: baseURL } })
      // Past the parser of URLs, as a framework may hand it on.
      Object.defineProperty(request, 'url', { value: `${baseURL}/api/auth${path}` })
      const response = await auth.handler(request)
      expect([response.status, await response.text()]).toEqual([404, expect.any(String)])
    }
  })

  it.each(['/api//auth/get-session', '//api/auth/get-session', '/API/auth/get-session'])(
    '%s is not found',
    async (path) => {
      const { cookie } = await personOnce()
      const response = await auth.handler(new Request(`${baseURL}${path}`, { headers: { cookie } }))
      expect(response.status).toBe(404)
    },
  )

  it('and a dot segment is gone before anybody looks', async () => {
    const { cookie } = await personOnce()
    const response = await get(auth, '/./get-session', cookie)
    expect((await response.json()).session).toBeDefined()
  })

  let once: ReturnType<typeof person> | undefined
  const personOnce = () => (once ??= person())
})

describe('CVE-2026-27946 (45) nobody says of themselves what only others may say', () => {
  const claims = {
    emailVerified: true,
    role: 'admin',
    banned: false,
    id: 'chosen',
    activeOrganizationId: 'org_1',
    organizationId: 'org_1',
    createdAt: new Date(0).toISOString(),
  }

  it('at sign-up', async () => {
    const email = `person${(people += 1)}@example.com`
    const body = { email, name: 'Eve', password: 'correct horse', ...claims }
    const response = await post(auth, '/sign-up/email', body)
    const { rows } = await sql<Record<string, unknown>>('SELECT * FROM "user" WHERE email = $1', [
      email,
    ])
    if (response.status === 200) {
      expect(rows[0]).toMatchObject({ email_verified: false })
      expect(rows[0]?.['id']).not.toBe('chosen')
    } else {
      expect(response.status).toBe(400)
      expect(rows).toEqual([])
    }
  })

  it.each(Object.entries(claims))('when they change %s of themselves', async (field, value) => {
    const { cookie, userId } = await person()
    const row = () => sql('SELECT * FROM "user" WHERE id = $1', [userId])
    const session = () => sql('SELECT * FROM session WHERE user_id = $1', [userId])
    const before = [(await row()).rows, (await session()).rows]
    for (const path of ['/update-user', '/update-session']) {
      const response = await post(auth, path, { [field]: value }, { cookie })
      expect([400, 403]).toContain(response.status)
    }
    expect([(await row()).rows, (await session()).rows]).toEqual(before)
  })
})

/** A server on somebody's own adapter, with plugins whose columns our tables lack. */
function onMemory<const Plugins extends BetterAuthPlugin[]>(plugins: Plugins, more: object = {}) {
  const rows: Record<string, Record<string, unknown>[]> = {}
  const options = { database: memoryAdapter(rows), secret, baseURL, logger: quiet, plugins }
  const server = createAuth({ ...options, rateLimit: false, ...more })
  for (const model of Object.keys(getAuthTables(server.options))) rows[model] ??= []
  return { server, rows }
}

describe('a database that was away for one statement', () => {
  /** The next look-up of a session fails as one does whose connection is cut. */
  function cutting() {
    const rows: Record<string, Record<string, unknown>[]> = {}
    const working = memoryAdapter(rows)
    let cuts = 0
    const { server } = onMemory([], {
      database: (options: BetterAuthOptions) => {
        const adapter = working(options)
        const findOne: typeof adapter.findOne = (query) => {
          if (query.model !== 'session' || (cuts -= 1) < 0) return adapter.findOne(query)
          const message = 'terminating connection due to administrator command'
          return Promise.reject(Object.assign(new Error(message), { code: '57P01' }))
        }
        return { ...adapter, findOne }
      },
    })
    for (const model of Object.keys(getAuthTables(server.options))) rows[model] ??= []
    return { server, cut: () => (cuts = 1) }
  }

  it('is a 503 though it is back, and signs nobody out', async () => {
    const { server, cut } = cutting()
    const { cookie } = await signUp(server, 'ada@example.com')
    cut()
    expect(await whoIs(server, cookie)).toBe(503)
    expect(await whoIs(server, cookie)).toBe('user')
    cut()
    expect((await get(server, '/list-sessions', cookie)).status).toBe(503)
    expect((await get(server, '/list-sessions', cookie)).status).toBe(200)
  })
})

describe('on the adapter of the caller', () => {
  it('S9 behind https the cookie is for https alone, and has no other name', async () => {
    const origin = 'https://id.example.com'
    const { server } = onMemory([], { baseURL: origin })
    const body = { email: 'ada@example.com', name: 'Ada', password: 'correct horse' }
    const response = await post(server, '/sign-up/email', body, { origin })
    const setCookie = response.headers.get('set-cookie') ?? ''
    expect(setCookie).toMatch(/^__Secure-countersign\.session_token=[^;]+;.*; Secure/)
    const cookie = pair(setCookie)
    expect(await whoIs(server, cookie)).toBe('user')
    expect(await whoIs(server, cookie.replace('__Secure-', ''))).toBe('anonymous')
  })

  it('sessions are hashed, listed and ended the same way', async () => {
    const { server, rows } = onMemory([])
    const { cookie } = await signUp(server, 'ada@example.com')
    expect(await whoIs(server, cookie)).toBe('user')
    const raw = signedTokenOf(cookie).split('.')[0] ?? ''
    expect(JSON.stringify(rows['session'])).not.toContain(raw)
    const [listed] = (await (await get(server, '/list-sessions', cookie)).json()) as Listed[]
    expect(listed?.token).toMatch(/^sha256-/)
    await post(server, '/revoke-session', { token: listed?.token }, { cookie })
    expect(await whoIs(server, cookie)).toBe('anonymous')
  })

  it('a banned person is nobody, with any session', async () => {
    const { server } = onMemory([admin()])
    const { cookie, userId } = await signUp(server, 'ada@example.com')
    const { internalAdapter } = await server.$context
    await internalAdapter.updateUser(userId, { banned: true })
    expect(await whoIs(server, cookie)).toBe('anonymous')
    const authorization = `Bearer ${signedTokenOf(cookie)}`
    expect(await whoIs(server, { authorization })).toBe(401)
    await internalAdapter.updateUser(userId, { banned: true, banExpires: new Date(0) })
    expect(await whoIs(server, cookie)).toBe('user')
  })

  it('GHSA-xg6x-h9c9-2m83 (17) a password alone opens nothing where a second factor is asked for', async () => {
    const { server } = onMemory([twoFactor()])
    const { cookie } = await signUp(server, 'ada@example.com')
    const enabled = await post(
      server,
      '/two-factor/enable',
      { password: 'correct horse' },
      { cookie },
    )
    expect(enabled.status).toBe(200)
    const { internalAdapter } = await server.$context
    const user = await internalAdapter.findUserByEmail('ada@example.com')
    await internalAdapter.updateUser(user?.user.id ?? '', { twoFactorEnabled: true })
    const body = { email: 'ada@example.com', password: 'correct horse' }
    const response = await post(server, '/sign-in/email', body)
    expect(await response.json()).toMatchObject({ twoFactorRedirect: true })
    const cookies = response.headers.getSetCookie().map(pair).join('; ')
    // The sign-in was stored and taken back; nothing of it may be left.
    expect(await whoIs(server, cookies)).toBe('anonymous')
    expect(await (await get(server, '/get-session', cookies)).json()).toBeNull()
    expect((await get(server, '/list-sessions', cookies)).status).toBe(401)
    for (const value of cookies.split('; ').map(signedTokenOf)) {
      expect(await whoIs(server, `countersign.session_token=${encodeURIComponent(value)}`)).toBe(
        'anonymous',
      )
      expect(await whoIs(server, { authorization: `Bearer ${value}` })).not.toBe('user')
    }
  })
})
