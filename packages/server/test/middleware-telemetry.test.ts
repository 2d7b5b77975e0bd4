import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAuth } from '../src/index.ts'
import { baseURL, secret } from './support/auth.ts'
import { type MiddlewareWorld, openMiddlewareWorld } from './support/middleware/world.ts'

let world: MiddlewareWorld
beforeAll(async () => {
  world = await openMiddlewareWorld()
})
afterAll(() => world.close())
afterEach(() => {
  trace.disable()
  metrics.disable()
})

const ask = (
  headers: Record<string, string>,
  door: Pick<typeof world.auth, 'authenticate'> = world.auth,
) =>
  door.authenticate(new Request(`${baseURL}/x`, { headers })).then(
    () => 200,
    (error: { status?: number }) => error.status,
  )

/** A credential of every kind, and how each ends. */
async function askAll() {
  expect(await ask({ cookie: world.owner.cookie })).toBe(200)
  expect(await ask({ authorization: `Bearer ${world.jwt}` })).toBe(200)
  expect(await ask({ authorization: `ApiKey ${world.key}` })).toBe(200)
  expect(await ask({ authorization: `Bearer ${world.staticToken}` })).toBe(200)
  expect(await ask({ authorization: `Bearer ${await world.agentJwt()}` })).toBe(200)
  expect(await ask({})).toBe(200)
  expect(await ask({ authorization: 'Bearer nothing' })).toBe(401)
  expect(await ask({}, world.away)).toBe(503)
}

const expected = [
  { 'countersign.method': 'session', 'countersign.principal': 'user' },
  { 'countersign.method': 'bearer', 'countersign.principal': 'user' },
  { 'countersign.method': 'api-key', 'countersign.principal': 'user' },
  { 'countersign.method': 'static-token', 'countersign.principal': 'service' },
  { 'countersign.method': 'agent', 'countersign.principal': 'agent' },
].map((attributes) => ({ ...attributes, 'countersign.outcome': 'authenticated' }))
const others = [
  {
    'countersign.method': 'none',
    'countersign.principal': 'anonymous',
    'countersign.outcome': 'anonymous',
  },
  { 'countersign.outcome': 'refused', 'error.type': 'authentication_required' },
  { 'countersign.outcome': 'unavailable', 'error.type': 'unavailable' },
]

function collectSpans() {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  return () => exporter.getFinishedSpans().filter(({ name }) => name === 'countersign.authenticate')
}

describe('telemetry', () => {
  it('makes a span for every authentication, with attributes that name nobody', async () => {
    const spans = collectSpans()
    await askAll()
    expect(spans().map(({ attributes }) => attributes)).toEqual([...expected, ...others])
    const text = JSON.stringify(
      spans().map(({ attributes, events, status, name }) => ({ attributes, events, status, name })),
    )
    for (const secretOf of [world.owner.email, world.owner.userId, world.key, world.jwt]) {
      expect(text).not.toContain(secretOf)
    }
    expect(spans().map(({ status }) => status.code)).toEqual([
      ...Array.from({ length: 7 }, () => SpanStatusCode.UNSET),
      SpanStatusCode.ERROR,
    ])
  })

  it('counts and measures them', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    // An SDK that comes after the first request is found, too.
    await ask({ cookie: world.owner.cookie })
    metrics.setGlobalMeterProvider(provider)
    await askAll()
    await provider.forceFlush()
    const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    const named = (name: string) =>
      found.flatMap((scope) => scope.metrics).find(({ descriptor }) => descriptor.name === name)
    const counter = named('countersign.authentications')
    expect(counter?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      ...expected,
      ...others,
    ])
    expect(counter?.dataPoints.map(({ value }) => value)).toEqual(
      Array.from({ length: 8 }, () => 1),
    )
    const duration = named('countersign.authentication.duration')
    expect(duration?.descriptor.unit).toBe('s')
    expect(duration?.dataPoints).toHaveLength(8)
    expect(duration?.dataPoints[0]?.value).toMatchObject({ count: 1 })
    await provider.shutdown()
  })

  it('names the person only where the option says so, and never their address', async () => {
    const auth = createAuth({
      connectionString: world.connectionString,
      secret,
      baseURL,
      logger: { disabled: true },
      rateLimit: false,
      telemetry: { userId: true },
    })
    const spans = collectSpans()
    expect(await ask({ cookie: world.owner.cookie }, auth)).toBe(200)
    expect(await ask({}, auth)).toBe(200)
    const [somebody, nobody] = spans().map(({ attributes }) => attributes)
    expect(somebody).toMatchObject({ 'user.id': world.owner.userId })
    expect(JSON.stringify(somebody)).not.toContain(world.owner.email)
    expect(nobody).not.toHaveProperty('user.id')
    await auth.$close()
  })

  it('costs nothing without an SDK: no span, no clock, no attributes', async () => {
    const now = vi.spyOn(performance, 'now')
    try {
      expect(await ask({ cookie: world.owner.cookie })).toBe(200)
      const before = now.mock.calls.length
      await ask({ cookie: world.owner.cookie })
      expect(now.mock.calls.length).toBe(before)
    } finally {
      now.mockRestore()
    }
  })
})
