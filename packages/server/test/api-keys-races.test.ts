import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import {
  answerTo,
  countStatements,
  good,
  type KeyAuth,
  keysOf,
  limited,
  openInMemory,
  openOn,
  refused,
  remembersKey,
  withKey,
} from './support/api-keys.ts'
import { baseURL, secret } from './support/auth.ts'
import { placeEmptyDatabase } from './support/embedded-template.ts'
import { person, type Person } from './support/organizations.ts'

// Two processes on one database, as far as the code can tell.
let here: KeyAuth
let there: KeyAuth
let ada: Person
beforeAll(async () => {
  const database = await freshDatabase()
  here = openOn(database)
  await here.$ready
  there = openOn(database)
  await there.$ready
  ada = await person(here)
})
afterAll(() => Promise.all([here.$close(), there.$close()]))

const make = (body: object = {}, auth: KeyAuth = here, userId = ada.userId) =>
  auth.api.createApiKey({ body: { userId, ...body } })

const count = (answers: readonly string[], one: string) =>
  answers.filter((answer) => answer === one).length

const remaining = async (id: string) =>
  (await here.$connection?.sql.query('SELECT remaining FROM apikey WHERE id = $1', [id]))?.rows[0]

describe('a check is one statement when the key is not known, and none when it is', () => {
  it.each([['a person'], ['a service']])('of %s', async (owner) => {
    const service = await here.api.createService({ body: { name: 'ci' } })
    const body = owner === 'a person' ? { userId: ada.userId } : { serviceId: service.id }
    const { key } = await here.api.createApiKey({ body })
    expect(await countStatements(() => here.authenticate(withKey(key)))).toBe(1)
    await remembersKey(here, key)
    const check = () => Promise.all(Array.from({ length: 20 }, () => answerTo(here, key)))
    expect(await countStatements(check)).toBe(0)
  })

  it('a limit adds one statement for a twentieth of its window', async () => {
    const { key } = await make({ rateLimitMax: 1000, rateLimitTimeWindow: 3_600_000 })
    await vi.waitFor(async () => {
      await here.authenticate(withKey(key))
      const statements = await countStatements(async () => {
        for (let use = 0; use < 100; use++) await here.authenticate(withKey(key))
      })
      expect(statements).toBeLessThanOrEqual(2)
    })
  })
})

describe('what ends a key wins, here at once and in the other process as soon as it is told', () => {
  const endings: [string, (key: { id: string }) => Promise<unknown>][] = [
    ['disabling', ({ id }) => here.api.updateApiKey({ body: { keyId: id, enabled: false } })],
    ['revoking', ({ id }) => keysOf(here, ada).post('/delete', { keyId: id })],
    [
      'rotating without overlap',
      ({ id }) => here.api.rotateApiKey({ body: { keyId: id, overlap: 0 } }),
    ],
  ]

  it.each(endings)('%s', async (_name, end) => {
    const made = await make()
    await Promise.all([remembersKey(here, made.key), remembersKey(there, made.key)])
    await end(made)
    expect(await answerTo(here, made.key)).toBe(refused)
    await vi.waitFor(async () => expect(await answerTo(there, made.key)).toBe(refused))
  })

  it('deleting the person', async () => {
    const eve = await person(here)
    const { key } = await make({}, here, eve.userId)
    await Promise.all([remembersKey(here, key), remembersKey(there, key)])
    await (await here.$context).internalAdapter.deleteUser(eve.userId)
    expect(await answerTo(here, key)).toBe(refused)
    await vi.waitFor(async () => expect(await answerTo(there, key)).toBe(refused))
  })

  it('narrowing what it permits', async () => {
    const made = await make({ permissions: { reports: ['read'] } })
    await Promise.all([remembersKey(here, made.key), remembersKey(there, made.key)])
    const body = { keyId: made.id, permissions: {} }
    await here.api.updateApiKey({ body })
    const permits = async (auth: KeyAuth) => auth.authenticate(withKey(made.key))
    expect(await permits(here)).toMatchObject({ apiKey: { permissions: {} } })
    await vi.waitFor(async () =>
      expect((await permits(there)) as unknown).toEqual(await permits(here)),
    )
  })

  it('a check in flight is refused, though it read the key before, and again', async () => {
    const { id, key } = await make()
    const { sql } = here.$connection ?? {}
    if (!sql) throw new Error('no connection')
    const { query } = sql
    // Each read of the key takes effect at once and answers after something happened.
    const meanwhile = [{ name: 'renamed' }, { enabled: false }]
    const spy = vi.spyOn(sql, 'query').mockImplementation(async (...asked) => {
      const answer = await query(...asked)
      const change = asked[2]?.name === 'countersign_api_key' ? meanwhile.shift() : undefined
      if (change) await here.api.updateApiKey({ body: { keyId: id, ...change } })
      return answer
    })
    try {
      expect(await answerTo(here, key)).toBe(refused)
      expect(meanwhile).toEqual([])
    } finally {
      spy.mockRestore()
    }
  })

  it('the same on an adapter of the caller, and while a limit is taken', async () => {
    const memory = openInMemory()
    const { userId } = await person(memory)
    const { adapter } = await memory.$context
    const { id, key } = await memory.api.createApiKey({ body: { userId, remaining: 10 } })
    const { updateMany } = adapter
    let release = () => {}
    let hasTaken = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const taken = new Promise<void>((resolve) => (hasTaken = resolve))
    const spy = vi.spyOn(adapter, 'updateMany').mockImplementationOnce(async (call) => {
      const answer = await updateMany(call)
      hasTaken()
      await gate
      return answer
    })
    const check = answerTo(memory, key)
    await taken
    await memory.api.updateApiKey({ body: { keyId: id, enabled: false } })
    release()
    expect(await check).toBe(refused)
    spy.mockRestore()
  })
})

