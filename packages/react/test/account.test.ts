import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { launchChromium } from '../../../testing/chromium.ts'
import { codeOf } from '../../../testing/one-time-code.ts'
import { checkPage, complaintsOf } from './support/check-page.ts'
import { openSite, type Site } from './support/site.tsx'

const password = 'correct horse'
let people = 0
let site: Site
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), launchChromium()])
})
afterAll(() => Promise.all([browser.close(), site.close()]))
beforeEach(async () => {
  context = await browser.newContext()
  page = await context.newPage()
  complaints = complaintsOf(page)
})
afterEach(async () => {
  await context.close()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
})

const button = (name: string) => page.getByRole('button', { name, exact: true })

async function post(path: string, data: object): Promise<Record<string, unknown>> {
  const url = `${site.origin}/api/auth${path}`
  const answer = await context.request.post(url, { data, headers: { origin: site.origin } })
  expect([path, answer.status()]).toEqual([path, 200])
  return (await answer.json()) as Record<string, unknown>
}

async function register(): Promise<string> {
  people += 1
  const email = `mary${people}@example.com`
  await post('/sign-up/email', { name: 'Mary Somerville', email, password })
  return email
}

it('S67 sets up an authenticator app, signs in with its code and with a backup code, turns it off', async () => {
  const email = await register()
  await page.goto(`${site.origin}/account`)
  await button('Set up an app').click()
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.keyboard.press('Enter')
  await page.getByText('The password is not right.').waitFor()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  const key = page.getByRole('group', { name: 'Key', exact: true })
  await key.waitFor()
  await checkPage(page, 'two-factor-confirm')
  const secret = ((await key.textContent()) ?? '').replaceAll(' ', '')
  await page.getByRole('textbox', { name: 'Code' }).fill('000000')
  await page.keyboard.press('Enter')
  await page.getByText('This code is not right.').waitFor()
  // As apps show it.
  await page.getByRole('textbox', { name: 'Code' }).fill(codeOf(secret).replace(/(...)/, '$1 '))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor()
  await checkPage(page, 'two-factor-codes')
  const backupCode = await page.locator('.cs-codes li').first().textContent()
  await button('I have kept them').click()
  await button('Turn off').waitFor()

  for (const kind of ['app', 'backup'] as const) {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect.poll(() => page.locator('#status').textContent()).toBe('signed-out')
    await page.goto(`${site.origin}/sign-in?plain`)
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
    if (kind === 'app') await checkPage(page, 'code')
    if (kind === 'backup') await button('Use a backup code').click()
    const code = kind === 'app' ? codeOf(secret, 1) : (backupCode ?? '')
    const field = page.getByRole('textbox')
    await expect.poll(() => field.evaluate((node) => node === document.activeElement)).toBe(true)
    await field.fill(code)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Hello Mary Somerville' }).waitFor()
  }

  await button('Turn off').click()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await button('Set up an app').waitFor()
})

it('S67 switches organizations in every tab, and renders what needs one only inside', async () => {
  await register()
  await post('/organization/create', { name: 'Royal Society', slug: 'royal-society' })
  await post('/organization/create', { name: 'Astronomers', slug: 'astronomers' })
  await post('/organization/set-active', { organizationId: null })
  const other = await context.newPage()
  await Promise.all([page, other].map((tab) => tab.goto(`${site.origin}/account`)))
  const choice = page.getByLabel('Organization', { exact: true })
  await button('Royal Society').waitFor()
  expect(await page.locator('#inside').count()).toBe(0)
  await button('Royal Society').click()
  await page.locator('#inside').waitFor()
  await other.locator('#inside').waitFor()
  await choice.selectOption('Astronomers')
  await expect.poll(() => chosen(other)).toBe('Astronomers')
  await checkPage(page, 'organizations')
  await choice.selectOption('Personal')
  await button('Royal Society').waitFor()
  expect(await other.locator('#inside').count()).toBe(0)
})

it('S67 shows an invitation that blocks nothing, and joins', async () => {
  await register()
  const organization = await post('/organization/create', { name: 'Lunar Society', slug: 'lunar' })
  const email = `mary${people + 1}@example.com`
  const invitation = { email, role: 'member', organizationId: organization['id'] }
  await post('/organization/invite-member', invitation)
  await context.clearCookies()
  await register()
  const { adapter } = await site.auth.$context
  const where = [{ field: 'email', value: email }]
  await adapter.update({ model: 'user', where, update: { emailVerified: true } })

  await page.goto(`${site.origin}/account`)
  await page.getByText('Lunar Society invites you to join.').waitFor()
  await checkPage(page, 'invitation')
  await button('Join').click()
  await page.locator('#inside').waitFor()
  await expect.poll(() => page.getByText('invites you to join').count()).toBe(0)
  await expect.poll(() => chosen(page)).toBe('Lunar Society')
})

function chosen(tab: Page): Promise<string | undefined> {
  return tab
    .locator('.cs-switcher select')
    .evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text)
}
