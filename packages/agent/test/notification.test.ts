import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AgentContextOptions, createAgentClient, memoryStorage } from '../src/index.ts'
import { listenForDecision } from '../src/notification.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let requests: { url: string; authorization: string | null; redirect: string | undefined }[]

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  requests = []
})
afterEach(() => server.close())

type Write = (text: string) => void

/** Connects while `stream` plays the server's event stream. */
function connect(
  stream: (write: Write, end: () => void) => void | Promise<void>,
  {
    init = { headers: { 'content-type': 'text/event-stream' } },
    silence = 200,
    signal,
  }: { init?: ResponseInit; silence?: number; signal?: AbortSignal } = {},
) {
  const fetch: AgentContextOptions['fetch'] = async (input, options) => {
    const url = input instanceof Request ? input.url : input.toString()
    if (!url.includes('/events')) return globalThis.fetch(input, options)
    const authorization = new Headers(options?.headers).get('authorization')
    requests.push({ url, authorization, redirect: options?.redirect })
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        options?.signal?.addEventListener('abort', () => controller.error(options.signal?.reason))
        const write = (text: string) => controller.enqueue(new TextEncoder().encode(text))
        void stream(write, () => controller.close())
      },
    })
    return new Response(body, init)
  }
  const waitForDecision = listenForDecision({ silence })
  const client = createAgentClient({ storage: memoryStorage(), clock, fetch, waitForDecision })
  return client.connectAgent({
    provider: server.url,
    name: 'Helper',
    capabilities: ['list_accounts'],
    ...(signal && { signal }),
  })
}

const approve = () => server.approve(server.agent, { list_accounts: null })
const said = 'event: approval\ndata: {"status":"approved"}\n\n'

describe('listening for a decision (10.10.2)', () => {
  beforeEach(() => {
    server.approval = { notification_url: `${server.url}/events?agent_id=1` }
  })

  it('AC3 asks once when it is told, with a host JWT of its own', async () => {
    const connection = await connect(async (write) => {
      write(': waiting\n\nevent: app')
      await new Promise((resolve) => setTimeout(resolve, 20))
      approve()
      write(said.slice('event: app'.length))
    })
    expect(connection.status).toBe('active')
    expect(clock.sleeps).toEqual([0])
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({ redirect: 'manual' })
    const used = server.requests.map(({ token }) => `Bearer ${token}`)
    expect(requests[0]?.authorization).toMatch(/^Bearer ey/)
    expect(used).not.toContain(requests[0]?.authorization)
  })

  it.each<[string, Parameters<typeof connect>[0], Parameters<typeof connect>[1]]>([
    ['breaks', (write, end) => (write(': waiting\n\n'), end()), {}],
    ['falls silent', (write) => write(': waiting\n\n'), {}],
    ['says nothing at all', () => {}, {}],
    ['is refused', () => {}, { init: { status: 429 } }],
    ['is a redirect', () => {}, { init: { status: 302, headers: { location: '/' } } }],
    ['is no event stream', (_write, end) => end(), { init: {} }],
    ['says too much', (write) => write('x'.repeat(1_100_000)), {}],
  ])('AC3 polls when the stream %s', async (_what, stream, options) => {
    clock.onSleep = (count) => count === 2 && approve()
    expect((await connect(stream, options)).status).toBe('active')
    expect(clock.sleeps).toEqual([5_000, 5_000])
  })

  it.each([
    ['another origin', 'https://elsewhere.example/events'],
    ['another port', 'http://localhost:1/events'],
    ['no URL', 'javascript:alert(1)//events'],
  ])('AC3 sends no token to %s, and polls', async (_what, notification_url) => {
    server.approval = { notification_url }
    clock.onSleep = (count) => count === 1 && approve()
    expect((await connect(() => {})).status).toBe('active')
    expect(requests).toEqual([])
    expect(clock.sleeps).toEqual([5_000])
  })

  it('stops when the caller does', async () => {
    const controller = new AbortController()
    const connecting = connect(() => controller.abort(new Error('enough')), {
      silence: 60_000,
      signal: controller.signal,
    })
    await expect(connecting).rejects.toThrow('enough')
  })
})
