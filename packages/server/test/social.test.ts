import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { baseURL, post } from './support/auth.ts'
import { Browser } from './support/browser.ts'
import { startForeignProvider, type ForeignProvider } from './support/foreign-provider.ts'
import { mailOptions } from './support/mail.ts'

let acme: ForeignProvider
let globex: ForeignProvider
let auth: ReturnType<typeof createAuth>
beforeAll(async () => {
  ;[acme, globex] = await Promise.all([
    startForeignProvider({ id: 'acme' }),
    startForeignProvider({
      id: 'globex',
      claimsInIdToken: true,
      authentication: 'client_secret_post',
    }),
  ])
  auth = createAuth({
    ...mailOptions,
    connectionString: await freshDatabase(),
    socialProviders: {
      acme: { issuer: acme.issuer, ...acme.client, linkByEmail: true },
      globex: { issuer: `${globex.issuer}/`, ...globex.client },
    },
    logger: { disabled: true },
  })
  await auth.$ready
})
afterAll(async () => {
  await auth.$close()
  await Promise.all([acme.close(), globex.close()])
})

/** Somebody whom a provider knows under a fresh address. */
let count = 0
function newcomer(provider: ForeignProvider, more: object = {}) {
  count += 1
  const email = `person-${count}@example.com`
  provider.people.set(`p${count}`, { email, email_verified: true, name: 'Pat', ...more })
  return { person: `p${count}`, email }
}

async function rowsOf(model: string, field: string, value: string) {
  const { adapter } = await auth.$context
  return adapter.findMany<Record<string, unknown>>({ model, where: [{ field, value }] })
}

/** Somebody with a password here. */
async function local(email: string, emailVerified: boolean) {
  const { internalAdapter, password } = await auth.$context
  const person = { email, name: 'Local', emailVerified }
  const { id } = await internalAdapter.createUser(person, { method: 'email-password' })
  const hash = await password.hash('correct horse')
  await internalAdapter.linkAccount({
    userId: id,
    providerId: 'credential',
    accountId: id,
    password: hash,
  })
  return id
}

/** A browser in which somebody with a password is signed in. */
async function signedIn(email: string) {
  const browser = new Browser(auth)
  const response = await browser.post('/sign-in/email', { email, password: 'correct horse' })
  if (response.status !== 200) throw new Error(await response.text())
  return browser
}

