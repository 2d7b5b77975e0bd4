import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { baseURL, post, signUp } from './support/auth.ts'
import { linkOf, mailOptions, openMail } from './support/mail.ts'

const password = 'correct horse'
let database: string
let world: Awaited<ReturnType<typeof openMail>>
/** Another process on the same database. */
let other: Awaited<ReturnType<typeof openMail>>
let quiet: ReturnType<typeof createAuth>
beforeAll(async () => {
  database = await freshDatabase()
  world = await openMail(database)
  other = await openMail(database)
  quiet = createAuth({ ...mailOptions, connectionString: await freshDatabase() })
  await quiet.$ready
})
afterAll(() => Promise.all([world.auth.$close(), other.auth.$close(), quiet.$close()]))

type Handles = Pick<typeof quiet, 'handler'>

const get = (url: string, auth: Handles = world.auth, headers: Record<string, string> = {}) =>
  auth.handler(new Request(url, { headers }))
const register = (email: string, more: object = {}) =>
  post(world.auth, '/sign-up/email', { name: 'Ada', email, password, ...more })
const signIn = (email: string, secretWord = password) =>
  post(world.auth, '/sign-in/email', { email, password: secretWord })

/** What a caller can tell two answers apart by. */
async function visible(answer: Response) {
  const body = (await answer.json()) as Record<string, unknown>
  const headers = [...answer.headers].map(([name]) => name).sort()
  return { status: answer.status, headers, body: shapeOf(body) }
}

/** A body without what differs from call to call: ids, times, and what the caller sent. */
function shapeOf(value: unknown, key = ''): unknown {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, part]) => [name, shapeOf(part, name)])
  }
  return ['id', 'createdAt', 'updatedAt', 'email'].includes(key)
    ? `${typeof value} ${String(value).length > 0}`
    : value
}

/** A person who confirmed the address, signed in as often as asked. */
async function confirmed(email: string, sessions = 1) {
  await register(email)
  await get(linkOf(await world.mailTo(email)))
  const answers = await Promise.all(Array.from({ length: sessions }, () => signIn(email)))
  return answers.map((answer) => answer.headers.get('set-cookie')?.split(';')[0] ?? '')
}

async function isSignedIn(cookie: string, auth: Handles = world.auth): Promise<boolean> {
  const answer = await get(`${baseURL}/api/auth/get-session`, auth, { cookie })
  return (await answer.json()) !== null
}

/** Sends the same request twenty times at once, to both processes in turn. */
function twenty(send: (auth: Handles) => Promise<Response>): Promise<Response[]> {
  const turns = Array.from({ length: 20 }, (_, turn) => (turn % 2 ? world.auth : other.auth))
  return Promise.all(turns.map(send))
}

describe('sign-up with a mailer', () => {
  it('lets nobody in before the address is confirmed', async () => {
    const answer = await register('ada@example.com')
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null])
    expect((await signIn('ada@example.com')).status).toBe(403)
    const link = linkOf(await world.mailTo('ada@example.com'))
    expect(link).toMatch(/^http:\/\/localhost:4100\/api\/auth\/verify-email\?token=/)
    const opened = await get(link)
    expect([opened.status, opened.headers.get('location')]).toEqual([302, '/'])
    expect(opened.headers.get('set-cookie')).toBeNull()
    expect((await signIn('ada@example.com')).status).toBe(200)
  })

  it('no enumeration: a taken address gets the same answer, and its owner a notice', async () => {
    await confirmed('owner@example.com')
    const free = await register('free@example.com')
    const taken = await register('owner@example.com', { password: 'another horse' })
    expect(await visible(taken)).toEqual(await visible(free))
    const notice = await world.mailTo('owner@example.com', 'already have an account')
    expect(notice.text).not.toContain('http')
    expect((await signIn('owner@example.com')).status).toBe(200)
    expect((await signIn('owner@example.com', 'another horse')).status).toBe(401)
  })

  it('no enumeration: resets, magic links and resends answer alike for everybody', async () => {
    await confirmed('known@example.com')
    await register('waiting@example.com')
    for (const path of [
      '/request-password-reset',
      '/sign-in/magic-link',
      '/send-verification-email',
    ]) {
      const answers = await Promise.all(
        ['known', 'waiting', 'nobody'].map(async (name) =>
          visible(await post(world.auth, path, { email: `${name}@example.com` })),
        ),
      )
      expect(answers[0]).toMatchObject({ status: 200 })
      expect([path, answers[1], answers[2]]).toEqual([path, answers[0], answers[0]])
    }
    const sent = world.inbox.list().filter(({ to }) => to === 'nobody@example.com')
    expect(sent.map(({ subject }) => subject)).toEqual(['Sign in to Countersign'])
  })

  it('writes no link and no token to the log', () => {
    expect(world.log.join('\n')).not.toMatch(/token=|verify-email\?|magic-link\/verify/)
  })
})

