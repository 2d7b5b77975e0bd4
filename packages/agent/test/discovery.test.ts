import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgentClient, memoryStorage } from '../src/index.ts'
import type { AgentClient } from '../src/index.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let client: AgentClient

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  client = createAgentClient({ storage: memoryStorage(), clock })
})
afterEach(() => server.close())

const path = '/.well-known/agent-configuration'

describe('discovery', () => {
  it('AC1 reads a provider and lists it afterwards', async () => {
    const provider = await client.discoverProvider(server.url)
    expect(provider).toMatchObject({
      name: 'foreign-bank',
      description: 'A bank',
      issuer: server.url,
      default_location: `${server.url}/api/execute`,
    })
    expect(provider.endpoints['status']).toBe(`${server.url}/api/status`)
    const { name, description, issuer } = provider
    expect(await client.listProviders()).toEqual([{ name, description, issuer }])
  })

  it('accepts an address without a scheme and with a path', async () => {
    await client.discoverProvider(`${server.url.replace('http://', '')}/docs/agents?x=1`)
    expect(server.requests[0]?.path).toBe(path)
  })

  it.each([
    ['another issuer', { issuer: 'https://bank.example' }, 'issuer_mismatch'],
    ['no issuer', { issuer: undefined }, 'issuer_mismatch'],
    ['an issuer with a path', { issuer: 'PATH' }, 'issuer_mismatch'],
    ['a later major version', { version: '2.0' }, 'unsupported_version'],
    ['a version that is none', { version: 'one' }, 'unsupported_version'],
    ['a missing version', { version: undefined }, 'unsupported_version'],
    [
      'an endpoint on another origin',
      { endpoints: { register: 'https://evil.example/r' } },
      'insecure_url|issuer_mismatch',
    ],
    [
      'a protocol-relative endpoint',
      { endpoints: { register: '//evil.example/r' } },
      'insecure_url|issuer_mismatch',
    ],
    ['a default_location over http', { default_location: 'http://evil.example/x' }, 'insecure_url'],
    [
      'a default_location that is a script',
      { default_location: 'javascript:alert(1)' },
      'insecure_url',
    ],
    ['no endpoints', { endpoints: undefined }, 'bad_response'],
  ])('AC2 refuses %s', async (_title, change, code) => {
    const issuer =
      'issuer' in change && change.issuer === 'PATH' ? `${server.url}/tenant` : undefined
    server.discovery = { ...change, ...(issuer && { issuer }) }
    const failure = await client.discoverProvider(server.url).catch((error: unknown) => error)
    expect((failure as { code: string }).code).toMatch(new RegExp(`^(${code})$`))
    expect(await client.listProviders()).toEqual([])
  })

  it.each([
    ['http://bank.example', 'insecure_url'],
    ['http://127.0.0.1.bank.example', 'insecure_url'],
    ['http://10.0.0.1', 'insecure_url'],
    ['http://localhost.bank.example', 'insecure_url'],
    ['ftp://bank.example', 'insecure_url'],
    ['file:///etc/passwd', 'insecure_url'],
    ['https://user:secret@bank.example', 'insecure_url'],
    ['https://', 'invalid_url'],
    ['not an address', 'invalid_url'],
    ['', 'invalid_url'],
  ])('AC2 refuses to ask %s', async (url, code) => {
    const asked: unknown[] = []
    const careful = createAgentClient({
      storage: memoryStorage(),
      fetch: async (input) => {
        asked.push(input)
        return new Response()
      },
    })
    await expect(careful.discoverProvider(url)).rejects.toMatchObject({ code })
    expect(asked).toEqual([])
  })

  it.each([
    'http://127.0.0.1',
    'http://127.255.0.3',
    'http://[::1]',
    'http://localhost',
    'https://bank.example',
  ])('AC2 asks %s', async (url) => {
    const careful = createAgentClient({
      storage: memoryStorage(),
      fetch: async () =>
        Response.json({ version: '1.0', issuer: url, endpoints: { execute: '/x' } }),
    })
    expect(await careful.discoverProvider(url)).toMatchObject({ default_location: `${url}/x` })
  })

  it('follows at most three redirects on its own origin', async () => {
    let hops = 0
    server.answers.set(path, () =>
      hops++ < 3 ? { status: 302, headers: { location: path } } : undefined,
    )
    await client.discoverProvider(server.url)
    hops = -1
    const fresh = createAgentClient({ storage: memoryStorage() })
    await expect(fresh.discoverProvider(server.url)).rejects.toMatchObject({ code: 'bad_response' })
  })

  it('AC2 does not take an answer from another origin', async () => {
    const other = await ForeignServer.start()
    const location = `${other.url}${path}`
    server.answers.set(path, () => ({ status: 302, headers: { location } }))
    await expect(client.discoverProvider(server.url)).rejects.toMatchObject({
      code: 'issuer_mismatch',
      details: { redirected_to: other.url },
    })
    server.answers.set(path, () => ({ status: 302, headers: { location: 'http://bank.example/' } }))
    await expect(client.discoverProvider(server.url)).rejects.toMatchObject({
      code: 'insecure_url',
    })
    await other.close()
  })

  it.each([
    ['html', { body: '<html>' }, 'bad_response'],
    ['a list', { body: '[]' }, 'bad_response'],
    ['404', { status: 404, body: 'no' }, 'bad_response'],
    ['500', { status: 500, body: 'no' }, 'unreachable'],
    [
      'more than a megabyte',
      { body: JSON.stringify({ pad: 'x'.repeat(1_000_001) }) },
      'bad_response',
    ],
    ['a cut connection', { cut: true }, 'unreachable'],
  ])('explains %s', async (_title, answer, code) => {
    server.answers.set(path, () => answer)
    await expect(client.discoverProvider(server.url)).rejects.toMatchObject({ code })
  })

  it.each([
    ['an hour without a header', undefined, 3_599, 3_601],
    ['as long as max-age says', 'max-age=60', 59, 61],
    ['a day at most', 'max-age=9999999', 86_399, 86_401],
  ])('keeps a document %s', async (_title, header, before, after) => {
    if (header) {
      const honest = { 'cache-control': header }
      const answer = await fetch(server.url + path).then((response) => response.json())
      server.answers.set(path, () => ({ headers: honest, body: answer }))
      server.requests.length = 0
    }
    await client.discoverProvider(server.url)
    clock.advance(before * 1000)
    await client.discoverProvider(server.url)
    expect(server.count(path)).toBe(1)
    clock.advance((after - before) * 1000)
    await client.discoverProvider(server.url)
    expect(server.count(path)).toBe(2)
  })

  it('keeps using a document while the server is away', async () => {
    await client.discoverProvider(server.url)
    clock.advance(7_200_000)
    server.answers.set(path, () => ({ cut: true }))
    expect(await client.discoverProvider(server.url)).toMatchObject({ issuer: server.url })
    clock.advance(86_400_000)
    await expect(client.discoverProvider(server.url)).rejects.toMatchObject({ code: 'unreachable' })
  })
})
