import { isTokenExpired, KeyValueTokenStorage, type OAuthFlowConfig } from '@countersign/client'
import { KeyValueClient, type KeyValueStorage } from '@countersign/client/key-value'
import { createKeyValueTable, PostgresKeyValue } from '@countersign/client/key-value/postgres'
import { UnstorageKeyValue } from '@countersign/client/key-value/unstorage'
import { Pool } from 'pg'
import { createStorage } from 'unstorage'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { heldAnswer, startTokenEndpoint, type TokenEndpoint } from './support/token-endpoint.ts'

const secrets = 'a-secret-that-two-processes-share-0123456789'
const expired = {
  access_token: 'access-0',
  token_type: 'bearer',
  refresh_token: 'refresh-0',
  expires_in: 0,
}
const fresh = {
  access_token: 'access-1',
  token_type: 'bearer',
  refresh_token: 'refresh-1',
  expires_in: 3600,
}

let endpoint: TokenEndpoint
let config: OAuthFlowConfig
beforeEach(async () => {
  endpoint = await startTokenEndpoint()
  config = endpoint.config
})
afterEach(async () => {
  vi.useRealTimers()
  await endpoint.close()
})

let pool: Pool
beforeAll(async () => {
  pool = new Pool({ connectionString: await freshDatabase() })
  await createKeyValueTable(pool)
})
afterAll(() => pool.end())

/** Gives several vaults over one store; for `processes`, nothing but the store connects them. */
type World = () => () => KeyValueStorage

let database = 0
const worlds: [string, World][] = [
  ['one process, in memory', () => always(new KeyValueClient())],
  ['one process, unstorage', () => always(new UnstorageKeyValue(createStorage()))],
  ['two processes, PostgreSQL', () => () => new PostgresKeyValue(pool)],
  ['two processes, atomic store', () => separately(new KeyValueClient())],
]

function always(store: KeyValueStorage): () => KeyValueStorage {
  return () => store
}

/** The same store behind another object, so that nothing in this process connects the two. */
function separate(store: KeyValueStorage): KeyValueStorage {
  const { compareAndSet } = store
  return {
    get: (namespace, key) => store.get(namespace, key),
    set: (namespace, key, value, options) => store.set(namespace, key, value, options),
    delete: (namespace, key) => store.delete(namespace, key),
    ...(compareAndSet && { compareAndSet: compareAndSet.bind(store) }),
  }
}

function separately(store: KeyValueStorage): () => KeyValueStorage {
  return () => separate(store)
}