describe('links in e-mails', () => {
  it('better-auth#8067 (vulnerability 21) a verification link works for one of 20', async () => {
    await register('race-verify@example.com')
    const link = linkOf(await world.mailTo('race-verify@example.com'))
    const url = `${link}&callbackURL=%2Fwelcome`.replace('&callbackURL=%2F&', '&')
    const answers = await twenty((auth) => get(url, auth))
    const places = answers.map((answer) => answer.headers.get('location'))
    expect(places.filter((place) => place === '/welcome')).toHaveLength(1)
    expect(places.filter((place) => place === '/welcome?error=INVALID_TOKEN')).toHaveLength(19)
    // The signature of a JWT can be written in several ways, and means the same.
    const [token = ''] = /(?<=token=)[^&]+/.exec(url) ?? []
    const spellings = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    const again = await Promise.all(
      spellings.map((last) => get(url.replace(token, token.slice(0, -1) + last))),
    )
    expect(new Set(again.map((answer) => answer.headers.get('location')))).toEqual(
      new Set(['/welcome?error=INVALID_TOKEN']),
    )
  })

  it('better-auth#9572 (vulnerability 21) a magic link signs in one of 20', async () => {
    await post(world.auth, '/sign-in/magic-link', { email: 'race-magic@example.com' })
    const link = linkOf(await world.mailTo('race-magic@example.com'))
    const answers = await twenty((auth) => get(link, auth))
    const cookies = answers.filter((answer) => answer.headers.has('set-cookie'))
    expect(cookies).toHaveLength(1)
    expect(await isSignedIn(cookies[0]?.headers.get('set-cookie')?.split(';')[0] ?? '')).toBe(true)
    expect(answers.every((answer) => answer.status === 302)).toBe(true)
  })

  it('vulnerability 21: a reset token sets one password of 20, and ends every session', async () => {
    const cookies = await confirmed('race-reset@example.com', 3)
    expect(await Promise.all(cookies.map((cookie) => isSignedIn(cookie)))).toEqual([
      true,
      true,
      true,
    ])
    await post(world.auth, '/request-password-reset', { email: 'race-reset@example.com' })
    const opened = await get(linkOf(await world.mailTo('race-reset@example.com', 'new password')))
    const page = new URL(opened.headers.get('location') ?? '')
    expect(page.origin + page.pathname).toBe(`${baseURL}/reset-password`)
    const token = page.searchParams.get('token')
    let turn = 0
    const answers = await twenty((auth) => {
      turn += 1
      return post(auth, '/reset-password', { token, newPassword: `new password ${turn}` })
    })
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(400)])
    const winner = answers.findIndex(({ status }) => status === 200) + 1
    expect((await signIn('race-reset@example.com', `new password ${winner}`)).status).toBe(200)
    expect((await signIn('race-reset@example.com')).status).toBe(401)
    for (const auth of [world.auth, other.auth]) {
      await expect
        .poll(() => Promise.all(cookies.map((cookie) => isSignedIn(cookie, auth))))
        .toEqual([false, false, false])
    }
  })

  it('GHSA-g38m-r43w-p2q7 (vulnerability 10) a magic link inherits nothing of who was there first', async () => {
    await register('victim@example.com', { password: 'chosen by the attacker' })
    await post(world.auth, '/sign-in/magic-link', { email: 'victim@example.com' })
    const opened = await get(linkOf(await world.mailTo('victim@example.com', 'Sign in')))
    expect(opened.headers.get('set-cookie')).toContain('countersign.session_token=')
    expect((await signIn('victim@example.com', 'chosen by the attacker')).status).toBe(401)
  })

  it('a token works for nothing else, and a made-up one for nothing', async () => {
    await register('cross@example.com')
    const token = new URL(linkOf(await world.mailTo('cross@example.com'))).searchParams.get('token')
    for (const wrong of [token, 'x', '', 'a.b.c']) {
      const reset = await post(world.auth, '/reset-password', {
        token: wrong,
        newPassword: password,
      })
      expect(reset.status).toBe(400)
      const magic = await get(`${baseURL}/api/auth/magic-link/verify?token=${wrong}`)
      expect([magic.status, magic.headers.get('set-cookie')]).toEqual([302, null])
    }
    const made = await get(`${baseURL}/api/auth/verify-email?token=a.b.c`)
    expect(made.status).toBe(401)
  })
})

