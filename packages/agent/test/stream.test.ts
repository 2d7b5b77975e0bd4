import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgentClient, createAgentContext, memoryStorage } from '../src/index.ts'
import type { AgentContext, AgentContextOptions } from '../src/index.ts'
import { openExecution, streamCapability } from '../src/stream.ts'
import type { StreamOptions } from '../src/stream.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let agentId: string
let options: AgentContextOptions
let context: AgentContext

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  options = { storage: memoryStorage(), clock }
  context = createAgentContext(options)
  const connection = await createAgentClient(options).connectAgent({
    provider: server.url,
    name: 'Helper',
    mode: 'autonomous',
    capabilities: ['list_accounts', 'slow_report'],
  })
  agentId = connection.agent_id
})
afterEach(() => server.close())

/** Lets the server answer an execution with a text of server-sent events. */
function answerWith(body: string): void {
  const headers = { 'content-type': 'text/event-stream; charset=utf-8' }
  server.answers.set('/api/execute', () => ({ headers, body }))
}

interface Play {
  readonly write: (text: string) => void
  readonly close: () => void
  /** Aborted when the client ends the request. */
  readonly signal: AbortSignal
}

/** A context whose server streams what `play` writes, when it writes it. */
function streaming(play: (stream: Play) => void | Promise<void>): AgentContext {
  return createAgentContext({
    ...options,
    fetch: async (input, init) => {
      if (!new Request(input).url.endsWith('/api/execute')) return fetch(input, init)
      const signal = init?.signal ?? AbortSignal.abort()
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          signal.addEventListener('abort', () => controller.error(signal.reason))
          const write = (text: string) => controller.enqueue(new TextEncoder().encode(text))
          void play({ write, close: () => controller.close(), signal })
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
}

const run = (more: Partial<StreamOptions> = {}, by = context) =>
  streamCapability(by, { agentId, capability: 'list_accounts', ...more })

async function all(chunks: AsyncGenerator<unknown, unknown>) {
  const seen: unknown[] = []
  for (;;) {
    const { done, value } = await chunks.next()
    if (done) return { seen, end: value }
    seen.push(value)
  }
}

describe('a stream (5.11)', () => {
  it('AC1 yields each chunk of JSON and returns what comes with done', async () => {
    answerWith(
      ': open\n\nevent: data\ndata: {"a":1}\n\ndata: "no event field"\n\n' +
        'event: data\r\ndata: [1,\r\ndata: 2]\r\nid: 7\r\n\r\nevent: later\ndata: ?\n\n' +
        'event: data\rdata:null\r\r' +
        'event: done\ndata: {"total":3}\n\nevent: data\ndata: "never"\n\n',
    )
    expect(await all(run())).toEqual({
      seen: [{ a: 1 }, 'no event field', [1, 2], null],
      end: { total: 3 },
    })
    answerWith('event: done\ndata: \n\n')
    expect(await all(run())).toEqual({ seen: [], end: undefined })
  })

  it('AC1 yields a chunk as soon as it is there, wherever the network cuts', async () => {
    let write: Play['write'] = () => {}
    const chunks = run(
      {},
      streaming((stream) => {
        write = stream.write
      }),
    )
    const first = chunks.next()
    const text = 'event: data\r\ndata: "ä€"\r\n\r\n'
    for (const letter of text) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      write(letter)
    }
    expect(await first).toEqual({ done: false, value: 'ä€' })
    write('event: done\ndata:\n\n')
    expect(await chunks.next()).toEqual({ done: true, value: undefined })
  })

  it('AC1 a service that does not stream yields its one result, also when that takes time', async () => {
    expect((await all(run({ arguments: { a: 1 } }))).seen).toEqual([
      { echo: { a: 1 }, agent: agentId },
    ])
    const slow = await all(run({ capability: 'slow_report' }))
    expect(slow.seen).toMatchObject([{ agent: agentId }])
    expect(clock.sleeps.length).toBeGreaterThan(1)
    const opened = await openExecution(context, { agentId, capability: 'list_accounts' })
    expect(opened).toMatchObject({ mode: 'result', data: { agent: agentId } })
  })

  it('AC1 AC3 says where to ask when nobody waits, on the issuer alone', async () => {
    const unwaited = { agentId, capability: 'slow_report', wait: false }
    const opened = await openExecution(context, unwaited)
    expect(opened).toEqual({
      mode: 'pending',
      status_url: expect.stringContaining(`${server.url}/api/jobs/`),
    })
    expect(clock.sleeps).toEqual([])
    for (const status_url of ['https://evil.example/job', 7]) {
      server.answers.set('/api/execute', () => ({
        status: 202,
        body: { status: 'pending', status_url },
      }))
      await expect(openExecution(context, unwaited)).rejects.toMatchObject({
        code: status_url === 7 ? 'bad_response' : 'issuer_mismatch',
      })
    }
  })

  it('AC1 throws the error of the service, and what it refuses at once', async () => {
    answerWith(
      'event: data\ndata: 1\n\nevent: error\ndata: {"error":"agent_revoked","message":"Over."}\n\n' +
        'event: done\ndata:\n\n',
    )
    const chunks = run()
    expect(await chunks.next()).toEqual({ done: false, value: 1 })
    await expect(chunks.next()).rejects.toMatchObject({ code: 'agent_revoked', message: 'Over.' })
    const body = { error: 'constraint_violated', message: 'Too much.' }
    server.answers.set('/api/execute', () => ({ status: 403, body }))
    await expect(all(run())).rejects.toMatchObject({ code: 'constraint_violated' })
  })

  it.each([
    ['without done', 'event: data\ndata: 1\n\n'],
    ['in the middle of done', 'event: done\ndata:'],
    ['with a chunk that is not JSON', 'event: data\ndata: {oops\n\nevent: done\ndata:\n\n'],
    ['with nothing', ''],
  ])('AC1 does not take the end of the connection for an end: %s', async (_title, text) => {
    answerWith(text)
    await expect(all(run())).rejects.toMatchObject({ code: 'bad_response' })
  })

  it('AC1 whoever stops listening closes the stream', async () => {
    let played: Play | undefined
    const by = streaming((stream) => {
      played = stream
      stream.write('event: data\ndata: 1\n\n')
    })
    for await (const chunk of run({}, by)) {
      expect(chunk).toBe(1)
      expect(played?.signal.aborted).toBe(false)
      break
    }
    expect(played?.signal.aborted).toBe(true)
  })

  it('AC1 a signal ends it, before it begins and later', async () => {
    const stopping = new AbortController()
    let played: Play | undefined
    const by = streaming((stream) => {
      played = stream
      stream.write('event: data\ndata: 1\n\n')
    })
    const chunks = run({ signal: stopping.signal }, by)
    await chunks.next()
    const next = chunks.next()
    stopping.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    expect(played?.signal.aborted).toBe(true)
    await expect(run({ signal: stopping.signal }, by).next()).rejects.toThrow('enough')
  })

  it('AC1 gives up on a stream that falls silent; a comment is a word', async () => {
    const by = streaming(async ({ write }) => {
      for (let word = 0; word < 5; word += 1) {
        await new Promise((resolve) => setTimeout(resolve, 40))
        write(': still running\n\n')
      }
      write('event: data\ndata: 1\n\n')
    })
    const chunks = run({ silence: 150 }, by)
    expect(await chunks.next()).toEqual({ done: false, value: 1 })
    await expect(chunks.next()).rejects.toMatchObject({ code: 'timeout' })
  })

  it('AC1 an event that does not end is not collected for ever', async () => {
    const by = streaming(({ write }) => {
      for (let part = 0; part < 11; part += 1) write(`data: ${'x'.repeat(1_000_000)}\n`)
    })
    await expect(all(run({}, by))).rejects.toMatchObject({ code: 'bad_response' })
  })
})
