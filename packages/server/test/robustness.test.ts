import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'
import { countStatements, get, remembers, sign, whoIs } from './support/sessions.ts'

const POOL = 10
const WAVES = 5
const WAVE = 2_000

let connectionString: string
let auth: ReturnType<typeof createAuth>
/** Looks at the database from outside, on a connection of its own. */
let outside: pg.Client
beforeAll(async () => {
  connectionString = await freshDatabase()
  const options = { connectionString, secret, baseURL, rateLimit: false }
  auth = createAuth({ ...options, logger: { disabled: true } })
  await auth.$ready
  outside = new pg.Client({ connectionString })
  await outside.connect()
})
afterAll(async () => {
  await outside.end()
  await auth.$close()
})

/** A person with a session and an API key. */
async function newPerson() {
  const { cookie, userId } = await signUp(auth, `${crypto.randomUUID()}@example.com`)
  const created = await post(auth, '/api-key/create', { name: 'key' }, { cookie })
  const { key } = (await created.json()) as { key: string }
  return { cookie, userId, key }
}

/** Connections of the pool, by what they do. */
async function connections(): Promise<{ total: number; idle: number }> {
  const { rows } = await outside.query<{ total: number; idle: number }>(
    `select count(*)::int as total, (count(*) filter (where state = 'idle'))::int as idle
       from pg_stat_activity
      where datname = current_database() and application_name = 'countersign'`,
  )
  return rows[0] ?? { total: Number.NaN, idle: Number.NaN }
}

/** Opens as many transactions as the pool has connections; each ends when all have begun. */
async function useEveryConnection(): Promise<number> {
  let begun = 0
  let allBegan = () => {}
  const together = new Promise<void>((resolve) => (allBegan = resolve))
  const work = async () =>
    auth.$connection?.sql.transaction(async (sql) => {
      await sql.query('select 1')
      begun += 1
      if (begun === POOL) allBegan()
      await together
    })
  await Promise.all(Array.from({ length: POOL }, work))
  return begun
}

describe('10,000 parallel requests on a pool of 10', { timeout: 120_000 }, () => {
  it('are all answered right, and every connection comes back', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, newPerson))
    const somebody = (index: number) => {
      const person = people[index % people.length]
      if (!person) throw new Error('nobody')
      return person
    }
    const cookieName = somebody(0).cookie.split('=')[0] ?? ''
    const stranger = () => `${cookieName}=${encodeURIComponent(sign(crypto.randomUUID()))}`
    const fail = () =>
      auth.$connection?.sql.transaction(async (sql) => {
        await sql.query('select 1')
        await sql.query('select * from nowhere')
      })
    // Each reads the database, but for those that are remembered.
    const kinds: readonly [string, (index: number) => Promise<unknown>][] = [
      ['user', (index) => whoIs(auth, somebody(index).cookie)],
      ['anonymous', () => whoIs(auth, stranger())],
      ['user', (index) => whoIs(auth, { authorization: `ApiKey ${somebody(index).key}` })],
      ['401', () => whoIs(auth, { authorization: `ApiKey ${crypto.randomUUID()}` })],
      ['401', () => whoIs(auth, { authorization: `Bearer ${sign(crypto.randomUUID())}` })],
      ['200', async (index) => (await get(auth, '/get-session', somebody(index).cookie)).status],
      ['200', async () => (await get(auth, '/get-session', stranger())).status],
      ['anonymous', () => whoIs(auth, stranger())],
      // Better Auth's own way to the database, and a transaction that is rolled back.
      ['200', async (index) => (await get(auth, '/list-sessions', somebody(index).cookie)).status],
      ['42P01', () => fail()?.catch((error: { code: string }) => error.code) ?? Promise.resolve()],
    ]
    const shares = [400, 300, 300, 300, 200, 250, 50, 50, 50, 100]
    expect(shares.reduce((sum, share) => sum + share)).toBe(WAVE)
    const wave = kinds.flatMap((kind, at) => Array.from({ length: shares[at] ?? 0 }, () => kind))

    const seen: number[] = []
    const isOver = { now: false }
    const watching = (async () => {
      while (!isOver.now) seen.push((await connections()).total)
    })()
    const answers = new Map<string, number>()
    let answered = 0
    for (let round = 0; round < WAVES; round += 1) {
      await Promise.all(
        wave.map(async ([right, ask], index) => {
          // A request that waited too long for a connection is asked again, as its client would.
          let answer = await ask(index)
          for (let again = 0; answer === 503 && again < 20; again += 1) answer = await ask(index)
          answered += 1
          if (String(answer) === right) return
          const wrong = `${String(answer)} for ${right}`
          answers.set(wrong, (answers.get(wrong) ?? 0) + 1)
        }),
      )
    }
    isOver.now = true
    await watching

    expect(Object.fromEntries(answers)).toEqual({})
    expect(answered).toBe(10_000)
    expect(Math.max(...seen)).toBeLessThanOrEqual(POOL)
    // A connection that leaked would be missing here, and the last transaction wait for it.
    expect(await useEveryConnection()).toBe(POOL)
    await vi.waitFor(async () => {
      const { total, idle } = await connections()
      expect(idle).toBe(total)
      expect(total).toBeLessThanOrEqual(POOL)
    })
  })
})

describe('while the database cannot tell what changes', { timeout: 60_000 }, () => {
  /** From now on nobody can open a connection to the database; what is open stays. */
  async function admit(isOpen: boolean): Promise<void> {
    const maintenance = new URL(connectionString)
    const name = maintenance.pathname.slice(1)
    maintenance.pathname = '/postgres'
    const client = new pg.Client({ connectionString: maintenance.href })
    await client.connect()
    await client.query(`alter database ${name} allow_connections ${String(isOpen)}`)
    await client.end()
  }

  it('nothing is remembered, and what was remembered before is forgotten', async () => {
    const { cookie, key, userId } = await newPerson()
    const withKey = { authorization: `ApiKey ${key}` }
    await remembers(auth, cookie)
    await vi.waitFor(async () => expect(await countStatements(() => whoIs(auth, withKey))).toBe(0))
    await admit(false)
    try {
      await outside.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'countersign-notifications'`,
      )
      await vi.waitFor(async () => {
        expect(await countStatements(() => whoIs(auth, cookie))).toBe(1)
        expect(await countStatements(() => whoIs(auth, withKey))).toBeGreaterThan(0)
      })
      // They are good as ever, and read each time.
      for (let round = 0; round < 3; round += 1) {
        expect(await countStatements(() => whoIs(auth, cookie))).toBe(1)
        expect([await whoIs(auth, cookie), await whoIs(auth, withKey)]).toEqual(['user', 'user'])
      }
      // Nobody tells of what another process ends; it ends at once all the same.
      await outside.query('delete from session where user_id = $1', [userId])
      await outside.query('delete from apikey where reference_id = $1', [userId])
      expect([await whoIs(auth, cookie), await whoIs(auth, withKey)]).toEqual(['anonymous', 401])
    } finally {
      await admit(true)
    }
    const other = await newPerson()
    await vi.waitFor(() => remembers(auth, other.cookie), 20_000)
  })
})
