import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ForeignServer } from '../../agent/test/foreign-server.ts'
import { newCli } from './cli.ts'
import type { Run, RunOptions } from './cli.ts'

let server: ForeignServer
let run: (argv: string[], options?: RunOptions) => Promise<Run>

beforeEach(async () => {
  server = await ForeignServer.start()
  server.approval = { interval: 1 }
  run = await newCli()
})
afterEach(() => server.close())

/** The program, one word after another. */
const agent = (line: string, options?: RunOptions) => run(['agent', ...line.split(' ')], options)

/** Connects without anybody having to approve. */
async function connected(...capabilities: string[]): Promise<string> {
  await agent(
    `connect ${server.url} --name Helper --mode autonomous --capabilities ${capabilities.join(' ')}`,
  )
  return server.agent.id
}

const approve = (line: string): void => {
  if (line.includes('BCDF-GHJK') && line.includes('ode'))
    server.approve(server.agent, { list_accounts: null })
}

describe('AC8 help', () => {
  it.each([
    [[]],
    [['--help']],
    [['-h']],
    [['help']],
    [['agent']],
    [['agent', '--help']],
    [['agent', 'connect', '--help']],
  ])('shows help for %j', async (argv) => {
    const { code, out, err } = await run(argv)
    expect([code, err]).toEqual([0, []])
    expect(out.join('\n')).toContain('countersign')
  })

  it('puts every command into one column', async () => {
    const { out } = await run([])
    const at = (line: string) => out.find((one) => one.includes(line))?.indexOf(line)
    expect(at('Sign in to a server')).toBe(at('Give an agent its own identity'))
  })

  it('shows the version', async () => {
    expect((await run(['--version'])).out).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)])
  })
})

describe('AC8 wrong usage gets one sentence that says what to do', () => {
  it.each([
    ['agnet', 'There is no command "agnet". Did you mean agent?'],
    ['agent conect', 'There is no agent command "conect". Did you mean connect?'],
    [
      'agent discover',
      'The address of the service is missing. Usage: countersign agent discover <url>',
    ],
    ['agent discover a b', '"b" is one word too many. Usage: countersign agent discover <url>'],
    [
      'agent connect http://localhost --capabilites x',
      'There is no option --capabilites. Did you mean --capabilities?',
    ],
    ['agent connect http://localhost --capabilities', '--capabilities needs at least one value.'],
    [
      'agent connect http://localhost --reason',
      '--reason needs a value. Usage: countersign agent connect <url> [--capabilities <name>...] [--reason <text>]',
    ],
    [
      'agent connect http://localhost --no-open=1',
      '--no-open takes no value. Usage: countersign agent connect <url> [--capabilities <name>...] [--reason <text>]',
    ],
    [
      'agent connect http://localhost --mode root',
      '--mode is delegated or autonomous, not "root".',
    ],
    [
      'agent connect http://localhost --constraints {',
      /^--constraints is not JSON: .* Write it as '\{"amount": 20\}'\.$/,
    ],
    [
      'agent connect http://localhost --constraints {"a":{}}',
      '--constraints limits a, which is not in --capabilities.',
    ],
    [
      'agent status x',
      'There are no agents here yet. Connect one with: countersign agent connect <url>',
    ],
    ['agent execute x y --args {', /^--args is not JSON: /],
    ['agent execute x y --args [1]', `--args must be a JSON object, as in '{"amount": 20}'.`],
    ['agent execute x y --args {} --args-file f', 'Use either --args or --args-file, not both.'],
    ['agent execute x y --args-file /does/not/exist', '/does/not/exist cannot be read (ENOENT).'],
    ['agent request x', '--capabilities is missing: name at least one.'],
    ['agent request x --capabilities ', '--capabilities has an empty name.'],
    ['agent search', /^The intent \(what you need, in quotation marks\) is missing\. Usage: /],
    ['agent search bank', 'Name a directory: --directory <url>, or COUNTERSIGN_DIRECTORY.'],
    ['agent discover ???', '"???" is not a web address.'],
  ])('%s', async (line, message) => {
    const { code, out, err } = await run(line.split(' '))
    expect(out).toEqual([])
    expect(err).toHaveLength(1)
    expect(err[0]).toMatch(message)
    expect(code).toBe(2)
  })

  it('prints the same as JSON when asked to', async () => {
    const { code, json, err } = await agent('status nobody --json')
    expect([code, err]).toEqual([2, []])
    expect(json).toEqual([{ error: 'usage', message: expect.stringContaining('no agents') }])
  })

  it('says when a server cannot be reached', async () => {
    const { url } = server
    await server.close()
    const { code, err } = await agent(`discover ${url}`)
    expect([code, err]).toEqual([3, [`${url} cannot be reached. Nothing listens there.`]])
    server = await ForeignServer.start()
  })

  it('says when a server does not speak https', async () => {
    const url = server.url.replace('http:', 'https:')
    const { code, err } = await agent(`discover ${url}`)
    expect([code, err]).toEqual([3, [`${url} cannot be reached. It does not speak https.`]])
  })

  it('says when a server is no such server', async () => {
    server.answers.set('/.well-known/agent-configuration', () => ({ status: 404, body: '<html>' }))
    const { code, err } = await agent(`discover ${server.url}`)
    expect(code).toBe(1)
    expect(err).toEqual([
      `${server.url} does not offer Agent Auth: /.well-known/agent-configuration answered with status 404.`,
    ])
  })
})

