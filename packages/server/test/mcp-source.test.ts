import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import type { CreateFromMCPOptions } from '../src/agent-auth/index.ts'
import { createFromMCP } from '../src/index.ts'
import {
  notesServer,
  rawServer,
  serveMcp,
  sessions,
  stateless,
  type TestTool,
} from './mcp-server.ts'
import { capabilityNamed, execute } from './openapi-support.ts'
import { connected } from './support/actors.ts'
import { bank } from './support/bank.ts'
import { worlds } from './support/worlds.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

async function source(options: CreateFromMCPOptions) {
  const made = await createFromMCP(options)
  endings.push(made.close)
  return made
}

/** The tools of a server in this process as capabilities. */
async function inMemory(
  tools: readonly TestTool[],
  options: Record<string, unknown> = {},
  pageSize?: number,
) {
  return source({
    transport: async () => {
      const [ours, theirs] = InMemoryTransport.createLinkedPair()
      await rawServer(tools, pageSize).connect(theirs)
      return ours
    },
    ...options,
  })
}

async function served(fetch: Parameters<typeof serveMcp>[0], port?: number) {
  const service = await serveMcp(fetch, port)
  endings.push(() => service.stop().catch(() => undefined))
  return service
}

const words = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text
const secret = 'upstream-secret-of-the-operator'

describe.each(worlds)('AF9 $name', ({ open }) => {
  it.each([
    ['the current revision', stateless],
    ['the 2025 revisions, with sessions', sessions],
  ])(
    'AF9 lists, grants and executes the tools of an MCP server over HTTP: %s',
    async (_, serve) => {
      const service = await served(serve(notesServer))
      const { capabilities } = await source({ url: service.url, token: () => secret })
      const world = await open(bank({ capabilities, defaultHostCapabilities: [] }))
      endings.push(world.close)

      const { host, agent } = await connected(world, [
        'find_notes',
        { name: 'add_note', constraints: { note: { in: ['tea', ''] } } },
      ])
      const listed = await host.send('GET', '/capability/describe?name=find_notes')
      expect(listed.body).toMatchObject({
        name: 'find_notes',
        description: 'Finds notes by a word.',
        input: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
        output: { type: 'object', required: ['notes'] },
        read_only: true,
      })

      const found = await agent.execute('find_notes', { word: 'milk' })
      expect(found.body).toEqual({ data: { notes: ['buy milk'] } })
      const added = await agent.execute('add_note', { note: 'tea' })
      expect(added.body).toEqual({ data: { content: [{ type: 'text', text: 'Added: tea' }] } })

      // The grant, the schema and the tool each have their say.
      const outside = await agent.execute('add_note', { note: 'coffee' })
      expect(outside.body).toMatchObject({ error: 'constraint_violated' })
      const malformed = await agent.execute('find_notes', { word: 7 })
      expect(malformed.body).toMatchObject({ error: 'invalid_request' })
      const refused = await agent.execute('add_note', { note: '' })
      expect(refused.status).toBe(502)
      expect(refused.body).toMatchObject({
        error: 'upstream_error',
        upstream_body: { message: 'A note cannot be empty.' },
      })

      expect(service.requests.length).toBeGreaterThan(2)
      for (const { headers } of service.requests) {
        expect(headers.authorization).toBe(`Bearer ${secret}`)
      }
    },
  )
})

