import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../testing/chromium.ts'
import { type ConsoleServer, giveRole, signUp, startConsoleServer } from './console-server.ts'
import { OAuthClient, redirectUri, serveClient } from './oauth-client.ts'
import { button, checkPage, complaintsOf, confirm, field, follow } from './pages.ts'

let server: ConsoleServer
let browser: Browser

beforeAll(async () => {
  server = await startConsoleServer({
    agentAuth: {},
    provider: {
      scopes: {
        'ledger:read': { title: 'Read the ledger', description: 'Every entry.' },
        'ledger:write': { title: 'Change the ledger', sensitive: true },
      },
      dynamicRegistration: true,
    },
  })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function newPerson(name: string): Promise<Page> {
  const context = await browser.newContext()
  await serveClient(context)
  const page = await context.newPage()
  await signUp(page, server.url, name)
  return page
}

const open = (page: Page, path: string) => page.goto(server.url + path)

/** The settings that the page shows once, as an application reads them. */
async function settings(page: Page): Promise<Readonly<Record<string, string>>> {
  const file = (await field(page, 'Settings for .env').textContent()) ?? ''
  const lines = file.split('\n').map((line) => /^(\w+)="?([^"]*)"?$/.exec(line))
  return Object.fromEntries(lines.map((match) => [match?.[1], match?.[2]]))
}

const clientOf = (env: Readonly<Record<string, string>>) =>
  new OAuthClient(server.url, {
    client_id: env['OAUTH_CLIENT_ID'] ?? '',
    client_secret: env['OAUTH_CLIENT_SECRET'],
  })

it('makes an application step by step, looks after it, and takes it away', async () => {
  const page = await newPerson('Root')
  const complaints = complaintsOf(page)
  await giveRole(server, page, 'admin')
  await page.reload()
  await follow(page, 'Applications', 'Applications')
  await follow(page, 'Add an application', /./)

  await button(page, 'Continue').click()
  await page.getByText('Choose one.').waitFor()
  await page.getByRole('radio', { name: /Website with a server/ }).check()
  await checkPage(page, 'application-kind')
  await button(page, 'Continue').click()
  await field(page, 'Name').fill('Ledger')
  await page.getByLabel(/^Home page/).fill('https://ledger.example')
  await checkPage(page, 'application-name')
  await button(page, 'Continue').click()
  await field(page, 'Addresses').fill('http://ledger.example/callback')
  await button(page, 'Continue').click()
  await page.getByText('needs https').waitFor()
  await checkPage(page, 'application-redirects')
  await field(page, 'Addresses').fill(redirectUri)
  await button(page, 'Continue').click()
  await page.getByRole('checkbox', { name: /Read the ledger/ }).check()
  await page.getByRole('checkbox', { name: /See your e-mail/, checked: true }).waitFor()
  await checkPage(page, 'application-scopes')
  await button(page, 'Make the application').click()
  await page.getByText('The secret is shown only now.').waitFor()
  await checkPage(page, 'application-made')
  const env = await settings(page)
  expect(env).toMatchObject({
    OAUTH_ISSUER: server.url,
    OAUTH_CLIENT_SECRET: expect.stringMatching(/./),
  })
  expect(env['OAUTH_SCOPES']?.split(' ')).toContain('ledger:read')
  await follow(page, 'See the application', 'Ledger')
  expect(await page.content()).not.toContain(env['OAUTH_CLIENT_SECRET'])

  // Somebody signs in with it.
  const ledger = clientOf(env)
  const person = await newPerson('Ada Lovelace')
  const asked = ledger.ask({ scope: 'openid email ledger:read' })
  await person.goto(asked.url)
  await button(person, 'Allow').click()
  const tokens = await ledger.redeem(person, asked)
  expect(tokens).toMatchObject({ status: 200 })
  await open(page, '/account/applications')
  await page.getByText('One person').waitFor()
  await checkPage(page, 'applications')
  await follow(page, 'Ledger', 'Ledger')
  await page.getByRole('img', { name: /^Used/ }).waitFor()
  await page.getByText('Show the numbers').click()
  await page.getByRole('columnheader', { name: 'People' }).waitFor()
  await page.getByText('ada.lovelace@example.com').waitFor()
  await checkPage(page, 'application')

  // Its name and addresses change; the secret is exchanged while the old one works on.
  await button(page, 'Change').click()
  await field(page, 'Name').fill('The ledger')
  await field(page, 'Where people are sent back to').fill(`${redirectUri}\nhttps://b.example/`)
  await checkPage(page, 'application-change')
  await button(page, 'Save').click()
  await page.getByRole('heading', { level: 1, name: 'The ledger' }).waitFor()
  await page.getByText('https://b.example/').waitFor()
  await page.getByRole('radio', { name: 'One hour' }).check()
  await confirm(page, 'Make a new secret', 'Make a new secret')
  await page.getByRole('heading', { name: 'The new secret' }).waitFor()
  await checkPage(page, 'application-rotated')
  const renewed = clientOf(await settings(page))
  await button(page, 'I have kept it').click()
  const active = async (client: OAuthClient) =>
    (await client.post('/oauth2/introspect', { token: String(tokens['access_token']) }))['active']
  expect(await Promise.all([active(ledger), active(renewed)])).toEqual([true, true])

  await confirm(page, 'Disconnect Ada Lovelace', 'Disconnect')
  await page.getByText('Nobody uses it yet.').waitFor()
  expect(await active(renewed)).toBe(false)
  await confirm(page, 'Turn off', 'Turn off')
  await page.getByText('Turned off').first().waitFor()
  await person.goto(renewed.ask().url)
  await person.getByText('Nothing was shared').waitFor()
  await confirm(page, 'Turn on', 'Turn on')
  await button(page, 'Turn off').waitFor()
  await confirm(page, 'Delete application', 'Delete application')
  await page.getByRole('heading', { name: 'There is no application yet' }).waitFor()
  expect(await page.getByRole('link', { name: 'The ledger' }).count()).toBe(0)
  expect(await renewed.post('/oauth2/introspect', { token: 'x' })).toMatchObject({
    error: 'invalid_client',
  })
  expect(complaints).toEqual([])
  for (const one of [page, person]) await one.context().close()
})

it('tells applications apart by how they became known', async () => {
  const register = (name: string) =>
    fetch(`${server.url}/api/auth/oauth2/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: name,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
      }),
    })
  const registered = await register('Some editor')
  expect(registered.status).toBe(201)
  const page = await newPerson('Second Root')
  await giveRole(server, page, 'user,admin')
  await open(page, '/applications')
  const group = page.getByRole('region', { name: 'Registered by themselves' })
  await group.getByRole('link', { name: 'Some editor' }).waitFor()
  await page.context().close()
})

it('is for nobody else, except for those who look after an organization', async () => {
  const page = await newPerson('Grace Hopper')
  await open(page, '/account/applications')
  await page.getByText('Only those who look after applications').waitFor()
  expect(await page.getByRole('link', { name: 'Applications', exact: true }).count()).toBe(0)
  await checkPage(page, 'applications-refused')

  await open(page, '/account/organizations')
  await field(page, 'Name').fill('Orbit')
  await button(page, 'Make it').click()
  await page.getByRole('heading', { level: 1, name: 'Orbit' }).waitFor()
  await follow(page, 'Applications', 'Applications')
  await page.getByRole('heading', { name: 'There is no application yet' }).waitFor()
  await follow(page, 'Add an application', /./)
  await page.getByRole('radio', { name: /Service without people/ }).check()
  await button(page, 'Continue').click()
  await field(page, 'Name').fill('Nightly export')
  await field(page, 'Belongs to').selectOption({ label: 'Orbit' })
  await button(page, 'Continue').click()
  await page.getByRole('checkbox', { name: /Read the ledger/ }).check()
  await button(page, 'Make the application').click()
  const service = clientOf(await settings(page))
  const tokens = await service.post('/oauth2/token', {
    grant_type: 'client_credentials',
    scope: 'ledger:read',
  })
  expect(tokens).toMatchObject({ status: 200, scope: 'ledger:read' })
  await open(page, '/account/applications')
  await page.getByRole('link', { name: 'Nightly export' }).waitFor()
  expect(await page.getByRole('link', { name: 'Some editor' }).count()).toBe(0)
  await page.context().close()
})
