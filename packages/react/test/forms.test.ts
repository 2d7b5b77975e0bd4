import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from '../../../testing/chromium.ts'
import { freePort } from '../../../testing/free-port.ts'
import {
  startForeignProvider,
  type ForeignProvider,
} from '../../server/test/support/foreign-provider.ts'
import { linkOf } from '../../server/test/support/mail.ts'
import { checkPage, complaintsOf } from './support/check-page.ts'
import { openSite, type Site } from './support/site.tsx'

const password = 'correct horse'
let people = 0
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())
beforeEach(async () => {
  context = await browser.newContext()
  page = await context.newPage()
  complaints = complaintsOf(page)
})
afterEach(async () => {
  await context.close()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
})

const status = () => page.locator('#status').textContent()
const button = (name: string) => page.getByRole('button', { name, exact: true })

async function fillSignUp(email: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

async function fillSignIn(email: string, secretWord = password): Promise<void> {
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(secretWord)
}

/** Creates an account without the forms; the browser is signed in. */
async function register(site: Site): Promise<string> {
  people += 1
  const email = `ada${people}@example.com`
  const answer = await context.request.post(`${site.origin}/api/auth/sign-up/email`, {
    data: { name: 'Ada Lovelace', email, password },
    headers: { origin: site.origin },
  })
  expect(answer.status()).toBe(200)
  return email
}

describe('without e-mails', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  beforeEach(() => {
    site.mode = 'up'
  })

  it('S67 signs up, out and in again', async () => {
    await page.goto(`${site.origin}/sign-up`)
    await checkPage(page, 'sign-up')
    await fillSignUp('first@example.com')
    await button('Create account').click()
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
    await expect.poll(status).toBe('signed-in')
    await button('Sign out').click()
    await expect.poll(status).toBe('signed-out')
    // The page needs a session, so it led to sign-in and leads back.
    await button('Sign in').waitFor()
    expect(new URL(page.url()).searchParams.get('return')).toBe('/account')
    await checkPage(page, 'sign-in')
    await fillSignIn('first@example.com')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/account')
  })

  it('S67 says at the field what is wrong, keeps the address and moves nothing', async () => {
    const email = await register(site)
    await context.clearCookies()
    await page.goto(`${site.origin}/sign-in?plain`)
    const submit = button('Sign in')
    await submit.click()
    const field = page.getByRole('textbox', { name: 'E-mail' })
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    expect(await focused(page)).toBe('email')

    const place = await submit.boundingBox()
    await fillSignIn(email, 'wrong password')
    await submit.click()
    const secretWord = page.getByLabel('Password', { exact: true })
    await expect.poll(() => description(secretWord)).toBe('E-mail or password is not right.')
    expect(await focused(page)).toBe('password')
    expect(await field.inputValue()).toBe(email)
    expect(await secretWord.inputValue()).toBe('')
    expect(await submit.boundingBox()).toEqual(place)
    await checkPage(page, 'sign-in-wrong')

    // Typing takes the complaint away and leaves the focus alone.
    await page.keyboard.type(password)
    expect(await secretWord.getAttribute('aria-invalid')).toBeNull()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
  })

  it('S67 says in words that an address is taken, and loses nothing', async () => {
    const email = await register(site)
    await context.clearCookies()
    await page.goto(`${site.origin}/sign-up`)
    await fillSignUp(email)
    await button('Create account').click()
    const field = page.getByRole('textbox', { name: 'E-mail' })
    await expect.poll(() => description(field)).toContain('already an account')
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Ada Lovelace')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(password)
  })

  it('S67 submits once however often the button is pressed', async () => {
    const email = await register(site)
    await context.clearCookies()
    await page.goto(`${site.origin}/sign-in?plain`)
    await fillSignIn(email)
    site.asked.length = 0
    await page.evaluate(() => {
      const form = document.querySelector('form')
      for (let count = 0; count < 5; count += 1) form?.requestSubmit()
    })
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
    expect(site.asked.filter((path) => path === '/sign-in/email')).toHaveLength(1)
  })

  it('S67 never puts a password into the address, even before the page works', async () => {
    await page.route('**/app.js', (route) => route.abort())
    await page.goto(`${site.origin}/sign-in?plain&ssr`)
    await fillSignIn('ada@example.com')
    const sent = page.waitForRequest((request) => request.isNavigationRequest())
    await button('Sign in').click()
    const request = await sent
    expect(request.method()).toBe('POST')
    expect(request.url()).not.toContain('password')
  })

  it('S67 takes what was typed before the page worked', async () => {
    const email = await register(site)
    await context.clearCookies()
    let start = () => {}
    const held = new Promise<void>((resolve) => {
      start = resolve
    })
    await page.route('**/app.js', async (route) => {
      await held
      await route.continue()
    })
    await page.goto(`${site.origin}/sign-in?plain&ssr`, { waitUntil: 'commit' })
    await fillSignIn(email)
    start()
    await page.locator('html[data-ready]').waitFor()
    await button('Sign in').click()
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
    expect(await page.locator('#who').textContent()).toBe(email)
  })

  it('S67 tells that the server sends no e-mails', async () => {
    await page.goto(`${site.origin}/forgot-password`)
    await page.getByRole('textbox', { name: 'E-mail' }).fill('ada@example.com')
    await button('Send the link').click()
    const alert = page.getByRole('alert')
    await expect.poll(() => alert.textContent()).toContain('sends no e-mails')
    expect(await page.getByRole('textbox', { name: 'E-mail' }).inputValue()).toBe('ada@example.com')
  })

  it('S67 keeps everything typed while the server is away', async () => {
    const email = await register(site)
    await context.clearCookies()
    await page.goto(`${site.origin}/sign-in?plain`)
    await expect.poll(status).toBe('signed-out')
    await fillSignIn(email)
    const place = await button('Sign in').boundingBox()
    for (const mode of ['refusing', 'gone'] as const) {
      site.mode = mode
      await button('Sign in').click()
      const alert = page.getByRole('alert')
      await expect.poll(() => alert.textContent()).toContain('cannot be reached')
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(password)
      expect(await status()).toBe('signed-out')
      expect(await button('Sign in').boundingBox()).toEqual(place)
      await checkPage(page, 'sign-in-away')
    }
    site.mode = 'up'
    await button('Sign in').click()
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
  })

  it('S67 makes, renames, uses and deletes a passkey', async () => {
    const email = await register(site)
    const device = await addVirtualAuthenticator(page)
    // A browser that offers none in the field, so that only the button signs in.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => false
    })
    await page.goto(`${site.origin}/account`)
    await page.getByText('You have no passkey yet.').waitFor()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await button('Add a passkey').click()
    await page.getByText('Laptop').waitFor()
    expect(await device.credentialCount()).toBe(1)
    await checkPage(page, 'account')

    // The device is known: the same one cannot be added twice.
    await button('Add a passkey').click()
    await page.getByText('already has a passkey').waitFor()

    await button('Rename Laptop').click()
    await page.getByRole('listitem').getByRole('textbox').fill('Work laptop')
    await page.keyboard.press('Enter')
    await button('Rename Work laptop').waitFor()

    await button('Sign out').click()
    await button('Sign in with a passkey').click()
    await button('Rename Work laptop').waitFor()
    expect(await page.locator('#who').textContent()).toBe(email)

    await button('Delete Work laptop').click()
    await checkPage(page, 'passkey-delete')
    await button('Delete').click()
    await page.getByText('You have no passkey yet.').waitFor()
  })

  it('S67 offers passkeys in the e-mail field', async () => {
    await register(site)
    await addVirtualAuthenticator(page)
    await page.goto(`${site.origin}/account`)
    await button('Add a passkey').click()
    await page.getByText('Unnamed passkey').waitFor()
    site.asked.length = 0
    await button('Sign out').click()
    // The virtual device chooses by itself what a person chooses in the field.
    await expect.poll(() => site.asked).toContain('/passkey/verify-authentication')
    await expect.poll(status).toBe('signed-in')

    // The device still has what the server no longer knows.
    await button('Delete Unnamed passkey').click()
    await button('Delete').click()
    await page.getByText('You have no passkey yet.').waitFor()
    await button('Sign out').click()
    await page.getByText('This passkey is not known here.').waitFor()
    expect(await status()).toBe('signed-out')
  })

  it('S67 asks for fresh proof before a passkey is made', async () => {
    await register(site)
    await addVirtualAuthenticator(page)
    const { adapter } = await site.auth.$context
    await page.goto(`${site.origin}/account`)
    await page.getByText('You have no passkey yet.').waitFor()
    // Six minutes pass for everybody's session.
    const past = new Date(Date.now() - 6 * 60_000)
    await adapter.updateMany({ model: 'session', where: [], update: { createdAt: past } })
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await button('Add a passkey').click()
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor()
    await checkPage(page, 'confirm-identity')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await button('Confirm').click()
    await button('Rename Laptop').waitFor()
    expect(await status()).toBe('signed-in')
  })
})

