import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { ClientCapabilities, ClientOptions, Tool } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newCli } from './cli.ts'
import { startRealServer } from './real-server.ts'
import type { RealServer } from './real-server.ts'

let server: RealServer
let home: string
const endings: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await startRealServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'countersign-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const program = [
  '--conditions=@countersign/source',
  '--import',
  path('../../agent/test/typescript-loader.mjs'),
  path('../src/bin.ts'),
  'mcp',
]

/** What a host saw of its server. */
interface Host {
  client: Client
  /** What the person was shown. */
  shown: Record<string, unknown>[]
  changes: (string[] | undefined)[]
  progress: { message?: string | undefined }[]
  call(name: string, args?: Record<string, unknown>): Promise<Called>
}
interface Called {
  isError: boolean
  value: Record<string, unknown>
  texts: string[]
}

type Answer = (shown: Record<string, unknown>) => Promise<'accept' | 'decline'>
type Revision = NonNullable<ClientOptions['versionNegotiation']>['mode']

/** An MCP host with the official client. */
async function hostWith(
  connect: (client: Client) => Promise<void>,
  {
    elicitation,
    answer = async () => 'accept',
    revision = 'auto',
  }: { elicitation?: ClientCapabilities['elicitation']; answer?: Answer; revision?: Revision },
): Promise<Host> {
  const shown: Host['shown'] = []
  const changes: Host['changes'] = []
  const progress: Host['progress'] = []
  const client = new Client(
    { name: 'host', version: '1' },
    {
      capabilities: elicitation ? { elicitation } : {},
      versionNegotiation: { mode: revision },
      listChanged: {
        tools: { onChanged: (_error, tools) => void changes.push(tools?.map(({ name }) => name)) },
      },
    },
  )
  if (elicitation) {
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      shown.push({ ...params })
      return { action: await answer({ ...params }), content: {} }
    })
  }
  await connect(client)
  endings.push(() => client.close())
  const call = async (name: string, args: Record<string, unknown> = {}): Promise<Called> => {
    const onprogress = (sign: Host['progress'][number]): void => void progress.push(sign)
    const result = await client.callTool({ name, arguments: args }, { onprogress, timeout: 50_000 })
    const texts = result.content.map((item) => (item.type === 'text' ? item.text : ''))
    const value = result.structuredContent as Record<string, unknown>
    return { isError: result.isError === true, value, texts }
  }
  return { client, shown, changes, progress, call }
}

type HostOptions = Parameters<typeof hostWith>[1]

/** A host that starts the program and speaks over its standard input and output. */
async function overStdio(options: HostOptions = {}): Promise<Host> {
  return hostWith(async (client) => {
    const env = { PATH: process.env['PATH'] ?? '', COUNTERSIGN_HOME: home }
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: program, env }),
    )
  }, options)
}