describe('AF9 transports', () => {
  it('AF9 executes tools of a process over stdio, and starts it again after it ended', async () => {
    const { capabilities } = await source({
      transport: () =>
        new StdioClientTransport({
          command: process.execPath,
          args: [fileURLToPath(new URL('mcp-stdio-server.mjs', import.meta.url))],
          stderr: 'ignore',
        }),
    })
    const first = words(await execute(capabilityNamed(capabilities, 'pid')))
    expect(first).toMatch(/^\d+$/)
    await expect(execute(capabilityNamed(capabilities, 'exit'))).rejects.toMatchObject({
      code: 'upstream_error',
    })
    const second = words(await execute(capabilityNamed(capabilities, 'pid')))
    expect(second).toMatch(/^\d+$/)
    expect(second).not.toBe(first)
  })

  it.each([
    ['without sessions', stateless],
    ['with sessions', sessions],
  ])('AF9 goes on after an HTTP server restarted, %s', async (_, serve) => {
    const service = await served(serve(notesServer))
    const { capabilities } = await source({ url: service.url })
    const find = () => execute(capabilityNamed(capabilities, 'find_notes'), { word: 'Ada' })
    expect(await find()).toEqual({ notes: ['call Ada'] })

    await service.stop()
    await expect(find()).rejects.toMatchObject({ code: 'upstream_error' })
    await served(serve(notesServer), Number(new URL(service.url).port))
    expect(await find()).toEqual({ notes: ['call Ada'] })
  })

  it('AF9 uses a client that somebody else connected, and leaves it open', async () => {
    const [ours, theirs] = InMemoryTransport.createLinkedPair()
    await rawServer([{ name: 'ping', run: () => ({ content: [] }) }]).connect(theirs)
    const client = new Client({ name: 'operator', version: '1' })
    await client.connect(ours)
    const { capabilities, close } = await createFromMCP({ client })
    expect(await execute(capabilityNamed(capabilities, 'ping'))).toEqual({ content: [] })
    await close()
    await expect(execute(capabilityNamed(capabilities, 'ping'))).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect((await client.listTools()).tools).toHaveLength(1)
    await client.close()
  })

  it('AF9 says at start when there is no server', async () => {
    await expect(createFromMCP({ url: 'http://127.0.0.1:9/mcp' })).rejects.toThrow('fetch failed')
  })

  it.each([
    [{ url: 'http://mcp.example/' }, 'must be https'],
    [{ url: 'https://user:pw@mcp.example/' }, 'holds a password'],
    [{ url: 'nonsense' }, 'is no address'],
    [{ url: 'https://mcp.example/', timeout: 0 }, '`timeout` must be a positive number'],
    [{ url: 'https://mcp.example/', prefix: 'A-' }, '`prefix` is made of'],
  ])('AF9 refuses nonsense before it connects: %j', async (options, message) => {
    await expect(createFromMCP(options)).rejects.toThrow(message)
  })

  it('AF9 costs nobody the MCP client who does not use it', () => {
    const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url))
    const loader = fileURLToPath(new URL('../../agent/test/typescript-loader.mjs', import.meta.url))
    const refusing = `export const resolve = (name, context, next) => {
      if (name.startsWith('@modelcontextprotocol')) throw new Error('loads ' + name)
      return next(name, context)
    }`
    const load = (then: string) => `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(refusing)}))
      const { createFromMCP } = await import(${JSON.stringify(entry)})
      ${then}`
    const run = (script: string) =>
      execFileSync(
        process.execPath,
        [
          '--conditions=@countersign/source',
          '--import',
          loader,
          '--input-type=module',
          '-e',
          script,
        ],
        { encoding: 'utf8', stdio: 'pipe' },
      )
    expect(run(load('console.log(typeof createFromMCP)')).trim()).toBe('function')
    const using = `await createFromMCP({ url: 'http://127.0.0.1:9/' })`
    expect(() => run(load(using))).toThrow('loads @modelcontextprotocol/client')
  })
})