describe.each(worlds)('%s', (_name, world) => {
  let vault: () => KeyValueTokenStorage
  let store: KeyValueStorage
  let namespace: string
  beforeEach(() => {
    const open = world()
    store = open()
    namespace = `tokens-${(database += 1)}`
    vault = () => new KeyValueTokenStorage(open(), { config, namespace, secrets })
  })

  it('S54 20 parallel calls refresh once and all get the fresh token', async () => {
    await vault().set('alice', expired)
    const vaults = [vault(), vault()]
    const found = await Promise.all(
      Array.from({ length: 20 }, (_, index) => vaults[index % 2]?.get('alice')),
    )
    expect(found.map((token) => token?.access_token)).toEqual(Array(20).fill('access-1'))
    expect(endpoint.refreshes()).toHaveLength(1)
  })

  it('S54 a vault per call refreshes once as well', async () => {
    await vault().set('alice', expired)
    await Promise.all(Array.from({ length: 20 }, () => vault().get('alice')))
    expect(endpoint.refreshes()).toHaveLength(1)
  })

  it('refreshes different tokens at the same time', async () => {
    const held = heldAnswer({ body: fresh })
    await vault().set('alice', expired)
    await vault().set('bob', expired)
    endpoint.answerRefresh(held.answer)
    const both = Promise.all([vault().get('alice'), vault().get('bob')])
    await vi.waitFor(() => expect(endpoint.refreshes()).toHaveLength(2), { timeout: 10_000 })
    held.release()
    expect(await both).toMatchObject([{ access_token: 'access-1' }, { access_token: 'access-1' }])
  })

  it('S54 invalidate wins over a refresh in flight', async () => {
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    const refreshing = vault().get('alice')
    await held.arrived
    expect(await vault().invalidate('alice')).toMatchObject({ refresh_token: 'refresh-0' })
    held.release()
    expect(await refreshing).toBeNull()
    expect(await vault().get('alice')).toBeNull()
    expect(await store.get(namespace, 'alice')).toEqual({ exists: false })
    // What the provider issued meanwhile is void as well.
    const revoked = endpoint.revocations().map(({ form }) => form['token'])
    expect(revoked).toEqual(['refresh-0', 'refresh-1'])
  })

  it('signing in again wins over a refresh in flight', async () => {
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    const refreshing = vault().get('alice')
    await held.arrived
    const again = { ...fresh, access_token: 'access-again', refresh_token: 'refresh-again' }
    await vault().set('alice', again)
    held.release()
    expect(await refreshing).toMatchObject({ access_token: 'access-again' })
    expect(await vault().get('alice')).toMatchObject({ refresh_token: 'refresh-again' })
    // A provider may take revoking the older grant for revoking both.
    expect(endpoint.revocations()).toEqual([])
  })

  it('signing in again wins also where the provider gives out the same refresh token', async () => {
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    const refreshing = vault().get('alice')
    await held.arrived
    await vault().set('alice', { ...expired, access_token: 'access-again', expires_in: 3600 })
    held.release()
    expect(await refreshing).toMatchObject({ access_token: 'access-again' })
    expect(endpoint.revocations()).toEqual([])
  })

  it('disconnecting and connecting again wins over a refresh in flight', async () => {
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    const refreshing = vault().get('alice')
    await held.arrived
    await vault().invalidate('alice')
    await vault().set('alice', { ...fresh, access_token: 'again', refresh_token: 'refresh-again' })
    held.release()
    expect(await refreshing).toMatchObject({ access_token: 'again' })
    expect(await vault().get('alice')).toMatchObject({ refresh_token: 'refresh-again' })
    const revoked = endpoint.revocations().map(({ form }) => form['token'])
    expect(revoked).toEqual(['refresh-0', 'refresh-1'])
  })

  it('a refresh that fails in the end undoes nothing that happened meanwhile', async () => {
    const held = heldAnswer({ status: 400, body: { error: 'invalid_grant' } })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    await vault().set('bob', expired)
    const refreshing = Promise.all([vault().get('alice'), vault().get('bob')])
    await vi.waitFor(() => expect(endpoint.refreshes()).toHaveLength(2), { timeout: 10_000 })
    await vault().invalidate('alice')
    await vault().set('bob', fresh)
    held.release()
    expect(await refreshing).toMatchObject([
      null,
      { access_token: 'access-1', health: { status: 'ok' } },
    ])
    expect(await vault().get('alice')).toBeNull()
    expect(await vault().get('bob')).toMatchObject({ health: { status: 'ok' } })
  })

  it('takes over from a process that died while refreshing', async () => {
    await vault().set('alice', expired)
    await store.set(namespace, 'alice%lease', 'a process that is gone', { ttl: 0.1 })
    expect(await vault().get('alice')).toMatchObject({ access_token: 'access-1' })
  })

  it('a refresh that outlived its lease still counts', async () => {
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    await vault().set('alice', expired)
    const slow = vault().get('alice')
    await held.arrived
    await store.delete(namespace, 'alice%lease')
    // Another process tries with the token that is used up by now.
    endpoint.answerRefresh({ status: 400, body: { error: 'invalid_grant' } })
    const other = new KeyValueTokenStorage(separate(store), { config, namespace, secrets })
    expect(await other.get('alice')).toMatchObject({ health: { status: 'reauthorise' } })
    held.release()
    expect(await slow).toMatchObject({
      access_token: 'access-1',
      health: { status: 'ok' },
    })
    expect(await vault().get('alice')).toMatchObject({
      refresh_token: 'refresh-1',
      health: { status: 'ok' },
    })
    expect(endpoint.revocations()).toEqual([])
  })
})

