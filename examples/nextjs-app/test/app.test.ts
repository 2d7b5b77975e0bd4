import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../testing/chromium.ts'
import { freePort } from '../../../testing/free-port.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { type RunningExample, startExample } from '../../../testing/start-example.ts'
import { installExample, publicNames } from './install.ts'

let installed: string
let origin: string
let example: RunningExample
let browser: Browser

const folder = () => fileURLToPath(new URL(`../../${installed}/`, import.meta.url))

beforeAll(async () => {
  installed = await installExample()
  const quiet = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' }
  const building = startExample(installed, quiet, 'build')
  if ((await building.exit) !== 0) throw new Error(building.output())

  const port = await freePort()
  origin = `http://localhost:${port}`
  const env = {
    ...quiet,
    PORT: String(port),
    COUNTERSIGN_BASE_URL: origin,
    COUNTERSIGN_SECRET: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
    DATABASE_URL: await freshDatabase(),
  }
  example = startExample(installed, env, 'serve')
  await example.printed(/Ready/)
  browser = await launchChromium()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await example?.stop()
  if (installed) rmSync(folder(), { recursive: true, force: true })
})

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describe('the documented example nextjs-app is compiled and run', () => {
  it('S5 packages import by every public name, as they are installed', async () => {
    const names = JSON.stringify(publicNames())
    const program = `for (const name of ${names}) console.log(name, Object.keys(await import(name)).length)`
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder(),
    })
    const lines = (await run).stdout.trim().split('\n')
    expect(lines).toHaveLength(publicNames().length)
    expect(lines.filter((line) => line.endsWith(' 0'))).toEqual([])
  })

  it('S14 knows who asks in a guarded route, in a server component and in useAuth', async () => {
    const page = await browser.newPage()
    expect((await page.request.get(`${origin}/api/profile`)).status()).toBe(401)
    await page.goto(origin)
    await page.getByRole('heading', { name: 'Hello, stranger' }).waitFor()
    expect(await page.locator('output').getAttribute('data-status')).toBe('signed-out')

    await page.getByRole('link', { name: 'create an account' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
    await page.getByRole('textbox', { name: 'E-mail' }).fill('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await button(page, 'Create account').click()
    await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
    expect(await page.locator('output').textContent()).toBe('Ada Lovelace')
    expect(await (await page.request.get(`${origin}/api/profile`)).json()).toMatchObject({
      authMethod: 'session',
      user: { name: 'Ada Lovelace', email: 'ada@example.com' },
    })

    // The server already renders the header for her: nothing to load, nothing to flicker.
    const html = await (await page.request.get(origin)).text()
    expect(html).toContain('<output data-status="signed-in">Ada Lovelace</output>')

    await button(page, 'Sign out').click()
    await page.getByRole('heading', { name: 'Hello, stranger' }).waitFor()
    expect((await page.request.get(`${origin}/api/profile`)).status()).toBe(401)

    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('textbox', { name: 'E-mail' }).fill('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await button(page, 'Sign in').click()
    await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
    await page.close()
  })
})
