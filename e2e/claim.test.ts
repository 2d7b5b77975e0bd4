import { createAgentClient, memoryStorage } from '@countersign/agent'
import { importPrivateJwk, signHostJwt } from '@countersign/protocol'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../testing/chromium.ts'
import { type ConsoleServer, fillSignUp, startConsoleServer } from './console-server.ts'
import { button, checkPage, complaintsOf, field, follow } from './pages.ts'

let server: ConsoleServer
let browser: Browser
let url: string

beforeAll(async () => {
  server = await startConsoleServer({
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
  url = server.url
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
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
  await fillSignUp(page, 'Grace', 'grace@example.com')
  await follow(page, 'Apps', 'Connected apps')
  await follow(page, 'Enter a code', 'Enter the code')
  await field(page, 'Code').fill(code)
  await button(page, 'Continue').click()

  // Before deciding: which agents, and what they did.
  await page.getByRole('heading', { name: 'An app asks to belong to you' }).waitFor()
  const agents = page.getByRole('region', { name: 'What you would take over' })
  await agents.getByRole('heading', { name: 'Rain watcher' }).waitFor()
  await agents.getByText('Read the rain gauge').waitFor()
  await checkPage(page, 'claim')
  await button(page, 'Take it over').click()
  await page.getByRole('heading', { name: 'It is yours' }).waitFor()
  await checkPage(page, 'claimed')

  // It is over, its history is the person's, and the app is in the list.
  await expect(station.read()).rejects.toMatchObject({ code: 'agent_claimed' })
  await follow(page, 'See this agent', 'Rain watcher')
  await page.getByText(/worked on its own until you took over its app/).waitFor()
  await page.getByText('Handed over to you').waitFor()
  await checkPage(page, 'agent-claimed')
  expect(await page.getByRole('link', { name: 'Allow more' }).count()).toBe(0)
  await follow(page, 'Apps', 'Connected apps')
  await page.getByRole('link', { name: 'Station 7' }).waitFor()
  expect(complaints).toEqual([])
})