describe('waiting', () => {
  it('who has a usable token does not wait for another process', async () => {
    const open = separately(new KeyValueClient())
    const options = { config, secrets, refreshEarly: 3600 }
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    const [one, two] = [open(), open()].map((store) => new KeyValueTokenStorage(store, options))
    vi.useFakeTimers({ toFake: ['Date'] })
    await one?.set('alice', { ...expired, expires_in: 1000 })
    vi.setSystemTime(Date.now() + 950_000)
    const refreshing = one?.get('alice')
    await held.arrived
    const found = await two?.get('alice')
    expect(found).toMatchObject({ access_token: 'access-0', health: { status: 'ok' } })
    held.release()
    expect(await refreshing).toMatchObject({ access_token: 'access-1' })
    expect(endpoint.refreshes()).toHaveLength(1)
  })

  it('S54 who comes a moment late does not refresh again', async () => {
    const store = new KeyValueClient()
    const options = { config, secrets }
    const first = new KeyValueTokenStorage(store, options)
    const late = separate(store)
    const second = new KeyValueTokenStorage(
      {
        ...late,
        // Between looking and taking the lease, the other one has done it all.
        compareAndSet: async (...change) => {
          await first.get('alice')
          return store.compareAndSet(...change)
        },
      },
      options,
    )
    await first.set('alice', expired)
    endpoint.answerRefresh({ body: fresh })
    expect(await second.get('alice')).toMatchObject({ access_token: 'access-1' })
    expect(endpoint.refreshes()).toHaveLength(1)
  })

  it('within a process callers share one refresh and do not besiege the store', async () => {
    const kv = new KeyValueClient()
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', expired)
    const held = heldAnswer({ body: fresh })
    endpoint.answerRefresh(held.answer)
    const [get, change] = [vi.spyOn(kv, 'get'), vi.spyOn(kv, 'compareAndSet')]
    const all = Promise.all(Array.from({ length: 20 }, () => storage.get('alice')))
    await held.arrived
    held.release()
    await all
    // One look each, two of the one that refreshes; lease, record, lease.
    expect(get).toHaveBeenCalledTimes(22)
    expect(change).toHaveBeenCalledTimes(3)
  })

  it('a store that stumbles does not cost the new tokens', async () => {
    const kv = new KeyValueClient()
    const compareAndSet = kv.compareAndSet.bind(kv)
    let failures = 3
    vi.spyOn(kv, 'compareAndSet').mockImplementation(async (namespace, key, change) => {
      if (!key.endsWith('%lease') && (failures -= 1) >= 0) throw new Error('connection lost')
      return compareAndSet(namespace, key, change)
    })
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', expired)
    endpoint.answerRefresh({ body: fresh })
    expect(await storage.get('alice')).toMatchObject({ refresh_token: 'refresh-1' })
    expect(await new KeyValueTokenStorage(kv).get('alice')).toMatchObject({
      refresh_token: 'refresh-1',
    })
  })

  it('a store that is away is told as it is, before anything is spent', async () => {
    const kv = new KeyValueClient()
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', expired)
    vi.spyOn(kv, 'compareAndSet').mockRejectedValue(new Error('connection lost'))
    await expect(storage.get('alice')).rejects.toThrow('connection lost')
    expect(endpoint.requests).toEqual([])
  })
})

