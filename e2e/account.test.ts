import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from '../testing/chromium.ts'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { runCli, startCli } from './cli.ts'
import { type NoticeReceiver, receiveNotices } from './notices.ts'
import {
  button,
  checkPage,
  complaintsOf,
  confirm,
  field,
  firstAccount,
  follow,
  signOut,
} from './pages.ts'

let notices: NoticeReceiver
let server: ServerProcess
let browser: Browser
let page: Page
let complaints: readonly string[]
let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'countersign-agent-'))
  notices = await receiveNotices()
  server = await startServerProcess({
    env: {
      COUNTERSIGN_NOTIFY_URL: notices.url,
      COUNTERSIGN_NOTIFY_SECRET: 'a secret between this server and its mailer',
    },
  })
  browser = await launchChromium()
  page = await (await browser.newContext()).newPage()
  complaints = complaintsOf(page)
  await addVirtualAuthenticator(page)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  notices?.close()
  await rm(home, { recursive: true, force: true })
})

const check = (name: string) => checkPage(page, name)
const open = (path: string) => page.goto(server.url + path)
const execute = (agent: string, capability: string, args: object = {}) =>
  runCli(home, 'execute', agent, capability, '--args', JSON.stringify(args))
const transfer = (amount: number) => ({ from: 'acc_1', to: 'acc_2', amount, currency: 'EUR' })

async function signIn(): Promise<void> {
  const { email, password } = firstAccount(server)
  await field(page, 'E-mail').fill(email)
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
}

/** Calls the API as the page does, with the session of the person. */
async function api(path: string, body?: object): Promise<Record<string, unknown>> {
  const text = await page.evaluate(
    async ([address, content]) => {
      const headers = { 'content-type': 'application/json' }
      const init = content === undefined ? {} : { method: 'POST', headers, body: content }
      return (await fetch(`/api/auth${address}`, init)).text()
    },
    [path, body && JSON.stringify(body)] as const,
  )
  return JSON.parse(text) as Record<string, unknown>
}

/** The one app of the person. */
async function hostId(): Promise<string> {
  const { hosts } = (await api('/host/list')) as { hosts: { host_id: string }[] }
  return hosts[0]?.host_id ?? ''
}

/** Renames the app as another window would. */
const rename = (id: string, name: string) => api('/host/update', { host_id: id, name })

