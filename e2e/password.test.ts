import { developmentInbox } from '@countersign/server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { launchChromium } from '../testing/chromium.ts'
import { type ConsoleServer, startConsoleServer } from './console-server.ts'
import { button, checkPage, complaintsOf, field, follow, patience } from './pages.ts'

const inbox = developmentInbox()

let server: ConsoleServer
let browser: Browser
let url: string

beforeAll(async () => {
  server = await startConsoleServer({ mail: { transport: inbox } })
  url = server.url
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** The link of the newest letter, once there are so many. */
async function linkOfLetter(count: number): Promise<string> {
  await vi.waitFor(() => expect(inbox.list()).toHaveLength(count), patience)
  return /https?:\/\/\S+/.exec(inbox.list()[0]?.text ?? '')?.[0] ?? ''
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await field(page, 'E-mail').fill('ada@example.com')
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
}

it('confirms an address, forgets a password and chooses another', async () => {
  const page = await (await browser.newContext()).newPage()
  const complaints = complaintsOf(page)
  await page.goto(`${url}/sign-up`)
  await field(page, 'Name').fill('Ada')
  await field(page, 'E-mail').fill('ada@example.com')
  await field(page, 'Password').fill('correct horse')
  await button(page, 'Create account').click()
  await page.getByText('We sent an e-mail to ada@example.com.').waitFor()
  await checkPage(page, 'sign-up-letter')
  await page.goto(await linkOfLetter(1))

  await page.goto(`${url}/sign-in`)
  await follow(page, 'Forgot your password?', 'Forgot your password?')
  await field(page, 'E-mail').fill('ada@example.com')
  await button(page, 'Send the link').click()
  await page.getByText('the link is on its way').waitFor()
  await checkPage(page, 'forgot-password')
  const link = await linkOfLetter(2)
  await page.goto(link)
  await field(page, 'New password').fill('battery staple')
  await checkPage(page, 'reset-password')
  await button(page, 'Save the password').click()
  await page.getByText('Your new password is saved.').waitFor()

  await page.goto(link)
  await page.getByText('This link has expired, or it has been used.').waitFor()
  await checkPage(page, 'reset-password-used')
  await signIn(page, 'correct horse')
  await page.getByText('E-mail or password is not right.').waitFor()
  await signIn(page, 'battery staple')
  await button(page, 'Sign out').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})