const hostile = [
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/%5cevil.example',
  '/%2fevil.example',
  '/\t/evil.example',
  'http://localhost:4100@evil.example/',
  'http://localhost:4100.evil.example/',
  'http://localhost:41000/',
  'http://localhost:4100:80@evil.example',
  'https://app.example.com.evil.example',
  'https://app.example.com@evil.example',
  'https://app.example.comevil.example',
  'http://app.example.com',
  'https:/\\evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'myapp://callback',
  'evil.example',
  'http://[::1]@evil.example',
]

describe('CVE-2024-56734, CVE-2025-27143, CVE-2025-53535 (22) no link leads away', () => {
  it.each(hostile)('refuses to come back to %s', async (target) => {
    const email = 'nobody-here@example.com'
    const requests: [string, object][] = [
      ['/sign-up/email', { email, name: 'A', password, callbackURL: target }],
      ['/sign-in/email', { email, password, callbackURL: target }],
      ['/request-password-reset', { email, redirectTo: target }],
      ['/send-verification-email', { email, callbackURL: target }],
      ['/sign-in/magic-link', { email, callbackURL: target }],
      ['/sign-in/magic-link', { email, newUserCallbackURL: target }],
      ['/sign-in/magic-link', { email, errorCallbackURL: target }],
    ]
    for (const [path, body] of requests) {
      expect([path, (await post(world.auth, path, body)).status]).toEqual([path, 403])
    }
    const encoded = encodeURIComponent(target)
    for (const path of [
      `/verify-email?token=x&callbackURL=${encoded}`,
      `/reset-password/x?callbackURL=${encoded}`,
      `/magic-link/verify?token=x&callbackURL=${encoded}`,
      `/magic-link/verify?token=x&errorCallbackURL=${encoded}`,
      `/magic-link/verify?token=x&newUserCallbackURL=${encodeURIComponent(encoded)}`,
    ]) {
      const answer = await get(`${baseURL}/api/auth${path}`)
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 403, null])
    }
    expect(world.inbox.list().some(({ to }) => to === email)).toBe(false)
  })

  it('sends no link that leads away, also when our own code asks for one', async () => {
    const email = 'careless@example.com'
    await register(email)
    const redirectTo = 'https://evil.example'
    await world.auth.api.requestPasswordReset({ body: { email, redirectTo } })
    expect(world.log.at(-1)).toContain('its address or its link is not allowed')
    const subjects = async () => {
      await world.mailTo(email)
      return world.inbox.list().flatMap(({ to, subject }) => (to === email ? [subject] : []))
    }
    expect(await subjects()).toEqual([expect.stringContaining('Confirm')])
  })

  it('comes back to our own pages and to trusted origins', async () => {
    for (const target of ['/welcome?a=b#c', `${baseURL}/x`, 'https://app.example.com/done']) {
      const path = `/reset-password/x?callbackURL=${encodeURIComponent(target)}`
      const answer = await get(`${baseURL}/api/auth${path}`)
      expect(answer.status).toBe(302)
      const origin = new URL(target, baseURL).origin
      expect(new URL(answer.headers.get('location') ?? '').origin).toBe(origin)
    }
  })

  it.each(['%', '%E0%A4%A', '%zz'])(
    'answers 400 to a target that does not decode: %s',
    async (target) => {
      for (const name of ['callbackURL', 'newUserCallbackURL', 'errorCallbackURL']) {
        const query = new URLSearchParams({ token: 'x', [name]: `/${target}` })
        const answer = await get(`${baseURL}/api/auth/magic-link/verify?${query}`)
        expect(answer.status).toBe(400)
      }
    },
  )
})