describe('failing', () => {
  let kv: KeyValueClient
  let storage: KeyValueTokenStorage
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    kv = new KeyValueClient()
    storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', expired)
  })

  const transient = [
    ['answers 500', { status: 500 }],
    ['answers 503 whatever it says', { status: 503, body: { error: 'invalid_grant' } }],
    ['answers 429', { status: 429 }],
    ['is temporarily unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }],
    ['breaks off', (response: { destroy(): unknown }) => response.destroy()],
    ['never answers', () => {}],
    [
      'begins and never ends',
      (response: { writeHead(status: number): { write(text: string): unknown } }) =>
        response.writeHead(200).write('{"access_token":'),
    ],
    ['answers with a page', (response: { end(text: string): unknown }) => response.end('<html>')],
    ['leaves out the access token', { body: { token_type: 'bearer', expires_in: 60 } }],
    ['sends a number as access token', { body: { access_token: 7, token_type: 'bearer' } }],
    ['sends no object', { body: [] }],
  ] as const

  it.each(transient)('S55 O48 a provider that %s costs no grant', async (title, answer) => {
    endpoint.answerRefresh(answer)
    const timeout = title.includes('never') ? 0.5 : 10
    const hasty = new KeyValueTokenStorage(kv, { config: { ...config, timeout } })
    const found = await hasty.get('alice')
    expect(found).toMatchObject({
      access_token: 'access-0',
      refresh_token: 'refresh-0',
      health: { status: 'retrying', reason: 'unavailable', attempts: 1 },
    })
    expect(found && isTokenExpired(found)).toBe(true)
    // Whoever asks meanwhile is not one more burden.
    expect(await new KeyValueTokenStorage(kv, { config }).get('alice')).toEqual(found)
    expect(endpoint.refreshes()).toHaveLength(1)

    endpoint.answerRefresh({ body: fresh })
    vi.setSystemTime(Date.now() + 1000)
    expect(await storage.get('alice')).toMatchObject({
      access_token: 'access-1',
      health: { status: 'ok' },
    })
  })

  it('waits longer after each failure, five minutes at most', async () => {
    endpoint.answerRefresh({ status: 500 })
    const pauses: number[] = []
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      const found = await storage.get('alice')
      if (found?.health.status !== 'retrying') throw new Error('not retrying')
      expect(found.health.attempts).toBe(attempt)
      const pause = found.health.retry_at * 1000 - Date.now()
      pauses.push(pause)
      vi.setSystemTime(found.health.retry_at * 1000)
    }
    for (const [index, pause] of pauses.entries()) {
      const longest = Math.min(2 ** index, 300) * 1000
      // Times are told in whole seconds.
      expect(pause).toBeLessThanOrEqual(longest + 1000)
      expect(pause).toBeGreaterThanOrEqual(longest / 2)
    }
    expect(endpoint.refreshes()).toHaveLength(12)
  })

  it('a success ends the count', async () => {
    endpoint.answerRefresh({ status: 500 })
    await storage.get('alice')
    vi.setSystemTime(Date.now() + 1000)
    endpoint.answerRefresh({ body: { ...fresh, expires_in: 10 } })
    await storage.get('alice')
    vi.setSystemTime(Date.now() + 10_000)
    endpoint.answerRefresh({ status: 500 })
    expect(await storage.get('alice')).toMatchObject({ health: { attempts: 1 } })
  })

  it('a failed early refresh leaves the usable token usable', async () => {
    await storage.set('bob', { ...expired, expires_in: 1000 })
    vi.setSystemTime(Date.now() + 990_000)
    endpoint.answerRefresh({ status: 500 })
    const found = await storage.get('bob')
    expect(found).toMatchObject({ access_token: 'access-0', health: { status: 'retrying' } })
    expect(found && isTokenExpired(found)).toBe(false)
  })

  it.each([
    [{ status: 401, body: { error: 'invalid_client' } }, 'invalid_client'],
    [{ status: 400, body: { error: 'unauthorized_client' } }, 'unauthorized_client'],
    [{ status: 400, body: { error: 'unsupported_grant_type' } }, 'unsupported_grant_type'],
  ])('S56 a client that is not accepted (%j) can be mended', async (answer, error) => {
    endpoint.answerRefresh(answer)
    expect(await storage.get('alice')).toMatchObject({
      refresh_token: 'refresh-0',
      health: { status: 'retrying', reason: 'misconfigured', error },
    })
    endpoint.answerRefresh({ body: fresh })
    vi.setSystemTime(Date.now() + 1000)
    expect(await storage.get('alice')).toMatchObject({ health: { status: 'ok' } })
  })

  it.each([
    { status: 400, body: { error: 'invalid_grant' } },
    { status: 401, body: { error: 'invalid_grant' } },
    { status: 200, body: { error: 'bad_refresh_token' } },
    { status: 400, body: { error: 'interaction_required' } },
  ])('S55 S56 a provider that ends the grant (%j) is taken at its word', async (answer) => {
    endpoint.answerRefresh(answer)
    const found = await storage.get('alice')
    expect(found).toMatchObject({
      access_token: 'access-0',
      health: { status: 'reauthorise', reason: 'rejected', error: answer.body.error },
    })
    expect(found && isTokenExpired(found)).toBe(true)
    // It is a fact, not a mood: nobody asks again, in no process, at no time.
    vi.setSystemTime(Date.now() + 365 * 24 * 3_600_000)
    endpoint.answerRefresh({ body: fresh })
    expect(await new KeyValueTokenStorage(kv, { config }).get('alice')).toEqual(found)
    expect(endpoint.refreshes()).toHaveLength(1)
    // Signing in again ends it.
    await storage.set('alice', fresh)
    expect(await storage.get('alice')).toMatchObject({ health: { status: 'ok' } })
  })

  it('S56 an expired token without refresh token says so', async () => {
    const { refresh_token: _none, ...token } = expired
    await storage.set('bob', token)
    const found = await storage.get('bob')
    expect(found).toMatchObject({
      access_token: 'access-0',
      health: { status: 'reauthorise', reason: 'no_refresh_token' },
    })
    expect(found && isTokenExpired(found)).toBe(true)
    expect(endpoint.requests).toEqual([])
  })
})