describe('S30 sign-in with any OpenID Connect provider', () => {
  it.each(['acme', 'globex'])('S30 makes an account at %s once, and finds it again', async (id) => {
    const { person, email } = newcomer(id === 'acme' ? acme : globex)
    const [first, second] = [new Browser(auth), new Browser(auth)]
    expect(await first.signIn(id, person)).toBe('/welcome')
    expect(await first.me()).toMatchObject({ email, emailVerified: true, name: 'Pat' })
    expect(await second.signIn(id, person)).toBe('/welcome')
    expect((await second.me())?.id).toBe((await first.me())?.id)
  })

  it('knows people by subject, whatever their address is later', async () => {
    const { person } = newcomer(acme)
    const [before, after] = [new Browser(auth), new Browser(auth)]
    await before.signIn('acme', person)
    acme.people.set(person, { email: 'moved@example.com', email_verified: false })
    expect(await after.signIn('acme', person)).toBe('/welcome')
    expect(await after.me()).toEqual(await before.me())
  })

  it('asks for no more than a code, with PKCE, state and nonce', async () => {
    const url = new URL(await new Browser(auth).start('acme', 'p'))
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'countersign',
      redirect_uri: `${baseURL}/api/auth/callback/acme`,
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{32}$/),
      nonce: expect.stringMatching(/^[\w-]{32}$/),
    })
  })

  it('stores upstream tokens encrypted, and no ID token', async () => {
    const { person, email } = newcomer(acme)
    const browser = new Browser(auth)
    await browser.signIn('acme', person)
    // A second sign-in updates the row.
    await new Browser(auth).signIn('acme', person)
    const [account] = await rowsOf('account', 'accountId', person)
    expect(account).toMatchObject({
      accessToken: expect.stringMatching(/^\$ba\$1\$/),
      refreshToken: expect.stringMatching(/^\$ba\$1\$/),
      idToken: null,
    })
    const [user] = await rowsOf('user', 'email', email)
    const { accessToken } = await auth.api.getAccessToken({
      body: { accountId: String(account?.['id']), userId: String(user?.['id']) },
    })
    expect(String(account?.['accessToken'])).not.toContain(accessToken)
    const known = await fetch(`${acme.origin}/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    expect(await known.json()).toMatchObject({ sub: person, email })
    // Not for a page: whoever runs a script in one would get it.
    for (const path of ['/get-access-token', '/refresh-token']) {
      const body = { accountId: account?.['id'] }
      expect((await browser.post(path, body)).status).toBe(404)
    }
  })

  it('takes no ID token from a page', async () => {
    const { person } = newcomer(acme)
    const browser = new Browser(auth)
    await browser.signIn('acme', person)
    for (const path of ['/sign-in/social', '/link-social']) {
      const idToken = { token: 'a.b.c' }
      const response = await browser.post(path, { provider: 'acme', idToken })
      expect(response.status).toBe(400)
    }
  })

  it('answers 404 to a provider that is not configured', async () => {
    for (const provider of ['google', 'github', 'initech', '__proto__']) {
      const response = await post(auth, '/sign-in/social', { provider, callbackURL: '/' })
      expect([provider, response.status]).toEqual([provider, 404])
    }
  })
})

describe('GHSA-g38m-r43w-p2q7 (vulnerability 10) linking by address', () => {
  it.each([
    // Provider, verified there, verified here: whether they become one.
    ['acme', true, true, '/welcome'],
    ['acme', true, false, '/failed?error=account_not_linked'],
    ['acme', false, true, '/failed?error=email_not_verified'],
    ['acme', false, false, '/failed?error=email_not_verified'],
    ['globex', true, true, '/failed?error=account_not_linked'],
    ['globex', true, false, '/failed?error=account_not_linked'],
    ['globex', false, true, '/failed?error=email_not_verified'],
  ])('%s, verified there: %s, verified here: %s', async (id, there, here, place) => {
    const { person, email } = newcomer(id === 'acme' ? acme : globex, { email_verified: there })
    const userId = await local(email, here)
    const browser = new Browser(auth)
    expect(await browser.signIn(id, person)).toBe(place)
    const accounts = await rowsOf('account', 'userId', userId)
    const isLinked = place === '/welcome'
    expect(accounts.map(({ providerId }) => providerId)).toEqual(
      isLinked ? ['credential', id] : ['credential'],
    )
    expect((await browser.me())?.id).toBe(isLinked ? userId : undefined)
    const [row] = await rowsOf('user', 'id', userId)
    expect(row).toMatchObject({ emailVerified: here })
  })

  it.each([[false], [undefined], ['true'], ['false'], [1], [null]])(
    'email_verified %j makes no account for others to fall into',
    async (value) => {
      const { person, email } = newcomer(acme, { email_verified: value })
      const browser = new Browser(auth)
      expect(await browser.signIn('acme', person)).toBe('/failed?error=email_not_verified')
      expect(await rowsOf('user', 'email', email)).toEqual([])
      expect(await browser.me()).toBeNull()
    },
  )

  it.each([
    ['a Kelvin sign', (name: string) => `\u212A${name.slice(1)}`],
    ['a full-width @', (name: string) => name.replace('@', '＠')],
    ['full-width letters', (name: string) => name.replace('a', 'ａ')],
  ])('GHSA-7rqj-j65f-68wh (vulnerability 24) finds nobody with %s', async (_title, spoof) => {
    count += 1
    const email = `kata-${count}@example.com`
    const userId = await local(email, true)
    const { person } = newcomer(acme, { email: spoof(email) })
    expect(await new Browser(auth).signIn('acme', person)).toBe('/failed?error=email_not_found')
    expect(await rowsOf('account', 'userId', userId)).toHaveLength(1)
  })
})

describe('linking while signed in', () => {
  it('links in the session that asked, and signs in by it afterwards', async () => {
    const { person, email } = newcomer(globex)
    const userId = await local(email, true)
    const browser = await signedIn(email)
    expect(await browser.signIn('globex', person, '/link-social')).toBe('/welcome')
    const other = new Browser(auth)
    expect(await other.signIn('globex', person)).toBe('/welcome')
    expect((await other.me())?.id).toBe(userId)
  })

  it.each(['signed out', 'as somebody else', 'in a later session of the same person'])(
    'does not link %s',
    async (who) => {
      const { person, email } = newcomer(globex)
      const userId = await local(email, true)
      const browser = await signedIn(email)
      const start = await browser.start('globex', person, '/link-social')
      const callback = await browser.follow(start, ({ pathname }) =>
        pathname.includes('/callback/'),
      )
      const session = 'countersign.session_token'
      browser.cookies().delete(session)
      if (who !== 'signed out') {
        const another = newcomer(acme).email
        if (who === 'as somebody else') await local(another, true)
        const next = await signedIn(who === 'as somebody else' ? another : email)
        browser.cookies().set(session, next.cookies().get(session) ?? '')
      }
      const end = await browser.follow(callback.href)
      expect(end.searchParams.get('error')).toBe('state_mismatch')
      expect(await rowsOf('account', 'userId', userId)).toHaveLength(1)
      expect(await rowsOf('account', 'accountId', person)).toEqual([])
    },
  )

  it('needs a session to begin with', async () => {
    const response = await post(auth, '/link-social', { provider: 'acme', callbackURL: '/' })
    expect(response.status).toBe(401)
  })

  it('takes no account that is linked to somebody else', async () => {
    const { person, email } = newcomer(globex)
    await new Browser(auth).signIn('globex', person)
    const mine = newcomer(globex).email
    await local(mine, true)
    globex.people.set(person, { email: mine, email_verified: true })
    const browser = await signedIn(mine)
    const end = await browser.signIn('globex', person, '/link-social')
    expect(end).toBe('/failed?error=account_already_linked_to_different_user')
    expect(await rowsOf('account', 'accountId', person)).toHaveLength(1)
    expect(await rowsOf('user', 'email', email)).toHaveLength(1)
  })

  it('refuses to unlink the last way in, also to 20 at once', async () => {
    const { person, email } = newcomer(globex)
    const userId = await local(email, true)
    const browser = await signedIn(email)
    await browser.signIn('globex', person, '/link-social')
    const accounts = await rowsOf('account', 'userId', userId)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        browser.post('/unlink-account', { accountId: accounts[turn % 2]?.['id'] }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(400)])
    expect(await rowsOf('account', 'userId', userId)).toHaveLength(1)
    const [last] = await rowsOf('account', 'userId', userId)
    const again = await browser.post('/unlink-account', { accountId: last?.['id'] })
    expect(again.status).toBe(400)
  })

  it('counts no account of a provider that is gone as a way in, and unlinks nobody else’s', async () => {
    const { email } = newcomer(globex)
    const userId = await local(email, true)
    const { internalAdapter } = await auth.$context
    await internalAdapter.linkAccount({ userId, providerId: 'gone', accountId: `gone-${count}` })
    const browser = await signedIn(email)
    const accounts = await rowsOf('account', 'userId', userId)
    const credential = accounts.find(({ providerId }) => providerId === 'credential')
    const remove = (accountId: unknown) => browser.post('/unlink-account', { accountId })
    expect((await remove(credential?.['id'])).status).toBe(400)
    const [strange] = await rowsOf('account', 'providerId', 'acme')
    expect((await remove(strange?.['id'])).status).toBe(400)
    expect((await remove(accounts.find((one) => one !== credential)?.['id'])).status).toBe(200)
  })
})

describe('callbacks', () => {
  const mismatch = `${baseURL}/api/auth/error?error=state_mismatch`
  let linker: Promise<Browser>
  beforeAll(async () => {
    await local('linker@example.com', true)
    linker = signedIn('linker@example.com')
    await linker
  })

  it('better-auth#8949 (vulnerability 23) signs in no other browser', async () => {
    const { person } = newcomer(acme)
    const attacker = new Browser(auth)
    const callback = await attacker.callbackOf('acme', person)
    const bare = new Browser(auth)
    const busy = new Browser(auth)
    await busy.start('acme', 'somebody')
    for (const victim of [bare, busy]) {
      const end = await victim.follow(callback)
      expect(end.searchParams.get('error')).toBe('state_mismatch')
      expect(await victim.me()).toBeNull()
    }
    // The attempt of others spoils nothing for the browser that may.
    expect((await attacker.follow(callback)).pathname).toBe('/welcome')
  })

  it('GHSA-x445-f3h2-j279 (vulnerability 26) takes no state of one provider at another', async () => {
    const { person } = newcomer(acme)
    const browser = new Browser(auth)
    const callback = await browser.callbackOf('acme', person)
    const moved = callback.replace('/callback/acme', '/callback/globex')
    const before = globex.requests.length
    expect((await browser.follow(moved)).href).toBe(mismatch)
    expect(await browser.me()).toBeNull()
    // The code of one provider is not shown to another.
    expect(globex.requests).toHaveLength(before)
  })

  it('CVE-2025-46815 refuses a callback the second time, and 19 of 20 at once', async () => {
    const { person } = newcomer(acme)
    const browser = new Browser(auth)
    const callback = await browser.callbackOf('acme', person)
    const before = acme.requests.filter((path) => path === '/token').length
    const cookie = [...browser.cookies()].map((pair) => pair.join('=')).join('; ')
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        auth.handler(new Request(callback, { headers: { cookie } })),
      ),
    )
    const places = answers.map((answer) => answer.headers.get('location'))
    expect(places.filter((place) => place === '/welcome')).toHaveLength(1)
    expect(places.filter((place) => place === mismatch)).toHaveLength(19)
    // The code was shown to the provider once: it ends a family of tokens when it sees a replay.
    expect(acme.requests.filter((path) => path === '/token')).toHaveLength(before + 1)
    const again = await auth.handler(new Request(callback, { headers: { cookie } }))
    expect(again.headers.get('location')).toBe(mismatch)
  })

  it.each([
    ['without a state', '?code=x'],
    ['with an empty state', '?code=x&state='],
    ['with a made-up state', '?code=x&state=abcdefghijklmnopqrstuvwxyzabcdef'],
    ['with two states', '?code=x&state=a&state=b'],
    ['with the name of another row', '?code=x&state=reset-password:x'],
  ])('refuses one %s', async (_title, query) => {
    const answer = await auth.handler(new Request(`${baseURL}/api/auth/callback/acme${query}`))
    const place = answer.headers.get('location')
    if (place === null) expect(answer.status).toBe(400)
    else expect(place).toMatch(/^http:\/\/localhost:4100\/api\/auth\/error\?/)
    expect(answer.headers.get('set-cookie') ?? '').not.toContain('session_token=')
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%5cevil.example',
    'http://localhost:4100@evil.example/',
    'http://localhost:4100.evil.example/',
    'https://app.example.com.evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'myapp://callback.attacker.tld',
    'evil.example',
  ])('vulnerability 22 (trustedOrigins): leaves our pages for no %s', async (target) => {
    const browser = await linker
    for (const path of ['/sign-in/social', '/link-social']) {
      for (const name of ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL']) {
        const response = await browser.post(path, { provider: 'acme', [name]: target })
        expect([path, name, response.status]).toEqual([path, name, 403])
      }
    }
  })
})
