import { once } from 'node:events'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createAgentClient, memoryStorage } from '@countersign/agent'
import { importPrivateJwk, signHostJwt } from '@countersign/protocol'
import { type Auth, createAuth } from '@countersign/server'
import { createAdaptorServer } from '@hono/node-server'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApp } from '../apps/server/src/app.ts'
import { readConsoleFiles } from '../apps/server/src/console-files.ts'
import { launchChromium } from '../testing/chromium.ts'
import { freePort } from '../testing/free-port.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { checkPage, complaintsOf } from './pages.ts'

const consoleDirectory = fileURLToPath(new URL('../apps/console/dist', import.meta.url))

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
    agentAuth: {
      providerName: 'Weather office',
      modes: ['delegated', 'autonomous'],
      resolveAutonomousUser: () => null,
      defaultHostCapabilities: ({ mode }) => (mode === 'autonomous' ? ['read_gauge'] : []),
      capabilities: [
        {
          name: 'read_gauge',
          title: 'Read the rain gauge',
          description: 'Tells how much rain has fallen.',
          readOnly: true,
          execute: () => ({ millimetres: 3 }),
        },
      ],
    },
  })
  await auth.$ready
  const app = createApp({
    auth,
    baseURL: url,
    consoleFiles: readConsoleFiles(consoleDirectory),
    loopbackOnly: true,
  })
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

/** A station that works on its own, and then asks somebody to take it over. */
async function startStation() {
  const storage = memoryStorage()
  const client = createAgentClient({ storage })
  const { agent_id: agentId } = await client.connectAgent({
    provider: url,
    name: 'Rain watcher',
    hostName: 'Station 7',
    mode: 'autonomous',
    capabilities: ['read_gauge'],
  })
  const read = () => client.executeCapability({ agentId, capability: 'read_gauge' })
  const ask = async (): Promise<string> => {
    const [host] = await storage.hosts.list()
    if (!host) throw new Error('the station has no key')
    const token = await signHostJwt({
      audience: url,
      publicJwk: host.public_jwk,
      privateKey: await importPrivateJwk(host.private_jwk),
    })
    const answer = await fetch(`${url}/api/auth/agent/claim`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ agent_id: agentId, reason: 'You bought this station' }),
    })
    const body = (await answer.json()) as { approval: { user_code: string } }
    return body.approval.user_code
  }
  return { agentId, read, ask }
}

it('hands an app that worked on its own over to the person who has its code', async () => {
  const station = await startStation()
  await station.read()
  const code = await station.ask()

  const page = await (await browser.newContext()).newPage()
  const complaints = complaintsOf(page)
  await page.goto(`${url}/sign-up`)
  await page.getByLabel('Name').fill('Grace')
  await page.getByLabel('E-mail').fill('grace@example.com')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: /create/i }).click()
  await page.getByRole('link', { name: 'Apps' }).click()
  await page.getByRole('link', { name: 'Enter a code' }).click()
  await page.getByLabel('Code').fill(code)
  await page.getByRole('button', { name: 'Continue' }).click()

  // Before deciding: which agents, and what they did.
  await page.getByRole('heading', { name: 'An app asks to belong to you' }).waitFor()
  const agents = page.getByRole('region', { name: 'What you would take over' })
  await agents.getByRole('heading', { name: 'Rain watcher' }).waitFor()
  await agents.getByText('Read the rain gauge').waitFor()
  await checkPage(page, 'claim')
  await page.getByRole('button', { name: 'Take it over' }).click()
  await page.getByRole('heading', { name: 'It is yours' }).waitFor()
  await checkPage(page, 'claimed')

  // It is over, its history is the person's, and the app is in the list.
  await expect(station.read()).rejects.toMatchObject({ code: 'agent_claimed' })
  await page.getByRole('link', { name: 'See this agent' }).click()
  await page.getByText(/worked on its own until you took over its app/).waitFor()
  await page.getByText('Handed over to you').waitFor()
  await checkPage(page, 'agent-claimed')
  expect(await page.getByRole('link', { name: 'Allow more' }).count()).toBe(0)
  await page.getByRole('link', { name: 'Apps' }).click()
  await page.getByRole('link', { name: 'Station 7' }).waitFor()
  expect(complaints).toEqual([])
}, 120_000)
