import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { launchChromium } from '../../../testing/chromium.ts'
import { checkPage, complaintsOf } from './support/check-page.ts'
import { openSite, type Site } from './support/site.tsx'

const password = 'correct horse'
let people = 0
let site: Site
let browser: Browser
let context: BrowserContext
let complaints: (readonly string[])[]
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), launchChromium()])
})
afterAll(() => Promise.all([browser.close(), site.close()]))
beforeEach(async () => {
  site.mode = 'up'
  context = await browser.newContext()
  complaints = []
})
afterEach(async () => {
  await context.close()
  if (complaints.flat().length > 0) throw new Error(complaints.flat().join('\n'))
})

/** A tab that writes down every state it shows, from the first paint on. */
async function openTab(path: string): Promise<Page> {
  const page = await context.newPage()
  complaints.push(complaintsOf(page))
  await page.addInitScript(() => {
    const states: string[] = []
    Object.assign(globalThis, { states })
    const look = () => {
      const shown = document.querySelector('#status')?.textContent
      if (shown && shown !== states.at(-1)) states.push(shown)
    }
    new MutationObserver(look).observe(document, {
      childList: true,
      subtree: true,
      characterData: true,
    })
  })
  await page.goto(site.origin + path)
  return page
}

const statesOf = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { states: string[] }).states)
const statusOf = (page: Page) => page.locator('#status').textContent()
const who = (page: Page) => page.locator('#who').textContent()
const checks = () => site.asked.filter((path) => path === '/get-session').length

async function register(): Promise<string> {
  people += 1
  const email = `grace${people}@example.com`
  await context.request.post(`${site.origin}/api/auth/sign-up/email`, {
    data: { name: 'Grace Hopper', email, password },
    headers: { origin: site.origin },
  })
  return email
}

it('S67 asks once for all consumers, shows no other state meanwhile, and does not poll', async () => {
  const email = await register()
  site.asked.length = 0
  const page = await openTab('/account')
  await expect.poll(() => who(page)).toBe(email)
  await page.getByText('You have no passkey yet.').waitFor()
  expect(await statesOf(page)).toEqual(['loading', 'signed-in'])
  expect(checks()).toBe(1)
  // An hour passes.
  await page.clock.install()
  await page.clock.runFor('01:00:00')
  expect(checks()).toBe(1)
})

it('S67 hydrates what the server rendered, without a flash, a mismatch or a request', async () => {
  const email = await register()
  site.asked.length = 0
  const page = await openTab('/account?ssr')
  await page.getByText('You have no passkey yet.').waitFor()
  expect(await who(page)).toBe(email)
  expect(await statesOf(page)).toEqual(['signed-in'])
  expect(checks()).toBe(0)
  // What the page was given holds no token.
  expect(await page.content()).not.toContain('"token"')

  await context.clearCookies()
  const visitor = await openTab('/sign-in?plain&ssr')
  await visitor.waitForLoadState('load')
  expect(await statesOf(visitor)).toEqual(['signed-out'])
  expect(checks()).toBe(0)
})

it('S67 signs out and in at once in every tab', async () => {
  const email = await register()
  const [one, two] = [await openTab('/account'), await openTab('/account')]
  await expect.poll(() => statusOf(one)).toBe('signed-in')
  await expect.poll(() => statusOf(two)).toBe('signed-in')
  site.asked.length = 0
  await one.getByRole('button', { name: 'Sign out' }).click()
  await expect.poll(() => statusOf(two)).toBe('signed-out')
  await expect.poll(() => statusOf(one)).toBe('signed-out')
  // Neither had to ask.
  expect(checks()).toBe(0)

  await two.getByRole('textbox', { name: 'E-mail' }).fill(email)
  await two.getByLabel('Password', { exact: true }).fill(password)
  await two.keyboard.press('Enter')
  await expect.poll(() => who(one)).toBe(email)
  await expect.poll(() => who(two)).toBe(email)
  expect(await statesOf(one)).toEqual(['loading', 'signed-in', 'signed-out', 'signed-in'])
})

it('S67 also tells other tabs where there is no BroadcastChannel', async () => {
  await register()
  await context.addInitScript(() => {
    Reflect.deleteProperty(globalThis, 'BroadcastChannel')
  })
  const [one, two] = [await openTab('/account'), await openTab('/account')]
  await expect.poll(() => statusOf(two)).toBe('signed-in')
  await one.getByRole('button', { name: 'Sign out' }).click()
  await expect.poll(() => statusOf(two)).toBe('signed-out')
})

it.each(['refusing', 'gone'] as const)(
  'S67 keeps who is signed in while the server is %s, and goes on by itself',
  async (mode) => {
    const email = await register()
    const page = await openTab('/account')
    await expect.poll(() => statusOf(page)).toBe('signed-in')
    site.mode = mode
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await expect.poll(() => statusOf(page)).toBe('unavailable')
    expect(await who(page)).toBe(email)
    await page.getByRole('heading', { name: 'Hello Grace Hopper' }).waitFor()
    // Signing out is not pretended.
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('The server cannot be reached').first().waitFor()
    expect(await statusOf(page)).toBe('unavailable')
    site.mode = 'up'
    await expect.poll(() => statusOf(page), { timeout: 30_000 }).toBe('signed-in')
    expect(await statesOf(page)).toEqual(['loading', 'signed-in', 'unavailable', 'signed-in'])
  },
)

it('S67 says that the server is away to somebody it does not know yet, and goes on by itself', async () => {
  const email = await register()
  site.mode = 'refusing'
  const page = await openTab('/account')
  await page.getByRole('heading', { name: 'We cannot check who you are' }).waitFor()
  await checkPage(page, 'unavailable')
  expect(new URL(page.url()).pathname).toBe('/account')
  site.mode = 'up'
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(() => who(page)).toBe(email)
})

it('S67 leaves no trace of the person on a page that comes back after sign-out', async () => {
  await register()
  const page = await openTab('/account')
  await expect.poll(() => statusOf(page)).toBe('signed-in')
  // The session ends elsewhere, without a word to this browser.
  await context.clearCookies()
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
  await expect.poll(() => statusOf(page)).toBe('signed-out')
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
})

it('S67 notices an expired session as soon as any answer says so', async () => {
  await register()
  const page = await openTab('/account')
  await page.getByText('You have no passkey yet.').waitFor()
  await context.clearCookies()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await expect.poll(() => statusOf(page)).toBe('signed-out')
})
