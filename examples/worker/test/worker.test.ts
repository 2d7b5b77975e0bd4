import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../testing/free-port.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { startExample } from '../../../testing/start-example.ts'
import { createApp } from '../../hono-api/src/app.ts'
import { type Authority, openAuth } from '../../hono-api/src/auth.ts'
import { judge } from '../src/call-api.ts'

const texts = ['disks are fine', 'backups are fine', 'certificates are fine']
let port: number
let url: string
let auth: Authority
let server: Server
let organizationId: string

/** Starts the API of the example hono-api on its port. */
const listen = () =>
  new Promise<Server>((resolve) => {
    const started = serve({ fetch: createApp(auth).fetch, port }, () => resolve(started as Server))
  })

beforeAll(async () => {
  port = await freePort()
  url = `http://localhost:${port}`
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  auth = openAuth({ baseURL: url, secret, connectionString: await freshDatabase() })
  const { user } = await auth.api.signUpEmail({
    body: { name: 'ada', email: 'ada@example.com', password: 'correct horse battery' },
  })
  const organization = await auth.api.createOrganization({
    body: { name: 'Analytical Engines', slug: 'engines', userId: user.id },
  })
  organizationId = organization?.id ?? ''
  server = await listen()
})
afterAll(async () => {
  server.close()
  await auth.$close()
})

const createKey = (body: object = {}) =>
  auth.api.createApiKey({
    body: { name: 'worker', organizationId, permissions: { reports: ['write'] }, ...body },
  })

const start = (apiKey: string) => startExample('worker', { API_URL: url, API_KEY: apiKey })

describe('the documented example worker is compiled and run', () => {
  it('sends its reports, and waits as long as a limit says', async () => {
    const { key } = await createKey({ rateLimitMax: 2, rateLimitTimeWindow: 5000 })
    const worker = start(key)
    expect([await worker.exit, worker.output()]).toEqual([0, expect.any(String)])
    const lines = worker.output().trim().split('\n')
    expect(lines.filter((line) => line.startsWith('Reported'))).toEqual(
      texts.map((text) => `Reported: ${text}`),
    )
    expect(lines.at(2)).toMatch(/^Waiting \d+\.0 s\.$/)
  })

  it('gives up at once with a key that has ended, and with one that may not', async () => {
    const { key, id } = await createKey()
    await auth.api.deleteApiKey({ body: { keyId: id } })
    const ended = start(key)
    const weak = start((await createKey({ permissions: {} })).key)
    expect([await ended.exit, ended.output().trim()]).toEqual([
      1,
      'The API key is unknown, or has ended.',
    ])
    expect([await weak.exit, weak.output().trim()]).toEqual([1, 'The API key may not do this.'])
  })

  it('goes on by itself when the API comes back, and stops when it is told to', async () => {
    const { key } = await createKey()
    server.close()
    server.closeAllConnections()
    const worker = start(key)
    await worker.printed(/Waiting/)
    server = await listen()
    expect([await worker.exit, worker.output()]).toEqual([
      0,
      expect.stringContaining('certificates'),
    ])

    server.close()
    server.closeAllConnections()
    const waiting = start(key)
    await waiting.printed(/Waiting/)
    await waiting.stop()
    expect(await waiting.exit).toBe(0)
    server = await listen()
  })

  it.each([
    [201, {}, { next: 'done' }],
    [400, {}, { next: 'give-up', reason: expect.stringContaining('400') }],
    [429, { 'retry-after': '7' }, { next: 'wait', seconds: 7 }],
    [503, { 'retry-after': '5' }, { next: 'wait', seconds: 5 }],
    [502, { 'retry-after': 'soon' }, { next: 'wait', seconds: expect.any(Number) }],
  ])('reads %i %j', (status, headers, verdict) => {
    expect(judge({ status, headers: new Headers(headers) }, 0)).toEqual(verdict)
  })
})
