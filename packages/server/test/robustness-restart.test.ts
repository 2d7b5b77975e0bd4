import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { CuttableWay } from '../../../e2e/outage.ts'
import { startPostgres, type TestPostgres } from '../../../testing/postgres.ts'
import { createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'
import { get, remembers, whoIs } from './support/sessions.ts'

let postgres: TestPostgres
let way: CuttableWay
let direct: string
let auth: ReturnType<typeof createAuth>
beforeAll(async () => {
  postgres = await startPostgres()
  direct = await postgres.createDatabase()
  way = await CuttableWay.to(direct)
  const { connectionString } = way
  auth = createAuth({ connectionString, secret, baseURL, logger: { disabled: true } })
  await auth.$ready
}, 60_000)
afterAll(async () => {
  await auth.$close()
  await way.close()
  await postgres.stop()
})

async function ask<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: direct, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

const startedAt = async () =>
  (
    await ask<{ at: string }>(
      "select pg_postmaster_start_time()::text || pid as at from pg_stat_activity where backend_type = 'checkpointer'",
    )
  )[0]?.at

/** Restarts the database: while it does, nobody reaches it. */
async function restart(isAway: () => boolean): Promise<void> {
  // What was committed is on disk: this test server writes late.
  await ask('checkpoint')
  const before = await startedAt()
  const [backend] = await ask<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'countersign' limit 1`,
  )
  if (!backend) throw new Error('no connection to lose')
  // The server ends every other connection with it and starts again from its log.
  process.kill(backend.pid, 'SIGKILL')
  way.cut()
  await vi.waitFor(async () => expect(await startedAt()).not.toBe(before), 30_000)
  await vi.waitFor(() => expect(isAway()).toBe(true), 30_000)
  way.mend()
}

/** What a request was answered: a status or a kind of principal, and when to come back. */
interface Seen {
  readonly what: string
  readonly answer: unknown
  readonly retryAfter: string | null
  readonly setCookie: string | null
}

it(
  'the database restarts under load: 503 meanwhile, then as before, and nobody is signed out',
  {
    timeout: 120_000,
  },
  async () => {
    const people = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { cookie } = await signUp(auth, `${crypto.randomUUID()}@example.com`)
        const created = await post(auth, '/api-key/create', { name: 'key' }, { cookie })
        const { key } = (await created.json()) as { key: string }
        return { cookie, key }
      }),
    )
    for (const { cookie } of people) await remembers(auth, cookie)

    const seen: Seen[] = []
    const isOver = { now: false }
    const principal = async (what: string, headers: Record<string, string>) => {
      const request = new Request(`${baseURL}/me`, { headers })
      const found = await auth.authenticate(request).then(
        ({ kind }) => ({ answer: kind, retryAfter: null }),
        (error: { status: number; headers?: Record<string, string> }) => ({
          answer: error.status,
          retryAfter: error.headers?.['retry-after'] ?? null,
        }),
      )
      seen.push({ what, ...found, setCookie: null })
    }
    const response = async (what: string, answering: Promise<Response>) => {
      const answer = await answering
      const body = (await answer.json()) as { user?: unknown } | null
      const signedOut = what === 'get-session' && answer.status === 200 && !body?.user
      seen.push({
        what,
        answer: signedOut ? 'signed out' : answer.status,
        retryAfter: answer.headers.get('retry-after'),
        setCookie: answer.headers.get('set-cookie'),
      })
    }
    const load = people.map(async ({ cookie, key }) => {
      while (!isOver.now) {
        await principal('session', { cookie })
        await principal('API key', { authorization: `ApiKey ${key}` })
        await principal('unknown key', { authorization: `ApiKey ${crypto.randomUUID()}` })
        await response('get-session', get(auth, '/get-session', cookie))
        await response('list-sessions', get(auth, '/list-sessions', cookie))
        await response('update', post(auth, '/update-user', { name: 'Ada' }, { cookie }))
        await delay(10)
      }
    })

    const away = (what: string) =>
      seen.some(({ what: of, answer }) => of === what && answer === 503)
    const everything = [
      'session',
      'API key',
      'unknown key',
      'get-session',
      'list-sessions',
      'update',
    ]
    await restart(() => everything.every(away))
    // The same server, without a restart of its own, serves everybody again.
    await vi.waitFor(async () => {
      for (const { cookie, key } of people) {
        expect(await whoIs(auth, cookie)).toBe('user')
        expect(await whoIs(auth, { authorization: `ApiKey ${key}` })).toBe('user')
      }
    }, 30_000)
    isOver.now = true
    await Promise.all(load)

    const answersTo = (what: string) =>
      new Set(seen.filter((one) => one.what === what).map(({ answer }) => answer))
    expect(answersTo('session')).toEqual(new Set(['user', 503]))
    expect(answersTo('API key')).toEqual(new Set(['user', 503]))
    expect(answersTo('unknown key')).toEqual(new Set([401, 503]))
    for (const path of ['get-session', 'list-sessions', 'update']) {
      expect(answersTo(path), path).toEqual(new Set([200, 503]))
    }
    const refusals = seen.filter(({ answer }) => answer === 503)
    expect(refusals.filter(({ retryAfter }) => !(Number(retryAfter) > 0))).toEqual([])
    // No cookie was taken away from anybody.
    const removed = seen.filter(({ setCookie }) => setCookie?.includes('Max-Age=0'))
    expect(removed).toEqual([])

    // What is remembered is again, with every change told.
    for (const { cookie } of people) await vi.waitFor(() => remembers(auth, cookie), 30_000)
  },
)
