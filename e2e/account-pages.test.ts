import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../testing/chromium.ts'
import {
  appCode,
  type ConsoleServer,
  fillSignIn,
  fillSignUp,
  letterLink,
  password,
  signUp,
  startConsoleServer,
} from './console-server.ts'
import { button, checkPage, complaintsOf, confirm, field, follow, signOut } from './pages.ts'

let server: ConsoleServer
let browser: Browser

beforeAll(async () => {
  server = await startConsoleServer({
    agentAuth: {},
    apiKeys: { permissions: { invoices: ['read', 'pay'], member: ['create', 'delete'] } },
  })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function newPerson(name: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await signUp(page, server.url, name)
  return page
}

it('makes an organization, invites somebody by letter, changes their role, and is left', async () => {
  const owner = await newPerson('Ada Lovelace')
  const complaints = complaintsOf(owner)
  await owner.goto(`${server.url}/account/organizations`)
  await owner.getByText('You belong to no organization yet.').waitFor()
  await checkPage(owner, 'organizations-empty')
  await field(owner, 'Name').fill('Analytical Engines')
  await button(owner, 'Make it').click()
  await owner.getByRole('heading', { level: 1, name: 'Analytical Engines' }).waitFor()
  await owner.getByText('You are its only owner').waitFor()
  await field(owner, 'E-mail').fill('grace.hopper@example.com')
  await button(owner, 'Invite').click()
  await field(owner, 'Link of the invitation').waitFor()
  await checkPage(owner, 'organization')

  // The link leads through sign-up, and back to the invitation; the address has to be confirmed first.
  const email = 'grace.hopper@example.com'
  const link = await letterLink(server.inbox, email, /\/accept-invitation/)
  expect(await field(owner, 'Link of the invitation').textContent()).toBe(link)
  const invited = await (await browser.newContext()).newPage()
  complaintsOf(invited)
  await invited.goto(link)
  await invited.getByText('Sign in to answer the invitation.').waitFor()
  await follow(invited, 'Create an account', 'Create an account')
  await fillSignUp(invited, 'Grace Hopper', email)
  await invited.getByRole('heading', { name: 'Confirm your e-mail first' }).waitFor()
  await checkPage(invited, 'invitation-unconfirmed')
  await button(invited, 'Send the link').click()
  await invited.getByText('It leads back here.').waitFor()
  await invited.goto(await letterLink(server.inbox, email, /verify-email.*accept-invitation/))
  await invited.getByRole('heading', { name: 'Join Analytical Engines?' }).waitFor()
  await checkPage(invited, 'invitation')
  await button(invited, 'Join').click()
  await invited.getByRole('heading', { name: 'You joined Analytical Engines' }).waitFor()
  await invited.goto(link)
  await invited.getByRole('heading', { name: 'This invitation is over' }).waitFor()
  await checkPage(invited, 'invitation-over')

  await owner.reload()
  await field(owner, 'Role of Grace Hopper').selectOption({ label: 'Owner' })
  await button(owner, 'Leave').waitFor()
  await checkPage(owner, 'organization-members')
  await confirm(owner, 'Leave', 'Leave')
  await owner.getByText('You belong to no organization yet.').waitFor()

  await invited.goto(`${server.url}/account/organizations`)
  await follow(invited, 'Analytical Engines', 'Analytical Engines')
  await button(invited, 'End organization').waitFor()
  expect(await invited.getByText('Ada Lovelace').count()).toBe(0)
  await confirm(invited, 'End organization', 'End organization')
  await invited.getByText('You belong to no organization yet.').waitFor()

  // Somebody else's address.
  const stranger = await newPerson('Mallory')
  await stranger.goto(link)
  await stranger.getByRole('heading', { name: /This invitation is/ }).waitFor()
  expect(await button(stranger, 'Join').count()).toBe(0)
  expect(complaints).toEqual([])
  for (const page of [owner, invited, stranger]) await page.context().close()
})

it('makes an API key that reaches what was ticked, shows it once, rotates and deletes it', async () => {
  const page = await newPerson('Katherine Johnson')
  const complaints = complaintsOf(page)
  const keyOf = async () => (await field(page, 'API key').textContent()) ?? ''
  const principal = (key: string) =>
    server.auth
      .authenticate(new Request(server.url, { headers: { 'x-countersign-api-key': key } }))
      .catch(() => null)
  await page.goto(`${server.url}/account/keys`)
  await page.getByText('There is no key yet.').waitFor()
  await field(page, 'Name').fill('Nightly export')
  await page
    .getByRole('group', { name: 'Invoices' })
    .getByRole('checkbox', { name: 'Read' })
    .check()
  await checkPage(page, 'keys-new')
  await button(page, 'Make the key').click()
  await page.getByText('The key is shown only now.').waitFor()
  await checkPage(page, 'keys-made')
  const first = await keyOf()
  expect(await principal(first)).toMatchObject({ apiKey: { permissions: { invoices: ['read'] } } })

  await page.reload()
  await page.getByText('Invoices: read').waitFor()
  expect(await page.getByText(first).count()).toBe(0)
  await confirm(page, 'Rotate Nightly export', 'Make the new key')
  await page.getByText('Being replaced').waitFor()
  const second = await keyOf()
  expect(second).not.toBe(first)
  expect(await Promise.all([principal(first), principal(second)])).not.toContain(null)
  await checkPage(page, 'keys-rotated')
  await page.reload()
  await page.getByText('Works').waitFor()
  await page.getByRole('button', { name: 'Delete Nightly export' }).first().click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete key' }).click()
  // Behind the dialog nothing can be reached.
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
  await expect.poll(() => page.getByRole('button', { name: /^Delete/ }).count()).toBe(1)
  expect(await principal(second)).toBeNull()

  // For an organization a person can give no more than their own role allows.
  await page.goto(`${server.url}/account/organizations`)
  await field(page, 'Name').fill('Orbit')
  await button(page, 'Make it').click()
  await page.getByRole('heading', { level: 1, name: 'Orbit' }).waitFor()
  await page.goto(`${server.url}/account/keys`)
  await field(page, 'Whose keys').selectOption({ label: 'Orbit' })
  await page.getByRole('group', { name: 'Member' }).waitFor()
  await field(page, 'Name').fill('Directory')
  await page.getByRole('checkbox', { name: 'Create' }).check()
  await button(page, 'Make the key').click()
  await page.getByText('The key is shown only now.').waitFor()
  expect(await principal(await keyOf())).toMatchObject({
    kind: 'service',
    permissions: { member: ['create'] },
  })
  expect(complaints).toEqual([])
  await page.context().close()
})

it('sets up a second factor, asks for it at sign-in, takes a backup code once, and turns it off', async () => {
  const page = await newPerson('Hedy Lamarr')
  const complaints = complaintsOf(page)
  const signIn = async () => {
    await fillSignIn(page, 'hedy.lamarr@example.com')
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
  }
  await page.goto(`${server.url}/account/second-factor`)
  await button(page, 'Set it up').click()
  await field(page, 'Your password').fill('wrong')
  await button(page, 'Continue').click()
  await page.getByText('The password is not right.').waitFor()
  await field(page, 'Your password').fill(password)
  await button(page, 'Continue').click()
  const shown = await page.getByLabel('Key', { exact: true }).textContent()
  const link = await page.getByRole('link', { name: 'Open in an app' }).getAttribute('href')
  expect(new URL(link ?? '').searchParams.get('secret')).toBe(shown?.replaceAll(' ', ''))
  await page.getByRole('img', { name: 'The key, to be scanned' }).waitFor()
  await checkPage(page, 'second-factor-key')
  await field(page, 'Code').fill(appCode(shown))
  await button(page, 'Turn on').click()
  await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor()
  await checkPage(page, 'second-factor-codes')
  const codes = (await field(page, 'Backup codes').textContent())?.split('\n') ?? []
  expect(codes.length).toBeGreaterThan(5)
  await button(page, 'I have kept them').click()
  await page.getByText('On', { exact: true }).waitFor()
  await checkPage(page, 'second-factor-on')

  await signOut(page)
  await signIn()
  await checkPage(page, 'sign-in-code')
  await field(page, 'Code').fill('000000')
  await button(page, 'Continue').click()
  await page.getByText('The code is not right').waitFor()
  await field(page, 'Code').fill(appCode(shown))
  await button(page, 'Continue').click()
  await button(page, 'Sign out').waitFor()

  await signOut(page)
  await signIn()
  await button(page, 'Use a backup code').click()
  await field(page, 'Backup code').fill(codes[0] ?? '')
  await button(page, 'Continue').click()
  await button(page, 'Sign out').waitFor()
  await signOut(page)
  await signIn()
  await button(page, 'Use a backup code').click()
  await field(page, 'Backup code').fill(codes[0] ?? '')
  await button(page, 'Continue').click()
  await page.getByText('The backup code is not right').waitFor()
  await field(page, 'Backup code').fill(codes[1] ?? '')
  await button(page, 'Continue').click()
  await button(page, 'Sign out').waitFor()

  await page.goto(`${server.url}/account/second-factor`)
  await button(page, 'New backup codes').click()
  await field(page, 'Your password').fill(password)
  await button(page, 'Make new codes').click()
  await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor()
  expect(await field(page, 'Backup codes').textContent()).not.toContain(codes[2])
  await button(page, 'I have kept them').click()
  await button(page, 'Turn off').click()
  await field(page, 'Your password').fill(password)
  await button(page, 'Turn off').click()
  await page.getByText('Off', { exact: true }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

it('declines an invitation by its letter, and one in the list; the owner sees that nobody waits', async () => {
  const owner = await newPerson('Dorothy Vaughan')
  const complaints = complaintsOf(owner)
  await owner.goto(`${server.url}/account/organizations`)
  await field(owner, 'Name').fill('West Area')
  await button(owner, 'Make it').click()
  await owner.getByRole('heading', { level: 1, name: 'West Area' }).waitFor()
  const invite = async (email: string) => {
    await field(owner, 'E-mail').fill(email)
    await button(owner, 'Invite').click()
    await button(owner, `Take back the invitation of ${email}`).waitFor()
  }

  // By the letter, whose address is confirmed with the one of the sign-up.
  const invited = await newPerson('Mary Jackson')
  complaintsOf(invited)
  const email = 'mary.jackson@example.com'
  await invited.goto(await letterLink(server.inbox, email, /verify-email/))
  await invite(email)
  const link = await letterLink(server.inbox, email, /^[^?]*\/accept-invitation/)
  await invited.goto(link)
  await invited.getByRole('heading', { name: 'Join West Area?' }).waitFor()
  await button(invited, 'Decline').click()
  await invited.getByRole('heading', { level: 1, name: 'Declined' }).waitFor()
  await checkPage(invited, 'invitation-declined')
  await follow(invited, 'See your organizations', 'Organizations')
  await invited.getByText('You belong to no organization yet.').waitFor()
  await invited.goto(link)
  await invited.getByRole('heading', { name: 'This invitation is over' }).waitFor()

  await owner.reload()
  await field(owner, 'E-mail').waitFor()
  await button(owner, `Take back the invitation of ${email}`).waitFor({ state: 'detached' })
  expect(await owner.getByText(email).count()).toBe(0)

  // In the list of one's own organizations.
  await invite(email)
  await invited.goto(`${server.url}/account/organizations`)
  const waiting = invited.getByRole('region', { name: 'You are invited' })
  await waiting.getByText('West Area').waitFor()
  await checkPage(invited, 'organizations-invited')
  await button(invited, 'Decline West Area').click()
  await waiting.waitFor({ state: 'detached' })
  await invited.getByText('You belong to no organization yet.').waitFor()
  expect(complaints).toEqual([])
  for (const page of [owner, invited]) await page.context().close()
})