it('runs a whole account: connects an app by token, decides in the inbox, gives more, looks back, takes away', async () => {
  // Nothing is there yet, and every empty page says what to do.
  await open('/account/apps')
  await signIn()
  await page.getByRole('heading', { name: 'No app is connected yet' }).waitFor()
  await check('apps-empty')
  await open('/account/approvals')
  await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
  await check('approvals-empty')

  // A token connects an app without an approval, once.
  await open('/account/apps')
  await follow(page, 'Connect an app', 'Connect an app')
  await page.getByLabel(/^Name/).fill('Build server')
  await page.getByRole('checkbox', { name: /See your accounts/ }).check()
  expect(await page.getByRole('checkbox', { name: /Move money/ }).count()).toBe(0)
  await check('connect')
  await button(page, 'Make a token').click()
  const command = await field(page, 'Command with the token').textContent()
  await check('connect-token')
  const token = /--token (\S+)$/.exec(command ?? '')?.[1] ?? ''
  expect(page.url()).not.toContain(token)
  const enrolled = await runCli(home, 'enroll', server.url, '--token', token)
  expect(enrolled).toMatchObject({ code: 0, last: { name: 'Build server' } })
  await page.getByText('Build server is connected.').waitFor()
  const again = await runCli(home, 'enroll', server.url, '--token', token)
  expect(again).toMatchObject({ code: 1, last: { error: 'unauthorized' } })

  // Its agents get what was allowed in advance, and nothing else.
  const name = 'Bookkeeper'
  const first = ['--name', name, '--capabilities', 'list_accounts']
  const connected = await runCli(home, 'connect', server.url, ...first)
  expect(connected).toMatchObject({ code: 0, last: { status: 'active' } })
  const agent = String(connected.last['agent_id'])
  expect(await execute(agent, 'list_accounts')).toMatchObject({ code: 0 })
  const tooMuch = await execute(agent, 'transfer_money', transfer(5))
  expect(tooMuch).toMatchObject({ code: 1, last: { error: 'capability_not_granted' } })

  // It asks for more: the number appears by itself, and the letter's link leads there after sign-in.
  await open('/account/agents')
  const ask = (capability: string, reason: string, limits?: object) => {
    const asked = ['request', agent, '--capabilities', capability, '--reason', reason]
    if (limits) asked.push('--constraints', JSON.stringify({ [capability]: limits }))
    return startCli(home, asked)
  }
  const more = ask('transfer_money', 'pay the rent', { amount: { max: 500 } })
  const notice = await notices.next()
  await page.getByRole('link', { name: 'Approvals 1 waiting' }).waitFor()
  await check('agents-waiting')
  await signOut(page)
  await page.goto(String(notice['approval_uri']))
  await signIn()
  const card = page.getByRole('group', { name: /move money/i })
  await card.waitFor()
  await open('/account/approvals')
  await page.getByRole('heading', { name: /Bookkeeper.*asks for more/ }).waitFor()
  await check('approvals')
  await page.getByRole('link', { name: /^Look at it/ }).click()
  // What is on the page changes under the person's eyes: nothing is allowed before they read it again.
  const allow = page.getByRole('button', { name: /^Allow selected/ })
  await allow.waitFor()
  await rename(await hostId(), 'Build server 2')
  await page.getByText('This request has changed since you opened it.').waitFor()
  await expect.poll(() => allow.getAttribute('aria-disabled')).toBe('true')
  await check('approval-changed')
  await button(page, 'I have read it again').click()
  await rename(await hostId(), 'Build server')
  await button(page, 'I have read it again').click()
  await card.getByLabel('Amount at most').fill('200')
  await button(page, 'Create a passkey').click()
  await button(page, 'Allow selected with passkey').click()
  await page.getByRole('heading', { name: 'Allowed' }).waitFor()
  expect(await more.ended).toMatchObject({ code: 0 })
  expect(await execute(agent, 'transfer_money', transfer(120))).toMatchObject({ code: 0 })
  const beyond = await execute(agent, 'transfer_money', transfer(300))
  expect(beyond).toMatchObject({ code: 1, last: { error: 'constraint_violated' } })

  // Something else is denied, and the agent reads why.
  const other = ask('list_transactions', 'curious')
  await open('/account/approvals')
  await page.getByRole('button', { name: /^Deny: request of/ }).click()
  await page.getByLabel(/^Reason/).fill('Not on Sundays')
  await check('approvals-deny')
  await button(page, 'Deny it').click()
  await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
  const denied = await other.ended
  expect(denied.code).toBe(4)
  expect(JSON.stringify(denied.last)).toContain('Not on Sundays')

  // The person gives it something by themselves, with limits.
  await open(`/account/agents/${agent}`)
  await follow(page, 'Allow more', 'Allow more')
  await page.getByRole('radio', { name: /Take a transfer back/ }).check()
  await field(page, 'Number of uses').fill('2')
  await check('allow')
  await button(page, 'Allow with passkey').click()
  await page.getByRole('button', { name: 'Revoke Take a transfer back' }).waitFor()
  const list = await runCli(home, 'status', agent)
  expect(JSON.stringify(list.last)).toContain('cancel_transfer')

  // Looking back: what was refused, and about what.
  await field(page, 'Show').selectOption({ label: 'What was refused' })
  await page.getByText('Refused: outside its limits (amount)').waitFor()
  const shown = page.getByRole('region', { name: 'What happened' }).getByRole('listitem')
  await expect.poll(() => shown.count()).toBe(2)
  await field(page, 'About').selectOption({ label: 'See your accounts' })
  await page.getByText('Nothing fits these filters.').first().waitFor()
  await field(page, 'Show').selectOption({ label: 'Everything' })
  await field(page, 'About').selectOption({ label: 'Anything' })
  await page.getByText('Allowed what it asked').waitFor()
  await check('agent')

  // One permission goes, the rest stays.
  await confirm(page, 'Revoke Take a transfer back', 'Revoke')
  await page
    .getByRole('button', { name: 'Revoke Take a transfer back' })
    .waitFor({ state: 'detached' })
  expect(await execute(agent, 'list_accounts')).toMatchObject({ code: 0 })

  // The app: its name, what it hands on, and the ways to take it away.
  await open('/account/apps')
  await page.getByRole('link', { name: 'Build server' }).waitFor()
  await check('apps')
  await follow(page, 'Build server', 'Build server')
  await button(page, 'Rename app').click()
  await field(page, 'New name').fill('Build server in Oslo')
  await button(page, 'Save name').click()
  await page.getByRole('heading', { level: 1, name: 'Build server in Oslo' }).waitFor()
  await button(page, 'Change').click()
  await page.getByRole('checkbox', { name: /See one transfer/ }).check()
  await check('app-defaults')
  await button(page, 'Save').click()
  await page.getByText(/may see your accounts and see one transfer, without/).waitFor()
  await check('app')
  await button(page, 'Switch account').click()
  await page.getByRole('alertdialog').waitFor()
  await check('app-switch')
  await page.keyboard.press('Escape')

  // While the server cannot answer, the page says so, and comes back by itself.
  await page.route('**/api/auth/**', (route) => route.fulfill({ status: 503, body: '{}' }))
  await page.reload()
  await page.getByRole('heading', { name: 'Not available right now' }).waitFor()
  await check('unavailable')
  await page.unroute('**/api/auth/**')
  await page.getByRole('heading', { level: 1, name: 'Build server in Oslo' }).waitFor()

  // Disconnected: the agent is refused from the next request on.
  await confirm(page, 'Disconnect', 'Disconnect')
  await page.getByRole('heading', { name: 'No app is connected yet' }).waitFor()
  const stopped = await execute(agent, 'list_accounts')
  expect(stopped).toMatchObject({ code: 1, last: { error: 'agent_revoked' } })
  expect(complaints).toEqual([])
})