describe('with e-mails', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite({ withMail: true })
  })
  afterAll(() => site.close())

  const mailTo = (address: string, subject: RegExp) =>
    vi.waitFor(() => {
      const mail = site.inbox.list().find((one) => one.to === address && subject.test(one.subject))
      if (!mail) throw new Error(`no e-mail to ${address}`)
      return mail
    })

  it('S67 confirms an address, then resets a forgotten password', async () => {
    const email = 'grace@example.com'
    await page.goto(`${site.origin}/sign-up`)
    await fillSignUp(email)
    await button('Create account').click()
    const heading = page.getByRole('heading', { name: 'Look into your inbox' })
    await heading.waitFor()
    await expect.poll(() => heading.evaluate((node) => node === document.activeElement)).toBe(true)
    await checkPage(page, 'inbox')
    expect(await status()).toBe('signed-out')

    // Signing in before that leads to the same page, and not to an error.
    await page.goto(`${site.origin}/sign-in?plain`)
    await fillSignIn(email)
    await button('Sign in').click()
    await heading.waitFor()

    const link = linkOf(await mailTo(email, /confirm/i))
    await page.goto(link)
    await button('Sign in').waitFor()
    await page.goto(`${site.origin}/forgot-password`)
    await checkPage(page, 'forgot-password')
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
    await button('Send the link').click()
    await heading.waitFor()

    await page.goto(linkOf(await mailTo(email, /password/i)))
    await checkPage(page, 'reset-password')
    await page.getByRole('textbox', { name: 'New password' }).fill('short')
    await button('Save password').click()
    const field = page.getByRole('textbox', { name: 'New password' })
    await expect.poll(() => description(field)).toBe('At least 8 characters.')
    await field.fill('battery staple')
    await button('Save password').click()
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
    await checkPage(page, 'reset-done')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await fillSignIn(email, 'battery staple')
    await button('Sign in').click()
    await page.getByRole('heading', { name: 'Hello Ada Lovelace' }).waitFor()
  })

  it('S67 says in words that a link is used up', async () => {
    await page.goto(`${site.origin}/api/auth/reset-password/nonsense?callbackURL=/reset-password`)
    const alert = page.getByRole('alert')
    await expect.poll(() => alert.textContent()).toContain('no longer valid')
    await page.goto(`${site.origin}/verify-email?error=TOKEN_EXPIRED`)
    await expect.poll(() => alert.textContent()).toContain('has expired')
    await checkPage(page, 'verify-email')
    await page.getByRole('textbox', { name: 'E-mail' }).fill('nobody@example.com')
    await button('Send the link').click()
    await page.getByRole('heading', { name: 'Look into your inbox' }).waitFor()
  })
})