describe('GHSA-7rqj-j65f-68wh (vulnerability 24) addresses', () => {
  it.each([
    ['a full-width @', 'ada＠example.com'],
    ['a small @', 'ada﹫example.com'],
    ['a second, full-width @', 'ada@evil.example＠example.com'],
    ['full-width letters', 'ａｄａ@example.com'],
    ['a Kelvin sign', '\u212Anown@example.com'],
    ['a Cyrillic letter', 'аda@example.com'],
    ['an ideographic full stop', 'ada@example。com'],
    ['a ligature', 'o\uFB03ce@example.com'],
    ['an invisible character', 'ada\u200B@example.com'],
    ['two addresses', 'ada@example.com,eve@evil.example'],
    ['a quoted address', '"ada@evil.example>"@example.com'],
    ['a line break', 'ada@example.com\r\nBcc: eve@evil.example'],
    ['a name', 'Ada <ada@example.com>'],
  ])('refuses %s on every way in', async (title, email) => {
    for (const [path, body] of [
      ['/sign-up/email', { name: 'A', password }],
      ['/sign-in/email', { password }],
      ['/sign-in/magic-link', {}],
      ['/request-password-reset', {}],
      ['/send-verification-email', {}],
      ['/organization/invite-member', { role: 'member', organizationId: 'x' }],
    ] as const) {
      const answer = await post(world.auth, path, { ...body, email })
      expect([path, answer.status]).toEqual([path, 400])
    }
    // Better Auth lowers the case of what our own code creates before anybody sees it.
    if (title === 'a Kelvin sign') return
    const { internalAdapter } = await world.auth.$context
    await expect(
      internalAdapter.createUser({ email, name: 'A' }, { method: 'email-password' }),
    ).rejects.toMatchObject({ statusCode: 400 })
  })

  it('knows one spelling of an address', async () => {
    await register('Mixed.Case@Example.COM')
    expect(linkOf(await world.mailTo('mixed.case@example.com'))).toContain('token=')
  })
})