/** The program as an HTTP server. */
async function startHttp(): Promise<{ url: string; token: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [...program, '--http', '--port', '0', '--json'], {
    env: { PATH: process.env['PATH'] ?? '', COUNTERSIGN_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  endings.push(async () => {
    child.kill()
    await exit
  })
  const [line = '{}'] = (await once(createInterface(child.stdout), 'line')) as string[]
  const event = JSON.parse(line) as { event: string; url: string; token_file: string }
  expect(event.event).toBe('listening')
  const token = (await readFile(event.token_file, 'utf8')).trim()
  expect(line).not.toContain(token)
  return { url: event.url, token, child }
}

async function overHttp(options: HostOptions = {}): Promise<Host> {
  const { url, token } = await startHttp()
  return hostWith(async (client) => {
    const headers = { authorization: `Bearer ${token}` }
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
    )
  }, options)
}

const connection = (name = 'Rent payer', capabilities: unknown[] = ['check_balance']) => ({
  provider: server.url,
  name,
  capabilities,
  reason: 'pay the rent',
})

/** The code in what a person was shown. */
function codeIn(shown: unknown): string {
  const code = /Code: (\S+)/.exec(JSON.stringify(shown).replaceAll('\\n', '\n'))?.[1]
  if (!code) throw new Error(`No code in ${JSON.stringify(shown)}`)
  return code.replace(/["\\].*$/, '')
}

const approving: Answer = async (shown) => {
  const decided = await server.decide(codeIn(shown), 'approve')
  expect(decided.status).toBe(200)
  return 'accept'
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 1600) throw new Error('It never happened.')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const transports = [
  ['stdio', 'the current revision', overStdio, 'auto'],
  ['stdio', 'the 2025 revisions', overStdio, 'legacy'],
  ['HTTP', 'the current revision', overHttp, 'auto'],
  ['HTTP', 'the 2025 revisions', overHttp, 'legacy'],
] as const

describe('AC9 an MCP host', { timeout: 120_000 }, () => {
  it.each(transports)(
    'AC9 AF9 connects, is approved through an elicited page, and acts: %s, %s',
    async (_transport, _name, open, revision) => {
      const host = await open({ revision, elicitation: { url: {} }, answer: approving })
      const before = (await host.client.listTools()).tools.map(({ name }) => name)
      expect(before).toContain('connect_agent')
      expect(before).not.toContain('check_balance')

      const connected = await host.call('connect_agent', connection())
      expect(connected).toMatchObject({
        isError: false,
        value: {
          status: 'active',
          provider_name: 'bank',
          agent_capability_grants: [{ capability: 'check_balance', status: 'active' }],
        },
      })
      expect(host.shown).toHaveLength(1)
      expect(host.shown[0]).toMatchObject({
        mode: 'url',
        url: expect.stringMatching(`^${server.url}/`),
        message: expect.stringContaining('bank asks for your approval.'),
      })
      expect(host.progress.map(({ message }) => message)).toContain(
        'Waiting for a decision at bank.',
      )

      await until(() => host.changes.length > 0)
      expect(host.changes.at(-1)).toContain('check_balance')
      const { tools } = await host.client.listTools()
      const tool = tools.find(({ name }) => name === 'check_balance')
      expect(tool).toMatchObject({
        annotations: { readOnlyHint: true },
        inputSchema: { required: ['account'] },
        outputSchema: { required: ['balance'] },
      })
      expect(await host.call('check_balance', { account: 'acc_1' })).toEqual({
        isError: false,
        value: { balance: 120 },
        texts: ['{"balance":120}'],
      })
      // The server's refusal comes with its code.
      expect(await host.call('check_balance', { nonsense: true })).toMatchObject({
        isError: true,
        value: { error: 'invalid_request' },
      })
      expect(await host.call('no_such_tool')).toMatchObject({
        isError: true,
        value: { error: 'unknown_tool' },
      })
    },
  )

  it.each([transports[0], transports[3]])(
    'AC9 shows a form where the host has no pages: %s, %s',
    async (_transport, _name, open, revision) => {
      const host = await open({ revision, elicitation: { form: {} }, answer: approving })
      const connected = await host.call('connect_agent', connection('Form'))
      expect(connected).toMatchObject({ isError: false, value: { status: 'active' } })
      expect(host.shown[0]).toMatchObject({
        message: expect.stringContaining(`Approve at: ${server.url}/`),
        requestedSchema: { type: 'object', properties: {} },
      })
    },
  )

  it.each([transports[1], transports[2]])(
    'AC9 returns the page as text where the host asks nobody, and waits when called again: %s, %s',
    async (_transport, _name, open, revision) => {
      const host = await open({ revision })
      const first = await host.call('connect_agent', connection('Text'))
      expect(first).toMatchObject({
        isError: false,
        value: {
          status: 'pending',
          approval: { user_code: expect.any(String) },
          agent_capability_grants: [{ capability: 'check_balance', status: 'pending' }],
        },
      })
      expect(first.texts[0]).toContain(`Approve at: ${server.url}/`)
      // A host that loses patience in between loses nothing.
      const impatience = new AbortController()
      const waiting = host.client.callTool(
        { name: 'connect_agent', arguments: connection('Text') },
        { signal: impatience.signal, onprogress: () => impatience.abort('enough') },
      )
      await expect(waiting).rejects.toMatchObject({ message: expect.stringContaining('enough') })
      const again = host.call('connect_agent', connection('Text'))
      await until(() => host.progress.length > 0)
      await server.decide(codeIn(first.texts), 'approve')
      expect(await again).toMatchObject({ isError: false, value: { status: 'active' } })
      const { agents } = (await host.call('list_agents')).value as { agents: unknown[] }
      expect(agents).toMatchObject([{ name: 'Text', status: 'active' }])
    },
  )

  it('AC9 reports a denial and a person who does not go on', async () => {
    const answers: Answer[] = [
      async () => 'decline',
      async (shown) => {
        await server.decide(codeIn(shown), 'deny')
        return 'accept'
      },
    ]
    const host = await overStdio({
      elicitation: { url: {} },
      answer: (shown) => answers.shift()?.(shown) ?? Promise.resolve('decline'),
    })
    expect(await host.call('connect_agent', connection('A'))).toMatchObject({
      isError: true,
      value: { error: 'declined' },
    })
    expect(await host.call('connect_agent', connection('B'))).toMatchObject({
      isError: true,
      value: { error: 'approval_denied' },
    })
  })

  it('AC9 asks for more and takes it away again, and tells of both', async () => {
    const host = await overStdio({ elicitation: { url: {} }, answer: approving })
    const { agent_id } = (await host.call('connect_agent', connection())).value
    const asked = await host.call('request_capability', {
      agent_id,
      capabilities: [{ name: 'transfer_money', constraints: { amount: { max: 50 } } }],
    })
    expect(asked.value).toMatchObject({
      status: 'active',
      agent_capability_grants: [{ capability: 'transfer_money', status: 'active' }],
    })
    await until(() => host.changes.at(-1)?.includes('transfer_money') === true)
    const tool = (await host.client.listTools()).tools.find(
      ({ name }) => name === 'transfer_money',
    ) as Tool
    expect(tool.description).toContain('Only within these limits: {"amount":{"max":50}}.')
    expect(tool.annotations).toEqual({ title: 'Transfer money', readOnlyHint: false })
    expect(await host.call('transfer_money', { amount: 51, to: 'x' })).toMatchObject({
      isError: true,
      value: { error: 'constraint_violated', violations: expect.any(Array) },
    })
    expect((await host.call('transfer_money', { amount: 50, to: 'x' })).value).toEqual({ sent: 50 })
    await host.call('disconnect_agent', { agent_id })
    await until(() => host.changes.at(-1)?.includes('transfer_money') === false)
  })

  it('AC7 AC9 prints no token and no key, on the wire or elsewhere', async () => {
    const child = spawn(process.execPath, program, {
      env: { PATH: process.env['PATH'] ?? '', COUNTERSIGN_HOME: home },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const send = (message: object): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    const answered = (id: number) => until(() => output.includes(`"id":${id}`))
    const info = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'h', version: '1' },
    }
    send({ id: 1, method: 'initialize', params: info })
    await answered(1)
    send({ method: 'notifications/initialized' })
    const params = { name: 'connect_agent', arguments: connection('Raw') }
    send({ id: 2, method: 'tools/call', params })
    await answered(2)
    await server.decide(codeIn(output), 'approve')
    send({ id: 3, method: 'tools/call', params })
    await answered(3)
    send({
      id: 4,
      method: 'tools/call',
      params: { name: 'check_balance', arguments: { account: 'a' } },
    })
    send({ id: 5, method: 'tools/call', params: { name: 'list_agents' } })
    send({ id: 6, method: 'tools/list' })
    for (const id of [4, 5, 6]) await answered(id)
    child.stdin.end()
    // A host that closes its end is done.
    expect((await once(child, 'exit'))[0]).toBe(0)

    // Standard output holds messages of the protocol and nothing else.
    const lines = output.trimEnd().split('\n')
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    expect(output).toContain('"balance":120')
    expect(output).not.toMatch(/eyJ[\w-]+\./)
    expect(output).not.toMatch(/"(?:private|public)_jwk"|"d":|"kty"/)
  })
})

describe('AC9 over HTTP, for this machine alone', { timeout: 120_000 }, () => {
  /** One request with exactly these headers. */
  async function ask(url: string, headers: Record<string, string>, where = '/mcp') {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
    const { port } = new URL(url)
    return new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port,
          path: where,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
        },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      request.on('error', reject).end(body)
    })
  }

  it('CVE-2025-66414 (38) CVE-2025-49596 AC9 refuses other names, other origins and whoever has no token', async () => {
    const { url, token } = await startHttp()
    expect(new URL(url).hostname).toBe('127.0.0.1')
    const authorization = `Bearer ${token}`
    // A page that has its own name point to this machine.
    expect(await ask(url, { authorization, host: 'evil.example' })).toBe(403)
    expect(await ask(url, { authorization, host: `127.0.0.1.evil.example:1` })).toBe(403)
    expect(await ask(url, { authorization, origin: 'https://evil.example' })).toBe(403)
    expect(await ask(url, { authorization, origin: 'null' })).toBe(403)
    expect(await ask(url, {})).toBe(401)
    expect(await ask(url, { authorization: 'Bearer ' })).toBe(401)
    expect(await ask(url, { authorization: `${authorization}x` })).toBe(401)
    expect(await ask(url, { authorization }, '/other')).toBe(404)
    // Let through: MCP has its own opinion of a ping without a session.
    expect(await ask(url, { authorization, origin: 'http://localhost:3000' })).toBe(400)
  })

  it('AC9 keeps its token in a file of this account, across restarts', async () => {
    const first = await startHttp()
    const file = join(home, 'mcp-token')
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600')
    first.child.kill()
    await once(first.child, 'exit')
    expect((await startHttp()).token).toBe(first.token)
  })
})

describe('AC9 usage', () => {
  it.each([
    ['mcp --port 80', '--port goes with --http.'],
    ['mcp --http --port many', '--port is a number from 0 to 65535.'],
    ['mcp now', '"now" is one word too many. Usage: countersign mcp [--http] [--port <number>]'],
    ['mpc', 'There is no command "mpc". Did you mean mcp?'],
  ])('%s', async (line, message) => {
    const run = await newCli()
    const { code, err } = await run(line.split(' '))
    expect([code, err]).toEqual([2, [message]])
  })

  it('AC9 stands in the help', async () => {
    const run = await newCli()
    expect((await run([])).out.join('\n')).toMatch(/mcp +Offer your agents to an MCP host/)
    expect((await run(['mcp', '--help'])).out.join('\n')).toContain('--http')
  })
})