describe('AC8 commands', () => {
  it('discover', async () => {
    const { out } = await agent(`discover ${server.url}`)
    expect(out).toEqual([
      'foreign-bank',
      'A bank',
      `Issuer: ${server.url}`,
      'Modes: delegated, autonomous',
      'Approval: device_authorization',
    ])
    const { json } = await agent(`discover ${server.url} --json`)
    expect(json).toMatchObject([{ name: 'foreign-bank', issuer: server.url, version: '1.0-draft' }])
  })

  it('capabilities, of a service and of an agent', async () => {
    const { out } = await agent(`capabilities ${server.url}`)
    expect(out).toEqual([
      'list_accounts  Lists accounts',
      'transfer_money  Moves money',
      'slow_report  Takes a while',
    ])
    await connected('list_accounts')
    const { json } = await agent('capabilities helper --query list --json')
    expect(json).toEqual([
      {
        capabilities: [
          { name: 'list_accounts', description: 'Lists accounts', grant_status: 'granted' },
        ],
      },
    ])
  })

  it('describe', async () => {
    const { json } = await agent(`describe ${server.url} transfer_money --json`)
    expect(json).toEqual([
      { name: 'transfer_money', description: 'Moves money', input: { type: 'object' } },
    ])
    const { code, err } = await agent(`describe ${server.url} fly`)
    expect(code).toBe(1)
    expect(err[0]).toMatch(/\(capability_not_found\)$/)
  })

  it('AC4 connect shows the whole URL and the code, opens the page, waits', async () => {
    const line = `connect ${server.url} --name Helper --capabilities list_accounts transfer_money --reason rent`
    const { code, out, opened } = await agent(line, { onPrint: approve })
    expect(out).toEqual([
      `Approve at: ${server.url}/device?code=BCDF-GHJK`,
      'Code: BCDF-GHJK',
      'Opened in your browser.',
      'Waiting for the decision. Ctrl-C stops waiting, not the request.',
      'Connected to foreign-bank as Helper.',
      `Agent: ${server.agent.id}`,
      'Allowed: list_accounts',
      'Denied: transfer_money: Not today.',
    ])
    expect(opened).toEqual([`${server.url}/device?code=BCDF-GHJK`])
    expect(code).toBe(0)
    const register = server.requests.find(({ path }) => path === '/api/register')
    expect(register?.body).toMatchObject({
      capabilities: ['list_accounts', 'transfer_money'],
      reason: 'rent',
    })
  })

  it('connect sends constraints with their capability', async () => {
    const constraints = '{"transfer_money":{"amount":{"max":200}}}'
    await agent(
      `connect ${server.url} --no-wait --capabilities list_accounts transfer_money --constraints ${constraints}`,
    )
    const register = server.requests.find(({ path }) => path === '/api/register')
    expect(register?.body['capabilities']).toEqual([
      'list_accounts',
      { name: 'transfer_money', constraints: { amount: { max: 200 } } },
    ])
  })

  it.each([
    ['--no-open', { interactive: true }],
    ['--json', { interactive: true }],
    ['--no-wait', { interactive: false }],
  ])('AC4 opens no browser with %s', async (flag, options) => {
    const line = `connect ${server.url} --capabilities list_accounts ${flag}`
    const { code, opened } = await agent(line, { ...options, onPrint: approve })
    expect([code, opened]).toEqual([0, []])
  })

  it('AC4 shows, but does not open, a page on another origin', async () => {
    server.approval = { verification_uri_complete: 'http://127.0.0.1:9/device?code=BCDF-GHJK' }
    const { out, opened } = await agent(`connect ${server.url} --no-wait`)
    expect(out.slice(0, 2)).toEqual([
      'Approve at: http://127.0.0.1:9/device?code=BCDF-GHJK',
      `Careful: that page is not on ${server.url}.`,
    ])
    expect(opened).toEqual([])
  })

  it('AC8 without a terminal prints JSON lines, then waits', async () => {
    const line = `connect ${server.url} --name Helper --capabilities list_accounts`
    const { code, json, out } = await agent(line, { interactive: false, onPrint: approve })
    expect(code).toBe(0)
    expect(out).toHaveLength(2)
    expect(json[0]).toEqual({
      event: 'approval_required',
      agent_id: server.agent.id,
      issuer: server.url,
      provider_name: 'foreign-bank',
      method: 'device_authorization',
      verification_uri: `${server.url}/device`,
      verification_uri_complete: `${server.url}/device?code=BCDF-GHJK`,
      user_code: 'BCDF-GHJK',
      expires_in: 300,
      interval: 1,
    })
    expect(Object.keys(json[1] ?? {}).sort()).toEqual([
      'agent_capability_grants',
      'agent_id',
      'created_at',
      'host_id',
      'issuer',
      'mode',
      'name',
      'provider_name',
      'status',
    ])
  })

  it('AC8 --no-wait returns at once, and status shows what is open', async () => {
    const { code, json } = await agent(
      `connect ${server.url} --name Helper --capabilities list_accounts --no-wait --json`,
    )
    expect(code).toBe(0)
    expect(json[1]).toMatchObject({ status: 'pending', approval: { user_code: 'BCDF-GHJK' } })
    const { out } = await agent('status helper')
    expect(out).toEqual([
      `Helper at ${server.url}`,
      `Agent: ${server.agent.id}`,
      'Status: pending',
      'Waiting: list_accounts',
      `Approve at: ${server.url}/device?code=BCDF-GHJK`,
      'Code: BCDF-GHJK',
    ])
    server.approve(server.agent, { list_accounts: null })
    const status = await agent(`status ${server.agent.id.slice(0, 8)} --json`)
    expect(status.json).toMatchObject([{ status: 'active', issuer: server.url }])
    expect(status.json[0]).not.toHaveProperty('approval')
  })

  it.each([
    ['denied', 4, () => (server.agent.status = 'rejected'), 'The request was denied.'],
    ['not decided in time', 5, () => undefined, 'Nobody approved in time.'],
    ['approved with nothing', 4, () => server.approve(server.agent, {}), undefined],
  ])('AC8 ends with its own exit code when %s', async (_title, exitCode, decide, message) => {
    server.approval = { interval: 1, expires_in: 2 }
    const onPrint = (line: string): void => void (line.startsWith('Code') && decide())
    const { code, err } = await agent(`connect ${server.url} --capabilities list_accounts`, {
      onPrint,
    })
    expect(code).toBe(exitCode)
    expect(err).toEqual(message === undefined ? [] : [message])
  })

  it('Ctrl-C leaves a request that can be resumed', async () => {
    const controller = new AbortController()
    const onPrint = (line: string): void =>
      void (line.startsWith('Waiting for') && controller.abort(new Error('Ctrl-C')))
    const line = `connect ${server.url} --name Helper --capabilities list_accounts`
    const stopped = await agent(line, { signal: controller.signal, onPrint })
    expect(stopped.code).toBe(130)
    expect(stopped.err).toEqual([expect.stringContaining('stays open')])
    const { json } = await agent('connections --json')
    expect(json).toMatchObject([{ connections: [{ status: 'pending', name: 'Helper' }] }])
    expect((await agent(line, { onPrint: approve })).code).toBe(0)
    expect(server.agents.size).toBe(1)
  })

  it('request', async () => {
    await connected('list_accounts')
    const onPrint = (line: string): void => {
      if (line.startsWith('Code'))
        server.approve(server.agent, { transfer_money: { amount: { max: 5 } } })
    }
    const { code, out } = await agent(
      'request Helper --capabilities transfer_money slow_report --reason rent',
      { onPrint },
    )
    expect(code).toBe(0)
    expect(out.slice(-3)).toEqual([
      `Agent: ${server.agent.id}`,
      'Allowed: transfer_money (amount at most 5)',
      'Denied: slow_report: Not today.',
    ])
    const denied = await agent('request Helper --capabilities slow_report --json', {
      onPrint: (line) => line.includes('approval_required') && server.approve(server.agent, {}),
    })
    expect(denied.code).toBe(4)
    expect(denied.json[1]).toMatchObject({
      agent_id: server.agent.id,
      issuer: server.url,
      status: 'active',
    })
  })

  it('execute', async () => {
    const id = await connected('list_accounts')
    const { out } = await agent('execute Helper list_accounts --args {"a":1}')
    expect(JSON.parse(out.join('\n'))).toEqual({ echo: { a: 1 }, agent: id })
    const fromInput = await agent('execute Helper list_accounts --args - --json', {
      input: '{"a":2}',
    })
    expect(fromInput.json).toEqual([{ data: { echo: { a: 2 }, agent: id } }])
    const file = join(tmpdir(), `countersign-args-${process.pid}.json`)
    await writeFile(file, '{"a":3}')
    const fromFile = await agent(`execute Helper list_accounts --args-file ${file} --json`)
    expect(fromFile.json).toMatchObject([{ data: { echo: { a: 3 } } }])
    const none = await agent('execute Helper list_accounts --json')
    expect(none.json).toMatchObject([{ data: { echo: {} } }])
  })

  it('execute shows what the server refuses and how', async () => {
    await connected('list_accounts')
    const violations = [{ field: 'amount', constraint: { max: 1 }, actual: 2 }]
    const body = { error: 'constraint_violated', message: 'Too much.', violations }
    server.answers.set('/api/execute', () => ({ status: 403, body }))
    const { code, err } = await agent('execute Helper list_accounts')
    expect(code).toBe(1)
    expect(err).toEqual([
      'Too much. (constraint_violated)',
      'Not allowed: {"field":"amount","constraint":{"max":1},"actual":2}',
    ])
    expect((await agent('execute Helper list_accounts --json')).json).toEqual([body])
  })

  it.each([
    ['host_pending', 'countersign agent status <agent>'],
    ['agent_expired', 'countersign agent reactivate <agent>'],
    ['capability_not_granted', 'countersign agent request <agent> --capabilities <name>'],
  ])('says what to do about %s', async (error, command) => {
    await connected('list_accounts')
    server.answers.set('/api/execute', () => ({ status: 403, body: { error, message: 'No.' } }))
    const { code, err } = await agent('execute Helper list_accounts')
    expect([code, err[0]]).toEqual([1, `No. (${error})`])
    expect(err[1]).toContain(command)
  })

  it('reactivate', async () => {
    await connected('list_accounts')
    server.agent.status = 'expired'
    const { code, out } = await agent('reactivate Helper', { onPrint: approve })
    expect(code).toBe(0)
    expect(out.at(-3)).toBe('The agent is active.')
  })

  it('sign prints a token and nothing else', async () => {
    await connected('list_accounts')
    const { out } = await agent(
      'sign Helper --aud https://api.example --capabilities list_accounts',
    )
    expect(out).toEqual([expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)])
    expect((await agent('sign Helper --json')).json).toEqual([
      { token: expect.any(String), expires_in: 60 },
    ])
    expect((await agent('sign Helper --capabilities transfer_money')).code).toBe(1)
  })

  it('connections and disconnect', async () => {
    expect((await agent('connections')).out).toEqual(['No agents yet.'])
    const id = await connected('list_accounts')
    expect((await agent('connections')).out).toEqual([`${id}  active  Helper  ${server.url}`])
    const { code, json } = await agent('disconnect Helper --json')
    expect([code, json]).toEqual([0, [{ agent_id: id, status: 'revoked' }]])
    expect((await agent('connections --json')).json).toEqual([{ connections: [] }])
  })

  it('asks for more of an id when two agents fit', async () => {
    await connected('list_accounts')
    await connected('list_accounts')
    const { code, err } = await agent('status agt_')
    expect(code).toBe(2)
    expect(err[0]).toMatch(/^"agt_" could be agt_.*, or agt_.*\. Use more of the id\.$/)
    expect((await agent(`status ${server.agent.id}`)).code).toBe(0)
  })

  it('prints no secret but with sign', async () => {
    await connected('list_accounts')
    const lines = [
      'status Helper',
      'connections',
      'execute Helper list_accounts',
      'capabilities Helper',
      `discover ${server.url}`,
    ]
    for (const line of lines) {
      for (const flag of ['', ' --json']) {
        const { out, err } = await agent(line + flag)
        expect([...out, ...err].join('\n')).not.toMatch(/eyJ|"d":|jwk|private/)
      }
    }
  })
})

describe('text of a server', () => {
  const nasty = '\u001B]0;owned\u0007\u001B[2Jx\u202Egnp\u009B31m\nAllowed: everything'

  it('cannot steer the terminal or add lines', async () => {
    server.discovery = {
      provider_name: nasty,
      description: nasty,
      modes: ['delegated', 'autonomous', nasty],
    }
    const id = await connected('list_accounts')
    server.agent.name = nasty
    server.agent.grants = [
      { capability: nasty, status: nasty, constraints: { [nasty]: nasty }, reason: nasty },
    ]
    server.answers.set('/api/execute', () => ({ body: { data: nasty } }))
    server.answers.set('/api/revoke', () => ({
      status: 403,
      body: { error: nasty, message: nasty },
    }))
    for (const line of [
      `discover ${server.url}`,
      `status ${id}`,
      'connections',
      `execute ${id} list_accounts`,
      `disconnect ${id}`,
    ]) {
      for (const flag of ['', ' --json']) {
        const { out, err } = await agent(line + flag)
        expect(out.length + err.length).toBeGreaterThan(0)
        for (const text of [...out, ...err]) {
          expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u)
          expect(text).not.toMatch(/^Allowed: everything/m)
        }
      }
    }
  })
})