describe('CVE-2026-27946 (vulnerability 45) nobody raises themselves', () => {
  const wishes = {
    id: 'chosen',
    emailVerified: true,
    role: 'admin',
    banned: false,
    banExpires: null,
    createdAt: '2000-01-01T00:00:00.000Z',
    organizationId: 'org',
    activeOrganizationId: 'org',
    twoFactorEnabled: true,
  }

  it('at sign-up', async () => {
    const answer = await register('greedy@example.com', wishes)
    expect([200, 400]).toContain(answer.status)
    if (answer.status === 200) {
      const { adapter } = await world.auth.$context
      const where = [{ field: 'email', value: 'greedy@example.com' }]
      const row = await adapter.findOne<Record<string, unknown>>({ model: 'user', where })
      expect(row).toMatchObject({ emailVerified: false, role: 'user', banned: false })
      expect(row?.['id']).not.toBe('chosen')
      expect(new Date(String(row?.['createdAt'])).getFullYear()).toBeGreaterThan(2000)
    }
    expect((await signIn('greedy@example.com')).status).not.toBe(200)
  })

  it('at update-user, one wish at a time and all together', async () => {
    const { cookie, userId } = await signUp(quiet, 'climber@example.com')
    const { adapter } = await quiet.$context
    const where = [{ field: 'id', value: userId }]
    for (const wish of [
      ...Object.entries(wishes).map(([key, value]) => ({ [key]: value })),
      wishes,
    ]) {
      const answer = await post(quiet, '/update-user', { name: 'C', ...wish }, { cookie })
      expect([200, 400]).toContain(answer.status)
      const row = await adapter.findOne<Record<string, unknown>>({ model: 'user', where })
      expect(row).toMatchObject({ id: userId, emailVerified: false, email: 'climber@example.com' })
      const session = await get(`${baseURL}/api/auth/get-session`, quiet, { cookie })
      expect(await session.json()).toMatchObject({
        session: { activeOrganizationId: null },
        user: { emailVerified: false },
      })
    }
    const moved = await post(quiet, '/update-user', { email: 'other@example.com' }, { cookie })
    expect(moved.status).toBe(400)
  })
})

describe('invitations', () => {
  it('are sent to who is invited, and carry no address somebody chose as a name', async () => {
    const [cookie = ''] = await confirmed('chair@example.com')
    await post(world.auth, '/update-user', { name: 'Win at http://evil.example/x' }, { cookie })
    const created = await post(
      world.auth,
      '/organization/create',
      { name: '<b>Prize</b> www.evil.example', slug: 'prize' },
      { cookie },
    )
    const { id: organizationId } = (await created.json()) as { id: string }
    const invited = await post(
      world.auth,
      '/organization/invite-member',
      { email: 'guest@example.com', role: 'member', organizationId },
      { cookie },
    )
    expect(invited.status).toBe(200)
    const { id } = (await invited.json()) as { id: string }
    const message = await world.mailTo('guest@example.com')
    expect(linkOf(message)).toBe(`${baseURL}/accept-invitation?id=${id}`)
    expect(`${message.text}${message.html}`).not.toMatch(/evil\.example|<b>/)
  })
})

describe('without a mailer', () => {
  it('signs in at sign-up, and offers nothing it cannot send', async () => {
    expect((await signUp(quiet, 'early@example.com')).cookie).toContain('session_token')
    const taken = await post(quiet, '/sign-up/email', {
      name: 'A',
      email: 'early@example.com',
      password,
    })
    expect(taken.status).toBe(422)
    const email = { email: 'early@example.com' }
    expect((await post(quiet, '/request-password-reset', email)).status).toBe(400)
    expect((await post(quiet, '/send-verification-email', email)).status).toBe(400)
    expect((await post(quiet, '/sign-in/magic-link', email)).status).toBe(404)
  })
})

describe('a mail server that is no good', () => {
  it.each([
    ['never answers', () => new Promise<void>(() => {})],
    ['refuses', () => Promise.reject(new Error('550 ada@example.com unknown'))],
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
  ])('changes no answer when it %s', async (name, send) => {
    const broken = await openMail(database, { send })
    const email = `slow-${name.split(' ')[0]}@example.com`
    try {
      const signedUp = await post(broken.auth, '/sign-up/email', { name: 'Ada', email, password })
      expect(await visible(signedUp)).toEqual(await visible(await register(`fast-${email}`)))
      for (const path of [
        '/request-password-reset',
        '/sign-in/magic-link',
        '/send-verification-email',
      ]) {
        expect([path, (await post(broken.auth, path, { email })).status]).toEqual([path, 200])
      }
      expect(broken.log.join('\n')).not.toMatch(/550|token|@example\.com unknown/)
    } finally {
      if (name !== 'never answers') await broken.auth.$close()
      else void broken.auth.$close()
    }
  })
})
