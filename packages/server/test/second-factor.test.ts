import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { codeOf } from '../../../testing/one-time-code.ts'
import { baseURL } from './support/auth.ts'
import { Browser } from './support/browser.ts'
import { linkOf, openMail } from './support/mail.ts'

const password = 'correct horse'
const session = 'countersign.session_token'
let world: Awaited<ReturnType<typeof openMail>>
/** Another process on the same database. */
let other: Awaited<ReturnType<typeof openMail>>
beforeAll(async () => {
  const database = await freshDatabase()
  world = await openMail(database)
  other = await openMail(database)
})
afterAll(() => Promise.all([world.auth.$close(), other.auth.$close()]))

/** Somebody with an authenticator app, signed in. */
async function withApp(email: string) {
  const { internalAdapter, password: hasher } = await world.auth.$context
  const person = { email, name: 'Ada', emailVerified: true }
  const { id } = await internalAdapter.createUser(person, { method: 'email-password' })
  await internalAdapter.linkAccount({
    userId: id,
    providerId: 'credential',
    accountId: id,
    password: await hasher.hash(password),
  })
  const browser = new Browser(world.auth)
  await browser.post('/sign-in/email', { email, password })
  const enabled = await browser.post('/two-factor/enable', { password })
  const body = (await enabled.json()) as { totpURI: string; backupCodes: string[] }
  const secret = new URL(body.totpURI).searchParams.get('secret') ?? ''
  // The step before now is still good; the one of now stays for the test.
  await browser.post('/two-factor/verify-totp', { code: codeOf(secret, -1) })
  return { browser, id, secret, ...body }
}

/** A browser that has shown the password and nothing more. */
async function challenged(email: string, auth = world.auth) {
  const browser = new Browser(auth)
  const response = await browser.post('/sign-in/email', { email, password })
  return { browser, response }
}

/** Twenty browsers that have shown the password, half of them at the other process. */
async function twenty(email: string): Promise<Browser[]> {
  const turns = Array.from({ length: 20 }, (_, turn) => (turn % 2 ? world.auth : other.auth))
  const all = await Promise.all(turns.map((auth) => challenged(email, auth)))
  return all.map(({ browser }) => browser)
}

async function verifyAll(browsers: readonly Browser[], path: string, code: string) {
  const answers = await Promise.all(browsers.map((browser) => browser.post(path, { code })))
  const people = await Promise.all(browsers.map((browser) => browser.me()))
  return {
    statuses: answers.map(({ status }) => status).sort(),
    signedIn: people.filter((person) => person !== null).length,
  }
}