describe('with another provider', () => {
  let site: Site
  let acme: ForeignProvider
  beforeAll(async () => {
    const port = await freePort()
    acme = await startForeignProvider({ id: 'acme', app: `http://localhost:${port}` })
    const socialProviders = { acme: { issuer: acme.issuer, ...acme.client } }
    site = await openSite({ port, socialProviders })
  })
  afterAll(() => Promise.all([site.close(), acme.close()]))

  it('S67 says in words why a provider did not sign in, and signs in when it does', async () => {
    const email = await register(site)
    await context.clearCookies()
    acme.people.set('nobody', { email, email_verified: true, name: 'Pat' })
    await page.goto(`${site.origin}/sign-in?provider=acme&return=/account`)
    await button('Continue with acme').click()
    await page.getByText('There is already an account with this e-mail.').waitFor()

    acme.people.set('nobody', { email: 'pat@acme.example', email_verified: true, name: 'Pat' })
    await button('Continue with acme').click()
    await expect.poll(() => page.locator('#who').textContent()).toBe('pat@acme.example')
    await page.getByRole('heading', { name: 'Hello Pat' }).waitFor()
    expect(page.url()).toBe(`${site.origin}/account`)
  })

  it('S67 says in words that a provider is not set up', async () => {
    await page.goto(`${site.origin}/sign-in`)
    await button('Continue with Google').click()
    await page.getByText('This way of signing in is not set up.').waitFor()
    expect(await status()).toBe('signed-out')
  })
})

it('S67 says in words when to try again', async () => {
  const site = await openSite({ rateLimit: true })
  try {
    const email = 'ada@example.com'
    const options = { data: { email }, headers: { origin: site.origin } }
    const url = `${site.origin}/api/auth/request-password-reset`
    const statuses: number[] = []
    while (!statuses.includes(429)) {
      statuses.push((await context.request.post(url, options)).status())
    }
    await page.goto(`${site.origin}/forgot-password`)
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
    await button('Send the link').click()
    const alert = page.getByRole('alert')
    await expect
      .poll(() => alert.textContent())
      .toMatch(/^Too many tries\. Try again in (a minute|\d+ seconds)\.$/)
    expect(await page.getByRole('textbox', { name: 'E-mail' }).inputValue()).toBe(email)
  } finally {
    await site.close()
  }
})

type Locator = ReturnType<Page['locator']>

/** What is said about a field to somebody who does not see it. */
async function description(field: Locator): Promise<string | null> {
  const id = await field.getAttribute('aria-describedby')
  return id === null ? null : page.locator(`[id="${id}"]`).textContent()
}

async function focused(of: Page): Promise<string | null> {
  return of.evaluate(() => document.activeElement?.getAttribute('name') ?? null)
}
