import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executeBatch } from '../../agent/src/batch.ts'
import { connectAgent, createAgentContext, memoryStorage } from '../../agent/src/index.ts'
import { asynchronous } from '../../server/src/index.ts'
import type { Capability } from '../../server/src/index.ts'
import { newCli } from './cli.ts'
import { startRealServer } from './real-server.ts'
import type { RealServer } from './real-server.ts'

let counting: () => void = () => {}
let leaving: () => void = () => {}

const longRunning: readonly Capability[] = [
  {
    name: 'export_statement',
    description: 'Writes a statement, which takes a while.',
    execute: ({ pages }) =>
      asynchronous(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        return { pages }
      }),
  },
  {
    name: 'count',
    description: 'Counts, and fails where it is told to.',
    async *execute({ to, fail }) {
      for (let n = 1; n <= Number(to); n += 1) yield { n, note: 'a\nb' }
      if (fail) throw new Error('password=hunter2')
    },
  },
  {
    name: 'count_for_ever',
    description: 'Counts until nobody listens.',
    async *execute() {
      try {
        for (let n = 1; ; n += 1) {
          yield n
          counting()
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      } finally {
        leaving()
      }
    },
  },
]
const names = ['check_balance', 'export_statement', 'count', 'count_for_ever']

let server: RealServer
let cli: Awaited<ReturnType<typeof newCli>>

beforeAll(async () => {
  server = await startRealServer(longRunning)
  cli = await newCli()
  const connect = ['agent', 'connect', server.url, '--name', 'Helper', '--capabilities', ...names]
  const { code, err } = await cli(connect, {
    interactive: false,
    onPrint: (line) => {
      const { user_code: userCode } = JSON.parse(line) as { user_code?: string }
      if (userCode !== undefined) void server.decide(userCode, 'approve')
    },
  })
  if (code !== 0) throw new Error(err.join('\n'))
}, 60_000)
afterAll(() => server.close())

const execute = (words: string[], options?: Parameters<typeof cli>[1]) =>
  cli(['agent', 'execute', 'Helper', ...words], options)

describe('countersign agent execute, against a real server', () => {
  it('AC1 waits for a result that takes time', async () => {
    const run = await execute(['export_statement', '--args', '{"pages":3}', '--json'])
    expect(run.json).toEqual([{ data: { pages: 3 } }])
  })

  it('AC1 --no-wait prints where to ask', async () => {
    const { code, json } = await execute(['export_statement', '--no-wait', '--json'])
    expect(code).toBe(0)
    expect(json).toEqual([{ status: 'pending', status_url: expect.any(String) }])
    expect(String(json[0]?.['status_url'])).toContain(`${server.url}/api/auth/capability/job?id=`)
    const { out } = await execute(['export_statement', '--no-wait'])
    expect(out.join()).toMatch(/^Still running: http/)
    const sync = await execute([
      'check_balance',
      '--args',
      '{"account":"a"}',
      '--no-wait',
      '--json',
    ])
    expect(sync.json).toEqual([{ data: { balance: 120 } }])
    const refused = await execute(['check_balance', '--no-wait'])
    expect(refused.code).toBe(1)
  })

  it('AC1 prints a stream as lines of JSON', async () => {
    const args = ['count', '--args', '{"to":2}']
    const { out } = await execute(args)
    expect(out).toEqual(['{"n":1,"note":"a\\nb"}', '{"n":2,"note":"a\\nb"}'])
    const { json } = await execute([...args, '--json'])
    expect(json).toEqual([
      { data: { n: 1, note: 'a\nb' } },
      { data: { n: 2, note: 'a\nb' } },
      { done: true },
    ])
  })

  it('AC1 a stream that fails ends with its error, after what came before', async () => {
    const { code, json } = await execute(['count', '--args', '{"to":1,"fail":true}', '--json'])
    expect(code).toBe(1)
    expect(json).toMatchObject([{ data: { n: 1 } }, { error: 'internal_error' }])
    expect(JSON.stringify(json)).not.toContain('hunter2')
  })

  it('AC1 Ctrl-C ends a stream at the server, too', async () => {
    const stopping = new AbortController()
    const counted = new Promise<void>((resolve) => (counting = resolve))
    const left = new Promise<void>((resolve) => (leaving = resolve))
    const running = execute(['count_for_ever'], { signal: stopping.signal })
    await counted
    stopping.abort(new Error('interrupted'))
    expect((await running).code).toBe(130)
    await left
  })
})

describe('a batch, against a real server', () => {
  it('AC1 brings each its result, also what takes time', async () => {
    const context = createAgentContext({
      storage: memoryStorage(),
      onApproval: async ({ user_code: userCode = '' }) => {
        await server.decide(userCode, 'approve')
      },
    })
    const { agent_id: agentId } = await connectAgent(context, {
      provider: server.url,
      name: 'Batcher',
      capabilities: names,
    })
    const results = await executeBatch(context, {
      agentId,
      requests: [
        { capability: 'check_balance', arguments: { account: 'a' } },
        { capability: 'check_balance' },
        { capability: 'export_statement', arguments: { pages: 1 } },
        { capability: 'count', arguments: { to: 1 } },
        { capability: 'transfer_money', arguments: { amount: 1, to: 'a' } },
      ],
    })
    expect(results).toMatchObject([
      { data: { balance: 120 } },
      { error: { code: 'invalid_request' } },
      { data: { pages: 1 } },
      { error: { code: 'invalid_request' } },
      { error: { code: 'capability_not_granted' } },
    ])
  })
})