describe('AF9 tools as capabilities', () => {
  it('AF9 reads every page and names collisions instead of dropping them', async () => {
    const tools = ['getUser', 'get_user', 'get-user', 'délete.all', '列', 'x'.repeat(200)].map(
      (name) => ({ name, run: () => ({ content: [{ type: 'text', text: name }] }) }),
    )
    const { capabilities } = await inMemory(tools, {}, 2)
    const names = capabilities.map(({ name }) => name)
    expect(new Set(names).size).toBe(6)
    for (const name of names) expect(name).toMatch(/^[a-z0-9_]{1,128}$/)
    expect(names[3]).toBe('delete_all')
    expect(names.slice(0, 3).every((name) => /^get_user_[0-9a-f]{12}$/.test(name))).toBe(true)
    // Each still calls its own tool.
    for (const [index, capability] of capabilities.entries()) {
      expect(words(await execute(capability))).toBe(tools[index]?.name)
    }
    // A name depends on its tool alone.
    const fewer = await inMemory(tools.slice(0, 2))
    expect(fewer.capabilities.map(({ name }) => name)).toEqual(names.slice(0, 2))
  })

  it('AF9 puts a prefix before every name', async () => {
    const { capabilities, providerName } = await inMemory([{ name: 'read' }], { prefix: 'files_' })
    expect(capabilities.map(({ name }) => name)).toEqual(['files_read'])
    expect(providerName).toBe('raw')
  })

  it('AF9 takes read-only from the hints, unless the operator distrusts or overrides them', async () => {
    const tools = [
      { name: 'readNote', annotations: { readOnlyHint: true } },
      { name: 'writeNote', annotations: { readOnlyHint: false } },
      { name: 'other' },
    ]
    const flags = async (options: Record<string, unknown>) =>
      (await inMemory(tools, options)).capabilities.map(({ readOnly }) => readOnly)
    expect(await flags({})).toEqual([true, false, false])
    expect(await flags({ readOnly: 'distrust-hints' })).toEqual([false, false, false])
    expect(await flags({ readOnly: { other: true, read_note: false } })).toEqual([
      false,
      false,
      true,
    ])
    expect(
      await flags({ readOnly: ({ tool }: { tool: string }) => tool === 'writeNote' || undefined }),
    ).toEqual([true, true, false])
  })

  it('AF9 lets the operator choose the approval strength per tool', async () => {
    const tools = [{ name: 'readNote' }, { name: 'write' }]
    const strengths = async (approvalStrength: unknown) =>
      (await inMemory(tools, { approvalStrength })).capabilities.map(
        (capability) => capability.approvalStrength,
      )
    expect(await strengths('webauthn')).toEqual(['webauthn', 'webauthn'])
    expect(await strengths({ readNote: 'none' })).toEqual(['none', undefined])
    expect(await strengths(({ name }: { name: string }) => name === 'write' && 'session')).toEqual([
      undefined,
      'session',
    ])
  })

  it('AF9 writes schemas of older dialects as 2020-12', async () => {
    const tool = (inputSchema: Record<string, unknown>) => ({ name: 't', inputSchema })
    const input = async (schema: Record<string, unknown>) =>
      (await inMemory([tool({ type: 'object', ...schema })])).capabilities[0]?.input
    expect(
      await input({
        $schema: 'http://json-schema.org/draft-07/schema#',
        $id: 'https://notes.example/t.json',
        definitions: { word: { type: 'string' } },
        properties: {
          pair: { type: 'array', items: [{ type: 'number' }, { $ref: '#/definitions/word' }] },
          own: { $ref: 'https://notes.example/t.json#/definitions/word', minLength: 9 },
          foreign: { $ref: 'https://evil.example/schema.json' },
          odd: { type: 'string', pattern: '[' },
        },
        dependencies: { a: ['b'], c: { required: ['d'] } },
      }),
    ).toEqual({
      type: 'object',
      definitions: { word: { type: 'string' } },
      properties: {
        pair: { type: 'array', prefixItems: [{ type: 'number' }, { $ref: '#/definitions/word' }] },
        own: { $ref: '#/definitions/word' },
        foreign: {},
        odd: { type: 'string' },
      },
      dependentRequired: { a: ['b'] },
      dependentSchemas: { c: { required: ['d'] } },
    })
    expect(
      await input({
        $schema: 'http://json-schema.org/draft-04/schema#',
        properties: { n: { type: 'number', minimum: 0, exclusiveMinimum: true } },
      }),
    ).toMatchObject({ properties: { n: { exclusiveMinimum: 0 } } })
    // What no validator understands is left to the MCP server to check.
    expect(await input({ properties: { n: { type: 'nonsense' } } })).toEqual({ type: 'object' })
  })

  it('AF9 lists again on refresh, and keeps what people approved', async () => {
    const tools = [{ name: 'one' }]
    const { capabilities, refresh } = await inMemory(tools)
    tools.push({ name: 'two' })
    expect((await refresh()).map(({ name }) => name)).toEqual(['one', 'two'])
    expect(capabilities.map(({ name }) => name)).toEqual(['one'])
  })
})

