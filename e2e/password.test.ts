import { once } from 'node:events'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type Auth, createAuth, developmentInbox } from '@countersign/server'
import { createAdaptorServer } from '@hono/node-server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createApp } from '../apps/server/src/app.ts'
import { readConsoleFiles } from '../apps/server/src/console-files.ts'
import { launchChromium } from '../testing/chromium.ts'
import { freePort } from '../testing/free-port.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { checkPage, complaintsOf } from './pages.ts'

const consoleDirectory = fileURLToPath(new URL('../apps/console/dist', import.meta.url))
const inbox = developmentInbox()

let auth: Auth
let server: Server
let browser: Browser
let url: string

beforeAll(async () => {
  const port = await freePort()
  url = `http://localhost:${port}`
  auth = createAuth({
    baseURL: url,
    secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
    connectionString: await freshDatabase(),
    mail: { transport: inbox },
  })
  await auth.$ready
  const consoleFiles = readConsoleFiles(consoleDirectory)
  const app = createApp({ auth, baseURL: url, consoleFiles, loopbackOnly: true })
  server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  browser = await launchChromium()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await auth?.$close()
})

/** The link of the newest letter, once there are so many. */
async function linkOfLetter(count: number): Promise<string> {
  await vi.waitFor(() => expect(inbox.list()).toHaveLength(count), 10_000)
  return /https?:\/\/\S+/.exec(inbox.list()[0]?.text ?? '')?.[0] ?? ''
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

it('confirms an address, forgets a password and chooses another', async () => {
  const page = await (await browser.newContext()).newPage()
  const complaints = complaintsOf(page)
  await page.goto(`${url}/sign-up`)
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill('correct horse')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('We sent a letter to ada@example.com.').waitFor()
  await checkPage(page, 'sign-up-letter')
  await page.goto(await linkOfLetter(1))

  await page.goto(`${url}/sign-in`)
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('the link is on its way').waitFor()
  await checkPage(page, 'forgot-password')
  const link = await linkOfLetter(2)
  await page.goto(link)
  await page.getByLabel('New password').fill('battery staple')
  await checkPage(page, 'reset-password')
  await page.getByRole('button', { name: 'Save the password' }).click()
  await page.getByText('Your new password is saved.').waitFor()

  await page.goto(link)
  await page.getByText('This link has expired, or it has been used.').waitFor()
  await checkPage(page, 'reset-password-used')
  await signIn(page, 'correct horse')
  await page.getByText('E-mail or password is not right.').waitFor()
  await signIn(page, 'battery staple')
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)
