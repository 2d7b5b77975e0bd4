import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from '../testing/chromium.ts'
import {
  appCode,
  type ConsoleServer,
  fillSignIn,
  fillSignUp,
  giveRole,
  letterLink,
  password,
  signUp,
  startConsoleServer,
} from './console-server.ts'
import { answerAt, OAuthClient, redirectUri, registerClient, serveClient } from './oauth-client.ts'
import { button, checkPage, complaintsOf, field, follow, signOut } from './pages.ts'

const resource = 'https://api.example.com/ledger'

let server: ConsoleServer
let browser: Browser
/** A client that an administrator set up. */
let ledger: OAuthClient
let register: (client: Readonly<Record<string, unknown>>) => Promise<OAuthClient>

beforeAll(async () => {
  server = await startConsoleServer({
    agentAuth: {},
    provider: {
      scopes: {
        'ledger:read': { title: 'Read your ledger', description: 'Every entry of it.' },
        'ledger:write': { title: 'Change your ledger', sensitive: true },
      },
      resources: [
        { identifier: resource, name: 'The ledger', scopes: ['ledger:read', 'ledger:write'] },
      ],
      dynamicRegistration: true,
    },
  })
  browser = await launchChromium()
  const admin = await newPage()
  await signUp(admin, server.url, 'Root')
  await giveRole(server, admin, 'admin')
  register = (client) => registerClient(server.url, admin, client)
  ledger = await register({
    name: 'Ledger',
    client_type: 'confidential',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: ['https://ledger.example/bye'],
    scopes: ['openid', 'email', 'profile', 'offline_access', 'ledger:read', 'ledger:write'],
  })
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function newPage(): Promise<Page> {
  const context = await browser.newContext()
  await serveClient(context)
  return context.newPage()
}

async function newPerson(name: string): Promise<Page> {
  const page = await newPage()
  await signUp(page, server.url, name)
  return page
}

/** A client that registers itself, as editors and command lines do. */
async function registerDynamically(name: string, redirect: string): Promise<OAuthClient> {
  const response = await fetch(`${server.url}/api/auth/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    }),
  })
  const { client_id: id } = (await response.json()) as { client_id: string }
  return new OAuthClient(server.url, { client_id: id })
}

it('M39 signs somebody in, asks, and goes back to the application with nothing lost; O58 P11 in human words', async () => {
  const email = await newPerson('Ada Lovelace').then(async (page) => {
    await page.context().close()
    return 'ada.lovelace@example.com'
  })
  const page = await newPage()
  const complaints = complaintsOf(page)
  const asked = ledger.ask({
    scope: 'openid email ledger:read ledger:write offline_access',
    resource,
    login_hint: email,
  })
  await page.goto(asked.url)
  await page.getByText('An app asks for access.').waitFor()
  await expect.poll(() => field(page, 'E-mail').inputValue()).toBe(email)
  await checkPage(page, 'oauth-sign-in')
  await field(page, 'Password').fill('not the password')
  await button(page, 'Sign in').click()
  await page.getByText('E-mail or password is not right.').waitFor()
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()

  // What was verified is the largest; the words of the catalogue say what is asked.
  await page.getByRole('heading', { level: 1, name: 'ledger.example' }).waitFor()
  await page.getByText('Set up by an administrator').waitFor()
  await page.getByText('The ledger', { exact: true }).waitFor()
  await page.getByText('until you take it away').waitFor()
  await page.getByText('Every entry of it.').waitFor()
  expect(await page.getByText('Needed').count()).toBe(1)
  expect(await page.getByText('Sensitive').count()).toBe(1)
  expect(await page.getByText('ledger:write').isVisible()).toBe(false)
  await page.getByText('Technical names').click()
  await page.getByText('ledger:write').waitFor()
  await checkPage(page, 'consent')
  const sizes = await Promise.all(['Deny', 'Allow'].map((name) => button(page, name).boundingBox()))
  expect(sizes[0]?.width).toBe(sizes[1]?.width)
  expect(sizes[0]?.height).toBe(sizes[1]?.height)
  expect(await page.getByRole('checkbox', { name: /Know who you are/ }).count()).toBe(0)
  await page.getByRole('checkbox', { name: /Change your ledger/ }).uncheck()
  await button(page, 'Allow').click()

  const tokens = await ledger.redeem(page, asked)
  expect(tokens).toMatchObject({ status: 200, token_type: 'Bearer' })
  expect(String(tokens['scope']).split(' ').toSorted()).toEqual(
    ['email', 'ledger:read', 'offline_access', 'openid'].toSorted(),
  )

  // Where it is taken back.
  await page.goto(`${server.url}/connected-apps`)
  await page.getByRole('heading', { name: 'Apps that use your account' }).waitFor()
  await page.getByText('Read your ledger').waitFor()
  expect(await page.getByText('Change your ledger').count()).toBe(0)
  await checkPage(page, 'connected-apps')
  await page.getByRole('button', { name: 'Disconnect Ledger' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('heading', { name: 'No app is connected yet' }).waitFor()
  const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) }
  expect(await ledger.post('/oauth2/token', refresh)).toMatchObject({ error: 'invalid_grant' })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('M39 keeps the request through a new account, also when it is asked for', async () => {
  const page = await newPage()
  const complaints = complaintsOf(page)
  const asked = ledger.ask({ prompt: 'create' })
  await page.goto(asked.url)
  await page.getByRole('heading', { name: 'Create an account' }).waitFor()
  await fillSignUp(page, 'Grace Hopper', 'grace.hopper@example.com')
  await button(page, 'Allow').click()
  const tokens = await ledger.redeem(page, asked)
  const { email } = await ledger.userInfo(tokens['access_token'])
  expect(email).toBe('grace.hopper@example.com')

  // Signed in, and asked to prove it once more: no loop, no consent a second time.
  const again = ledger.ask({ prompt: 'login' })
  await page.goto(again.url)
  await page.getByText('The app asks you to prove it once more.').waitFor()
  await expect.poll(() => field(page, 'E-mail').inputValue()).toBe('grace.hopper@example.com')
  await checkPage(page, 'oauth-sign-in-again')
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
  expect(await ledger.redeem(page, again)).toMatchObject({ status: 200 })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('M39 keeps the request through a passkey, a second factor, a new password, and a long wait', async () => {
  const page = await newPerson('Annie Easley')
  await addVirtualAuthenticator(page)
  const complaints = complaintsOf(page)
  const email = 'annie.easley@example.com'
  const signOutThere = async () => {
    await page.goto(`${server.url}/account/passkeys`)
    await signOut(page)
  }
  await page.goto(`${server.url}/account/passkeys`)
  await button(page, 'Add passkey').click()
  await page.getByRole('button', { name: /^Delete passkey/ }).waitFor()
  await page.goto(`${server.url}/account/second-factor`)
  await button(page, 'Set it up').click()
  await field(page, 'Your password').fill(password)
  await button(page, 'Continue').click()
  const key = await page.getByLabel('Key', { exact: true }).textContent()
  await field(page, 'Code').fill(appCode(key))
  await button(page, 'Turn on').click()
  const codes = (await field(page, 'Backup codes').textContent())?.split('\n') ?? []
  await signOutThere()

  const byPasskey = ledger.ask()
  await page.goto(byPasskey.url)
  await button(page, 'Sign in with a passkey').click()
  await button(page, 'Allow').click()
  expect(await ledger.redeem(page, byPasskey)).toMatchObject({ status: 200 })
  await signOutThere()

  const byCode = ledger.ask()
  await page.goto(byCode.url)
  await fillSignIn(page, email)
  await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
  await button(page, 'Use a backup code').click()
  await field(page, 'Backup code').fill(codes[0] ?? '')
  await button(page, 'Continue').click()
  expect(await ledger.redeem(page, byCode)).toMatchObject({ status: 200 })
  await signOutThere()

  // The letter takes its time; the page comes back with the request all the same.
  const forgotten = ledger.ask()
  await page.goto(forgotten.url)
  await follow(page, 'Forgot your password?', 'Forgot your password?')
  await field(page, 'E-mail').fill(email)
  await button(page, 'Send the link').click()
  await page.getByText('the link is on its way').waitFor()
  await page.goto(await letterLink(server.inbox, email, /reset-password/))
  await field(page, 'New password').fill(password)
  await button(page, 'Save the password').click()
  await follow(page, 'Sign in', 'Sign in')
  // By this clock the signature is over.
  await page.clock.setFixedTime(Date.now() + 3_600_000)
  await fillSignIn(page, email)
  await button(page, 'Use a backup code').click()
  await field(page, 'Backup code').fill(codes[1] ?? '')
  await button(page, 'Continue').click()
  expect(await ledger.redeem(page, forgotten)).toMatchObject({ status: 200 })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('O36 prompt=select_account shows a chooser: this account, or another one', async () => {
  await (await newPerson('Katherine Johnson')).context().close()
  const page = await newPerson('Hedy Lamarr')
  const complaints = complaintsOf(page)
  const first = ledger.ask({ prompt: 'select_account' })
  await page.goto(first.url)
  await page.getByRole('heading', { name: 'Which account?' }).waitFor()
  await checkPage(page, 'select-account')
  await page.getByRole('button', { name: /Hedy Lamarr/ }).click()
  await page.getByRole('heading', { level: 1, name: 'ledger.example' }).waitFor()
  await button(page, 'Allow').click()
  const tokens = await ledger.redeem(page, first)
  expect(await ledger.userInfo(tokens['access_token'])).toMatchObject({
    email: 'hedy.lamarr@example.com',
  })

  const second = ledger.ask({ prompt: 'select_account' })
  await page.goto(second.url)
  await follow(page, 'Use another account', 'Sign in')
  await page.getByText('Use the account that the app should work with.').waitFor()
  expect(await field(page, 'E-mail').inputValue()).toBe('')
  await checkPage(page, 'sign-in-other')
  await fillSignIn(page, 'katherine.johnson@example.com')
  await page.getByText('katherine.johnson@example.com').waitFor()
  await button(page, 'Allow').click()
  const others = await ledger.redeem(page, second)
  expect(await ledger.userInfo(others['access_token'])).toMatchObject({
    email: 'katherine.johnson@example.com',
  })

  // From the consent page, too, and with the whole request.
  const third = ledger.ask({ prompt: 'consent' })
  await page.goto(third.url)
  await follow(page, 'Use another account', 'Sign in')
  await fillSignIn(page, 'hedy.lamarr@example.com')
  await page.getByText('hedy.lamarr@example.com').waitFor()
  await button(page, 'Deny').click()
  const answer = await answerAt(page)
  expect(answer.get('error')).toBe('access_denied')
  expect(answer.get('state')).toBe(third.state)
  expect(complaints).toEqual([])
  await page.context().close()
})

it('M40 a consent page is good once, in no frame, and for no other site', async () => {
  const page = await newPerson('Mary Jackson')
  const asked = ledger.ask()
  await page.goto(asked.url)
  await button(page, 'Allow').waitFor()
  const address = page.url()

  // In a frame of another site nothing is shown.
  const other = await page.context().newPage()
  await other.goto('https://ledger.example/')
  await other.evaluate((src) => {
    const frame = document.createElement('iframe')
    frame.src = src
    document.body.append(frame)
  }, address)
  await expect
    .poll(() =>
      other
        .frames()
        .find((frame) => frame !== other.mainFrame())
        ?.url(),
    )
    .toMatch(/^chrome-error:/)

  // What the page sends is refused from elsewhere, and the second time.
  const sent = page.waitForRequest((request) => request.method() === 'POST')
  await button(page, 'Allow').click()
  const decision = await sent
  await answerAt(page)
  const cookie = (await page.context().cookies(server.url))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
  const repeat = (origin: string) =>
    fetch(decision.url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin },
      body: decision.postData() ?? '',
    })
  expect((await repeat('https://ledger.example')).status).toBe(403)
  expect((await repeat(server.url)).ok).toBe(false)

  // The page kept open in another tab says so, and leads on.
  const asked2 = ledger.ask({ prompt: 'consent' })
  await page.goto(asked2.url)
  await button(page, 'Allow').waitFor()
  await page.route('**/api/auth/oidc/interaction', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    // Somebody was faster.
    const taken = await route.fetch()
    expect(taken.ok()).toBe(true)
    return route.fallback()
  })
  await button(page, 'Allow').click()
  await page.getByRole('heading', { name: 'This request is over' }).waitFor()
  await checkPage(page, 'consent-over')
  await page.unroute('**/api/auth/oidc/interaction')
  await page.getByRole('link', { name: 'Start it again' }).click()
  await button(page, 'Allow').click()
  expect((await answerAt(page)).get('state')).toBe(asked2.state)
  await page.context().close()
})

it('P11 says of an app on this computer that anybody can be behind it, and quotes its name', async () => {
  const native = await registerDynamically('Your Bank & Co', 'http://127.0.0.1:41999/callback')
  const page = await newPerson('Dorothy Vaughan')
  const asked = native.ask({ redirect_uri: 'http://127.0.0.1:41999/callback' })
  await page.goto(asked.url)
  await page.getByRole('heading', { level: 1, name: 'An app on this computer' }).waitFor()
  await page.getByText('Which program it is cannot be checked').waitFor()
  await page.getByText('Your Bank & Co').waitFor()
  await page.getByText('Unverified').waitFor()
  await checkPage(page, 'consent-loopback')

  // An app that a link opens: the page stays behind it, and says that it is done.
  const editor = await registerDynamically('Some editor', 'cursor://anysphere.cursor-mcp/callback')
  await page.goto(editor.ask({ redirect_uri: 'cursor://anysphere.cursor-mcp/callback' }).url)
  await page.getByRole('heading', { level: 1, name: 'An app on this device' }).waitFor()
  await page.getByText('the app behind “cursor” links').waitFor()
  await button(page, 'Allow').click()
  await page.getByRole('heading', { name: 'Allowed' }).waitFor()
  const back = await page.getByRole('link', { name: 'Open the app again' }).getAttribute('href')
  expect(back).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/callback\?.*code=/)
  await checkPage(page, 'consent-app-opened')

  // A place that was never registered gets no answer, and no link.
  await page.goto(native.ask({ redirect_uri: 'https://evil.example/callback' }).url)
  await page.getByText('Nothing was shared').waitFor()
  expect(await page.locator('a[href*="evil.example"]').count()).toBe(0)
  await checkPage(page, 'oauth-error')
  await page.context().close()
})

it('decides on the code of a device, and on a request of an app in the inbox', async () => {
  const television = await register({
    name: 'Television',
    client_type: 'confidential',
    grant_types: [
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:openid:params:grant-type:ciba',
    ],
    redirect_uris: [],
    scopes: ['openid', 'email', 'ledger:read'],
  })
  const page = await newPerson('Joan Clarke')
  const complaints = complaintsOf(page)
  const device = await television.post('/oauth2/device_authorization', { scope: 'openid email' })
  await page.goto(`${server.url}/device`)
  await field(page, 'Code').fill(String(device['user_code']))
  await button(page, 'Continue').click()
  await page.getByRole('heading', { level: 1, name: 'Television' }).waitFor()
  await page.getByText('Your device must show the same one.').waitFor()
  await checkPage(page, 'device-consent')
  await page.getByRole('checkbox', { name: /See your e-mail/ }).uncheck()
  await button(page, 'Allow').click()
  await page.getByRole('heading', { name: 'Allowed' }).waitFor()
  await checkPage(page, 'device-allowed')
  await expect
    .poll(
      () =>
        television.post('/oauth2/token', {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: String(device['device_code']),
        }),
      { timeout: 30_000, interval: 1000 },
    )
    .toMatchObject({ status: 200, scope: 'openid' })

  await page.goto(`${server.url}/device?user_code=${String(device['user_code'])}`)
  await page.getByRole('heading', { name: 'This request is over' }).waitFor()
  await page.goto(`${server.url}/device?user_code=BCDF-GHJK`)
  await page.getByText('We do not know this code.').waitFor()

  const request = await television.post('/oauth2/bc-authorize', {
    scope: 'openid ledger:read',
    login_hint: 'joan.clarke@example.com',
    binding_message: 'TANGO-42',
  })
  expect(request).toMatchObject({ status: 200 })
  await page.goto(`${server.url}/account/approvals`)
  const card = page.getByRole('listitem').filter({ hasText: 'TANGO-42' })
  await card.getByRole('button', { name: 'Allow' }).waitFor()
  await page.getByRole('link', { name: 'Approvals 1 waiting' }).waitFor()
  await checkPage(page, 'approvals-app')
  await card.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
  await expect
    .poll(
      () =>
        television.post('/oauth2/token', {
          grant_type: 'urn:openid:params:grant-type:ciba',
          auth_req_id: String(request['auth_req_id']),
        }),
      { timeout: 30_000, interval: 1000 },
    )
    .toMatchObject({ status: 200 })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('asks before an app signs somebody out, and says when it is done', async () => {
  const page = await newPerson('Emmy Noether')
  const complaints = complaintsOf(page)
  await page.goto(`${server.url}/api/auth/oauth2/end-session`)
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor()
  await checkPage(page, 'sign-out-question')
  await button(page, 'Stay signed in').click()
  await page.getByRole('heading', { name: 'You stay signed in' }).waitFor()
  await page.goto(`${server.url}/api/auth/oauth2/end-session`)
  await button(page, 'Sign out').click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await checkPage(page, 'signed-out')
  expect(complaints).toEqual([])
  await page.context().close()
})