describe('AF9 failures', () => {
  const call = async (tool: TestTool, options: Record<string, unknown> = {}) => {
    const { capabilities } = await inMemory([tool], options)
    return execute(capabilityNamed(capabilities, tool.name))
  }

  it('AF9 passes on what a tool reports, without control characters and cut to 500', async () => {
    const text = `No\u0000\u001b[31m such note. ${'x'.repeat(900)}`
    const failing = call({
      name: 'fail',
      run: () => ({ content: [{ type: 'text', text }], isError: true }),
    })
    const error = await failing.then(
      () => undefined,
      (thrown: { details: { upstream_body: { message: string } } }) => thrown,
    )
    expect(error).toMatchObject({ code: 'upstream_error', message: 'The tool reported an error.' })
    expect(error?.details.upstream_body.message).toMatch(/^No \[31m such note\. x+$/)
    expect(error?.details.upstream_body.message).toHaveLength(500)
  })

  it('AF9 keeps an internal error of the server inside', async () => {
    const failing = call({
      name: 'crash',
      run: () => {
        throw new Error('password=hunter2 at /srv/notes/db.ts')
      },
    })
    await expect(failing).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'The service refused the call.',
      details: undefined,
    })
  })

  it('AF9 refuses an answer that is too large, over HTTP before it is read whole', async () => {
    const big = {
      name: 'big',
      run: () => ({ content: [{ type: 'text', text: 'x'.repeat(99_999) }] }),
    }
    const message = "The service's answer is larger than 5000 bytes."
    await expect(call(big, { maxResponseSize: 5000 })).rejects.toMatchObject({ message })
    for (const serve of [stateless, sessions]) {
      const service = await served(serve(() => rawServer([big])))
      const { capabilities } = await source({ url: service.url, maxResponseSize: 5000 })
      await expect(execute(capabilityNamed(capabilities, 'big'))).rejects.toMatchObject({ message })
    }
  })

  it('AF9 stops after the timeout, and when the caller goes away', async () => {
    const slow = { name: 'slow', run: () => new Promise(() => undefined) }
    await expect(call(slow, { timeout: 100 })).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'The service did not answer in time. The call may still have had an effect.',
    })
    const { capabilities } = await inMemory([slow])
    const caller = new AbortController()
    const running = execute(capabilityNamed(capabilities, 'slow'), {}, caller.signal)
    setTimeout(() => caller.abort(), 50)
    await expect(running).rejects.toMatchObject({ code: 'upstream_error' })
  })

  it('AF9 never shows the credential, even when the server repeats it', async () => {
    const tools: TestTool[] = [
      {
        name: 'echo',
        run: () => ({
          content: [],
          structuredContent: { [secret]: [`your token is ${secret}`], nested: { secret } },
        }),
      },
      {
        name: 'complain',
        run: () => ({ content: [{ type: 'text', text: `bad key ${secret}` }], isError: true }),
      },
    ]
    const service = await served(stateless(() => rawServer(tools)))
    const { capabilities } = await source({ url: service.url, headers: { 'x-api-key': secret } })
    const echoed = await execute(capabilityNamed(capabilities, 'echo'), { authorization: 'mine' })
    expect(echoed).toEqual({
      '[removed]': ['your token is [removed]'],
      nested: { secret: '[removed]' },
    })
    const complaint = await execute(capabilityNamed(capabilities, 'complain')).catch(
      (error: unknown) => error,
    )
    expect(JSON.stringify(complaint)).toContain('[removed]')
    expect(JSON.stringify(complaint)).not.toContain(secret)
    expect(service.requests.at(-1)?.headers).toMatchObject({ 'x-api-key': secret })
    expect(service.requests.at(-1)?.headers.authorization).toBeUndefined()
  })

  it.each([401, 403, 500])('AF9 tells about status %i without its body', async (status) => {
    let refuse = false
    const handler = stateless(notesServer)
    const service = await served((request) =>
      refuse ? new Response(`no: ${secret}`, { status }) : handler(request),
    )
    const { capabilities } = await source({ url: service.url, token: secret })
    refuse = true
    const error = await execute(capabilityNamed(capabilities, 'find_notes'), { word: 'a' }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'upstream_error', details: { upstream_status: status } })
    expect(JSON.stringify(error)).not.toContain(secret)
  })
})
