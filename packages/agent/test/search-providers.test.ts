import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { searchProviders } from '../src/directory.ts'
import { createAgentContext, memoryStorage } from '../src/index.ts'
import type { AgentContext } from '../src/index.ts'
import { ForeignServer } from './foreign-server.ts'

let bank: ForeignServer
let server: Server
let directory: string
let context: AgentContext
/** What the directory answers, and what it was asked. */
let entries: unknown
let asked: URL[]

beforeEach(async () => {
  bank = await ForeignServer.start()
  context = createAgentContext({ storage: memoryStorage() })
  entries = [entryOf(bank.url)]
  asked = []
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://localhost'))
    response.end(JSON.stringify({ providers: entries, intent: '', count: 1 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  directory = `http://127.0.0.1:${(server.address() as AddressInfo).port}/directory/`
})
afterEach(async () => {
  await bank.close()
  await new Promise((resolve) => server.close(resolve))
})

function entryOf(issuer: string, more: Record<string, unknown> = {}) {
  return {
    version: '1.0-draft',
    provider_name: 'bank',
    description: 'As the directory tells it',
    issuer,
    algorithms: ['Ed25519'],
    modes: ['delegated'],
    approval_methods: ['device_authorization'],
    endpoints: { register: '/r', capabilities: '/c', execute: '/e', status: '/s' },
    ...more,
  }
}

const search = (intent = 'banking', limit?: number) =>
  searchProviders(context, intent, { directory, limit })

describe('searching a directory', () => {
  it('AF13 AC1 finds a provider and describes it in its own words', async () => {
    expect(await search('pay & bank', 3)).toEqual({
      providers: [{ name: 'foreign-bank', description: 'A bank', issuer: bank.url }],
      rejected: [],
    })
    expect(asked.map(({ pathname }) => pathname)).toEqual(['/directory/api/search'])
    expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toEqual({
      intent: 'pay & bank',
      limit: '3',
    })
    expect(context.providers.size).toBe(1)
  })

  it('AC2 throws away an entry whose issuer says it is somebody else', async () => {
    bank.discovery = { issuer: 'https://bank.example' }
    expect(await search()).toEqual({
      providers: [],
      rejected: [{ issuer: bank.url, reason: expect.stringContaining('https://bank.example') }],
    })
  })

  it.each([
    ['no issuer', { issuer: undefined }],
    ['an issuer with a path', { issuer: 'PATH' }],
    ['another version', { version: '2.0' }],
    ['endpoints elsewhere', { endpoints: { execute: 'https://evil.example/e' } }],
    ['an issuer over http', { issuer: 'http://bank.example' }],
    ['a script for an issuer', { issuer: 'javascript:alert(1)' }],
  ] as const)('AC2 throws away an entry with %s', async (_title, change) => {
    const isPath = 'issuer' in change && change.issuer === 'PATH'
    entries = [entryOf(bank.url, isPath ? { issuer: `${bank.url}/evil` } : change)]
    const { providers, rejected } = await search()
    expect([providers, rejected.length]).toEqual([[], 1])
    expect(bank.requests).toEqual([])
  })

  it('AC2 follows no public directory into this network', async () => {
    context = createAgentContext({
      storage: memoryStorage(),
      fetch: async (url, init) => {
        const { host } = new URL(new Request(url).url)
        if (host !== 'directory.example') return fetch(url, init)
        return Response.json({ providers: [entryOf(bank.url), entryOf('https://10.0.0.1')] })
      },
    })
    const found = await searchProviders(context, 'x', { directory: 'https://directory.example' })
    expect([found.providers, found.rejected.length]).toEqual([[], 2])
    expect(bank.requests).toEqual([])
  })

  it('takes no more than it asked for, and keeps what it can confirm', async () => {
    entries = [entryOf('http://localhost:1'), entryOf(bank.url), null, entryOf(bank.url)]
    const { providers, rejected } = await search('banking', 3)
    expect([providers.length, rejected.length]).toEqual([1, 2])
  })

  it('refuses a directory that is none', async () => {
    entries = 'none'
    await expect(search()).rejects.toMatchObject({ code: 'bad_response' })
    for (const [url, code] of [
      ['http://directory.example', 'insecure_url'],
      ['directory', 'invalid_url'],
    ] as const) {
      const refused = searchProviders(context, 'x', { directory: url })
      await expect(refused).rejects.toMatchObject({ code })
    }
  })
})
