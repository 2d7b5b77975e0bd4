import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from '../testing/chromium.ts'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { runCli, startCli } from './cli.ts'
import { button, checkPage, complaintsOf, field, firstAccount, signOut } from './pages.ts'

let server: ServerProcess
let browser: Browser
let page: Page
let home: string
/** What the browser complains about, such as a violated content security policy. */
let complaints: readonly string[] = []

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'countersign-agent-'))
  server = await startServerProcess()
  browser = await launchChromium()
  // One context for the axe checks and the story: axe needs a page it may open itself.
  page = await (await browser.newContext()).newPage()
  complaints = complaintsOf(page)
  await addVirtualAuthenticator(page)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await rm(home, { recursive: true, force: true })
})

const execute = (agent: string, capability: string, args?: object) =>
  runCli(home, 'execute', agent, capability, ...(args ? ['--args', JSON.stringify(args)] : []))

const transfer = (amount: number) => ({ from: 'acc_1', to: 'acc_2', amount, currency: 'EUR' })

const expectAccessible = (name: string) => checkPage(page, name)

it('tells the whole story: an agent asks, a person countersigns, the agent acts, the person stops it', async () => {
  const { email, password } = firstAccount(server)

  // The agent's side: look, then ask.
  expect(await runCli(home, 'discover', server.url)).toMatchObject({ code: 0 })
  const connecting = startCli(home, [
    'connect',
    server.url,
    '--capabilities',
    'list_accounts',
    'transfer_money',
    '--reason',
    'pay the rent',
  ])
  const asked = await connecting.line((line) => line['event'] === 'approval_required')
  const code = String(asked['user_code'])

  // The person's side: sign in, enter the code.
  await page.goto(String(asked['verification_uri']))
  await field(page, 'E-mail').fill(email)
  await expectAccessible('sign-in')
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
  await field(page, 'Code').fill('BBBB-BBBB')
  await button(page, 'Continue').click()
  await page.getByText('We do not know this code.').waitFor()
  await expectAccessible('code')
  await field(page, 'Code').fill(code.toLowerCase().replace('-', ''))
  await button(page, 'Continue').click()

  // Facts first, what the agent says about itself in quotes.
  const transferCard = page.getByRole('group', { name: /transfer|move money/i })
  await transferCard.waitFor()
  await page.getByText('pay the rent').waitFor()

  // Narrow it, and step up with a passkey made on the spot.
  await transferCard.getByLabel('Amount at most').fill('200')
  await transferCard.getByLabel(/^To: only these values/).fill('acc_2')
  await transferCard.getByLabel('Number of uses').fill('5')
  await transferCard.getByText('1 hour', { exact: true }).click()
  await expectAccessible('approval')
  await button(page, 'Create a passkey').click()
  await button(page, 'Allow selected with passkey').click()
  await page.getByRole('heading', { name: 'Allowed' }).waitFor()
  await expectAccessible('allowed')

  const connected = await connecting.ended
  expect(connected).toMatchObject({ code: 0, last: { status: 'active' } })
  const agent = String(connected.last['agent_id'])

  // The agent acts, within what was allowed and not a step further.
  expect(await execute(agent, 'list_accounts')).toMatchObject({ code: 0 })
  expect(await execute(agent, 'transfer_money', transfer(120))).toMatchObject({ code: 0 })
  const refused = await execute(agent, 'transfer_money', transfer(500))
  expect(refused).toMatchObject({ code: 1, last: { error: 'constraint_violated' } })
  expect(refused.last['violations']).toMatchObject([{ field: 'amount', constraint: { max: 200 } }])
  for (let use = 2; use <= 5; use += 1) {
    expect(await execute(agent, 'transfer_money', transfer(1))).toMatchObject({ code: 0 })
  }
  const sixth = await execute(agent, 'transfer_money', transfer(1))
  expect(sixth).toMatchObject({ code: 1, last: { error: 'limit_exceeded' } })

  // The person sees it, live, and stops it.
  await page.goto(`${server.url}/account/agents`)
  await page
    .getByRole('link', { name: /Agent on/ })
    .first()
    .waitFor()
  await expectAccessible('agents')
  await page.goto(`${server.url}/account/agents/${agent}`)
  await button(page, 'Revoke agent').waitFor()
  await expectAccessible('agent')
  await execute(agent, 'list_accounts')
  await button(page, 'Revoke agent').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke agent' }).click()
  await page.getByText('Revoked').first().waitFor()
  const stopped = await execute(agent, 'list_accounts')
  expect(stopped).toMatchObject({ code: 1, last: { error: 'agent_revoked' } })

  await page.goto(`${server.url}/account/passkeys`)
  await page.getByRole('heading', { name: 'Add a passkey' }).waitFor()
  await expectAccessible('passkeys')
  await page.goto(`${server.url}/account/sessions`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await expectAccessible('sessions')
  expect(complaints).toEqual([])
})

it('signs a new person up, out, and in again with the passkey they made', async () => {
  const context = await browser.newContext()
  const fresh = await context.newPage()
  await addVirtualAuthenticator(fresh)
  await fresh.goto(`${server.url}/sign-up`)
  await field(fresh, 'Name').fill('Grace')
  await field(fresh, 'E-mail').fill('grace@example.com')
  await field(fresh, 'Password').fill('a long enough password')
  await button(fresh, 'Create account').click()
  await fresh.waitForURL('**/account/agents')
  await fresh.goto(`${server.url}/account/passkeys`)
  await button(fresh, 'Add passkey').click()
  await fresh.getByRole('button', { name: /^Delete passkey/ }).waitFor()
  await signOut(fresh)
  await button(fresh, 'Sign in with a passkey').click()
  await fresh.waitForURL('**/account/*', { waitUntil: 'commit' })
  await expect.poll(() => fresh.getByText('grace@example.com').count()).toBe(1)
  await context.close()
})