describe('a second factor', () => {
  it('GHSA-xg6x-h9c9-2m83 (17) a password alone opens nothing', async () => {
    const { secret } = await withApp('first@example.com')
    const { browser, response } = await challenged('first@example.com')
    expect(await response.json()).toMatchObject({
      twoFactorRedirect: true,
      twoFactorMethods: ['totp'],
    })
    expect(await browser.me()).toBeNull()
    // Nor do the cookies that were set and taken back on the way.
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const headers = { cookie: pair }
      const answer = await world.auth.handler(
        new Request(`${baseURL}/api/auth/get-session`, { headers }),
      )
      expect(await answer.json()).toBeNull()
      const request = new Request(baseURL, { headers })
      expect(await world.auth.authenticate(request)).toMatchObject({ kind: 'anonymous' })
    }
    for (const path of ['/two-factor/disable', '/two-factor/generate-backup-codes']) {
      expect([path, (await browser.post(path, { password })).status]).toEqual([path, 401])
    }
    expect((await browser.post('/two-factor/verify-totp', { code: '000000' })).status).toBe(401)
    expect(await browser.me()).toBeNull()
    const verified = await browser.post('/two-factor/verify-totp', { code: codeOf(secret) })
    expect(verified.status).toBe(200)
    expect(await browser.me()).toMatchObject({ email: 'first@example.com', twoFactorEnabled: true })
  })

  it('stores secret and codes encrypted', async () => {
    const { id, secret, backupCodes } = await withApp('stored@example.com')
    const { adapter } = await world.auth.$context
    const where = [{ field: 'userId', value: id }]
    const row = await adapter.findOne<Record<string, string>>({ model: 'twoFactor', where })
    expect(row).toMatchObject({
      secret: expect.stringMatching(/^\$ba\$1\$/),
      backupCodes: expect.stringMatching(/^\$ba\$1\$/),
    })
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(JSON.stringify(row)).not.toContain(backupCodes[0])
  })

  it('better-auth#8067 (vulnerability 21) a code signs in one of 20', async () => {
    const { secret } = await withApp('race-code@example.com')
    const browsers = await twenty('race-code@example.com')
    const code = codeOf(secret, 1)
    const { statuses, signedIn } = await verifyAll(browsers, '/two-factor/verify-totp', code)
    expect(statuses).toEqual([200, ...Array(19).fill(401)])
    expect(signedIn).toBe(1)
  })

  it('vulnerability 21: 20 answers to one challenge make one session', async () => {
    const { secret, id } = await withApp('race-challenge@example.com')
    const { browser } = await challenged('race-challenge@example.com')
    const code = codeOf(secret)
    const { adapter } = await world.auth.$context
    const where = [{ field: 'userId', value: id }]
    const before = await adapter.count({ model: 'session', where })
    const same = Array.from({ length: 20 }, () => browser.post('/two-factor/verify-totp', { code }))
    const statuses = (await Promise.all(same)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(await adapter.count({ model: 'session', where })).toBe(before + 1)
  })

  it('vulnerability 21: a code to keep signs in one of 20, also beside another code', async () => {
    const { backupCodes } = await withApp('race-backup@example.com')
    const [first = '', second = ''] = backupCodes
    const browsers = await twenty('race-backup@example.com')
    const path = '/two-factor/verify-backup-code'
    const { signedIn } = await verifyAll(browsers.slice(0, 18), path, first)
    expect(signedIn).toBe(1)
    const [ninth, tenth] = browsers.slice(18)
    await Promise.all([ninth?.post(path, { code: second }), tenth?.post(path, { code: first })])
    expect(await tenth?.me()).toBeNull()
  })

  it('is locked after ten wrong codes, whatever the challenge', async () => {
    const { secret } = await withApp('guessed@example.com')
    for (let round = 0; round < 3; round += 1) {
      const { browser } = await challenged('guessed@example.com')
      for (let turn = 0; turn < 4; turn += 1) {
        await browser.post('/two-factor/verify-totp', { code: `00${round}00${turn}` })
      }
    }
    const { browser } = await challenged('guessed@example.com')
    const answer = await browser.post('/two-factor/verify-totp', { code: codeOf(secret) })
    expect([answer.status, await browser.me()]).toEqual([429, null])
  })

  it('is not passed by a link in an e-mail', async () => {
    await withApp('linked@example.com')
    const browser = new Browser(world.auth)
    await browser.post('/sign-in/magic-link', {
      email: 'linked@example.com',
      callbackURL: '/welcome',
      errorCallbackURL: '/sign-in',
    })
    const link = linkOf(await world.mailTo('linked@example.com', 'Sign in'))
    const answer = await browser.send(link)
    expect(answer.headers.get('location')).toBe(`${baseURL}/sign-in?error=two_factor_required`)
    expect(await browser.me()).toBeNull()
    for (const line of answer.headers.getSetCookie()) {
      const stolen = new Browser(world.auth)
      stolen.cookies().set(session, /=([^;]*)/.exec(line)?.[1] ?? '')
      expect(await stolen.me()).toBeNull()
    }
  })

  it('goes when the person says so, with the password', async () => {
    const { browser } = await withApp('leaving@example.com')
    const wrong = await browser.post('/two-factor/disable', { password: 'wrong horse' })
    expect(wrong.status).toBe(400)
    expect((await browser.post('/two-factor/disable', { password })).status).toBe(200)
    const { browser: next } = await challenged('leaving@example.com')
    expect(await next.me()).toMatchObject({ email: 'leaving@example.com' })
  })
})