describe('what may happen once happens once', () => {
  it.each([
    ['without end', {}],
    ['that ends before the overlap', { expiresIn: 3600 }],
  ])('20 parallel rotations in two processes of a key %s make one new key', async (name, life) => {
    const { id, key } = await make({ name, ...life })
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 ? here : there).api.rotateApiKey({ body: { keyId: id } }),
      ),
    )
    const made = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const codes = results.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { body?: { code?: string } }).body?.code] : [],
    )
    expect(made).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set(['KEY_NOT_ROTATABLE']))
    const stored = await here.$connection?.sql.query('SELECT id FROM apikey WHERE name = $1', [
      name,
    ])
    expect(stored?.rows).toHaveLength(2)
    expect(await answerTo(here, key)).toBe(good)
    expect(await answerTo(there, made[0]?.key ?? '')).toBe(good)
  })

  it.each([
    ['narrowed', { permissions: {} }],
    ['disabled', { enabled: false }],
    ['given an earlier end', { expiresIn: 60 }],
  ])('a key that is %s while it is rotated leaves no successor', async (_what, change) => {
    const { id } = await make({ permissions: { reports: ['read', 'write'] }, expiresIn: 86_400 })
    const { adapter } = await here.$context
    const { create } = adapter
    const made: { id: string }[] = []
    const spy = vi.spyOn(adapter, 'create').mockImplementationOnce(async (call) => {
      const row = await create(call)
      made.push(row as { id: string })
      await there.api.updateApiKey({ body: { keyId: id, ...change } })
      return row as never
    })
    await expect(here.api.rotateApiKey({ body: { keyId: id } })).rejects.toThrow('not replaced')
    spy.mockRestore()
    expect(made).toHaveLength(1)
    const left = await here.$connection?.sql.query('SELECT id FROM apikey WHERE id = $1', [
      made[0]?.id,
    ])
    expect(left?.rows).toEqual([])
  })

  it('50 parallel callers on a limit of 10 in two processes are exactly 10 successes', async () => {
    const { id, key } = await make({ rateLimitMax: 10, rateLimitTimeWindow: 3_600_000 })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => answerTo(at % 2 ? here : there, key)),
    )
    expect([count(answers, good), count(answers, limited)]).toEqual([10, 40])
    const after = () => answerTo(here, key)
    expect(await countStatements(after)).toBeLessThanOrEqual(1)
    const row = await here.$connection?.sql.query(
      'SELECT request_count FROM apikey WHERE id = $1',
      [id],
    )
    expect(Number(row?.rows[0]?.['request_count'])).toBe(10)
  })

  it('uses that are taken in advance are never more than the limit', async () => {
    const { key } = await make({ rateLimitMax: 100, rateLimitTimeWindow: 3_600_000 })
    const answers = await Promise.all(
      Array.from({ length: 240 }, (_, at) => answerTo(at % 2 ? here : there, key)),
    )
    expect([count(answers, good), count(answers, limited)]).toEqual([100, 140])
  })

  it('30 parallel callers on 5 uses are exactly 5 successes, and never less than none is left', async () => {
    const { id, key } = await make({ remaining: 5 })
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => answerTo(at % 2 ? here : there, key)),
    )
    expect([count(answers, good), count(answers, refused)]).toEqual([5, 25])
    expect(await remaining(id)).toEqual({ remaining: 0 })
    await expect(here.authenticate(withKey(key))).rejects.toThrow('used up')
  })

  it('limits, uses and rotations hold on an adapter of the caller, in two processes', async () => {
    const rows = {}
    const memory = openInMemory({}, rows)
    const another = openInMemory({}, rows)
    const { userId } = await person(memory)
    for (const limit of [{ rateLimitMax: 10, rateLimitTimeWindow: 3_600_000 }, { remaining: 10 }]) {
      const { key } = await memory.api.createApiKey({ body: { userId, ...limit } })
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => answerTo(at % 2 ? memory : another, key)),
      )
      expect(count(answers, good)).toBe(10)
    }
    const { id } = await memory.api.createApiKey({ body: { userId } })
    const rotations = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) =>
        (at % 2 ? memory : another).api.rotateApiKey({ body: { keyId: id } }),
      ),
    )
    expect(rotations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

it('keys work on the embedded database', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-keys-'))
  await placeEmptyDatabase(dataDir)
  const embedded = createAuth({ dataDir, secret, baseURL, logger: { disabled: true } })
  const { userId } = await person(embedded)
  const body = { userId, rateLimitMax: 3, rateLimitTimeWindow: 3_600_000 }
  const { id, key } = await embedded.api.createApiKey({ body })
  const answers = await Promise.all(Array.from({ length: 5 }, () => answerTo(embedded, key)))
  expect([count(answers, good), count(answers, limited)]).toEqual([3, 2])
  const rotated = await embedded.api.rotateApiKey({ body: { keyId: id } })
  expect(await answerTo(embedded, rotated.key)).toBe(good)
  await embedded.api.updateApiKey({ body: { keyId: rotated.id, enabled: false } })
  expect(await answerTo(embedded, rotated.key)).toBe(refused)
  await embedded.$close()
  rmSync(dataDir, { recursive: true, force: true })
})
