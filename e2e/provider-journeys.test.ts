import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from '../testing/chromium.ts'
import {
  appCode,
  type ConsoleServer,
  fillSignIn,
  giveRole,
  password,
  signUp,
  startConsoleServer,
} from './console-server.ts'
import {
  answerAt,
  askSilently,
  claimsOf,
  type OAuthClient,
  redirectUri,
  registerClient,
  serveClient,
} from './oauth-client.ts'
import { button, checkPage, complaintsOf, field } from './pages.ts'

/** What an application asks for that wants a passkey or a second factor, and what it is told then. */
const twoFactors = 'urn:countersign:acr:2'

let server: ConsoleServer
let browser: Browser
let ledger: OAuthClient

beforeAll(async () => {
  server = await startConsoleServer({ provider: {} })
  browser = await launchChromium()
  const admin = await newPerson('Root')
  await giveRole(server, admin, 'admin')
  ledger = await registerClient(server.url, admin, {
    name: 'Ledger',
    client_type: 'confidential',
    redirect_uris: [redirectUri],
    scopes: ['openid', 'email'],
  })
  await admin.context().close()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function newPerson(name: string): Promise<Page> {
  const page = await newPage()
  await signUp(page, server.url, name)
  return page
}

async function newPage(): Promise<Page> {
  const context = await browser.newContext()
  await serveClient(context)
  return context.newPage()
}

/** Sets up an authenticator app as a second factor, and returns its key. */
async function setUpSecondFactor(page: Page): Promise<string> {
  await page.goto(`${server.url}/account/second-factor`)
  await button(page, 'Set it up').click()
  await field(page, 'Your password').fill(password)
  await button(page, 'Continue').click()
  const key = (await field(page, 'Key').textContent()) ?? ''
  await field(page, 'Code').fill(appCode(key))
  await button(page, 'Turn on').click()
  await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor()
  return key
}

/** Asks for a strong sign-in, of somebody who is signed in by password alone. */
async function askForTwoFactors(page: Page) {
  const asked = ledger.ask({ acr_values: twoFactors })
  await page.goto(asked.url)
  await page.getByText('The app asks for a strong sign-in').waitFor()
  return asked
}

it('P8 leads somebody who came in by password through their passkey, and says so in the ID token', async () => {
  const page = await newPerson('Ada Lovelace')
  const complaints = complaintsOf(page)
  await addVirtualAuthenticator(page)
  await page.goto(`${server.url}/account/passkeys`)
  await button(page, 'Add passkey').click()
  await page.getByRole('button', { name: /^Delete passkey/ }).waitFor()

  const asked = await askForTwoFactors(page)
  await checkPage(page, 'oauth-sign-in-strong')
  await button(page, 'Sign in with a passkey').click()
  await button(page, 'Allow').click()
  const tokens = await ledger.redeem(page, asked)
  expect(claimsOf(tokens['id_token'])).toMatchObject({ acr: twoFactors, amr: ['hwk', 'user'] })

  // The sign-in stays as strong as it was: nothing is asked the next time.
  const again = ledger.ask({ acr_values: twoFactors })
  await askSilently(page, again)
  const more = await ledger.redeem(page, again)
  expect(claimsOf(more['id_token'])).toMatchObject({ acr: twoFactors })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('P8 leads them through a second factor that they set up in another browser', async () => {
  const page = await newPerson('Grace Hopper')
  const complaints = complaintsOf(page)
  const elsewhere = await newPage()
  await elsewhere.goto(`${server.url}/sign-in`)
  await fillSignIn(elsewhere, 'grace.hopper@example.com')
  await button(elsewhere, 'Sign out').waitFor()
  const key = await setUpSecondFactor(elsewhere)

  const asked = await askForTwoFactors(page)
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
  await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
  await field(page, 'Code').fill(appCode(key))
  await button(page, 'Continue').click()
  await button(page, 'Allow').click()
  const tokens = await ledger.redeem(page, asked)
  expect(claimsOf(tokens['id_token'])).toMatchObject({ acr: twoFactors, amr: ['pwd', 'otp'] })
  expect(complaints).toEqual([])
  for (const one of [page, elsewhere]) await one.context().close()
})

it('P8 sends somebody who has neither back to the app, which is told why, and not in circles', async () => {
  const page = await newPerson('Mary Jackson')
  const asked = await askForTwoFactors(page)
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
  const answer = await answerAt(page)
  expect(answer.get('error')).toBe('unmet_authentication_requirements')
  expect(answer.get('state')).toBe(asked.state)
  await page.context().close()
})

it('lets somebody of two organizations choose the one the app works for, and the tokens carry it', async () => {
  const page = await newPerson('Katherine Johnson')
  const complaints = complaintsOf(page)
  const engines = await makeOrganization(page, 'Analytical Engines')
  const orbit = await makeOrganization(page, 'Orbit')

  /** Asks, chooses on the page, and reads the organization that the tokens are for. */
  const choose = async (name: string, picture?: string) => {
    const asked = ledger.ask({ prompt: 'consent' })
    await page.goto(asked.url)
    const choice = page.getByRole('group', { name: 'For which organization' })
    await choice.getByText(name, { exact: true }).click()
    await choice.getByRole('radio', { name, exact: true, checked: true }).waitFor()
    if (picture !== undefined) await checkPage(page, picture)
    await button(page, 'Allow').click()
    const tokens = await ledger.redeem(page, asked)
    const told = await ledger.post('/oauth2/introspect', { token: String(tokens['access_token']) })
    return [claimsOf(tokens['id_token'])['org_id'], told['org_id']]
  }
  expect(await choose('Analytical Engines', 'consent-organizations')).toEqual([engines, engines])
  expect(await choose('Orbit')).toEqual([orbit, orbit])

  // What was chosen last is where the person works; nothing is asked again there.
  const silent = ledger.ask()
  await askSilently(page, silent)
  const tokens = await ledger.redeem(page, silent)
  expect(claimsOf(tokens['id_token'])).toMatchObject({ org_id: orbit })

  expect(await choose('None, only for you')).toEqual([undefined, undefined])
  expect(complaints).toEqual([])
  await page.context().close()
})

/** Makes an organization on its page, and returns its id. */
async function makeOrganization(page: Page, name: string): Promise<string> {
  await page.goto(`${server.url}/account/organizations`)
  await field(page, 'Name').fill(name)
  await button(page, 'Make it').click()
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}
