import {
  KeyValueTokenStorage,
  type TokenEvent,
  type TokenStorageOptions,
} from '@countersign/client'
import { KeyValueClient } from '@countersign/client/key-value'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTokenEndpoint, type TokenEndpoint } from './support/token-endpoint.ts'

const expired = {
  access_token: 'secret-access-token',
  refresh_token: 'secret-refresh-token',
  token_type: 'bearer',
  expires_in: 0,
}
const about = { namespace: 'oauth-tokens', prefix: 'tenant:', key: 'alice' }

let endpoint: TokenEndpoint
let kv: KeyValueClient
let events: TokenEvent[]
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  endpoint = await startTokenEndpoint()
  kv = new KeyValueClient()
  events = []
})
afterEach(async () => {
  vi.useRealTimers()
  await endpoint.close()
})

function vault(options: TokenStorageOptions = {}): KeyValueTokenStorage {
  return new KeyValueTokenStorage(kv, {
    config: endpoint.config,
    prefix: 'tenant:',
    onEvent: (event) => void events.push(event),
    ...options,
  })
}

/** Events are told without making the caller wait. */
async function told(count: number): Promise<TokenEvent[]> {
  await vi.waitFor(() => expect(events).toHaveLength(count), { timeout: 10_000 })
  return events
}

describe('events', () => {
  it('tells of a refresh once, whoever asked for it', async () => {
    await vault().set('alice', expired)
    await Promise.all(Array.from({ length: 5 }, () => vault().get('alice')))
    expect(await told(1)).toEqual([{ type: 'refreshed', ...about }])
  })

  it('tells of a failure, and of each further one', async () => {
    endpoint.answerRefresh({ status: 500 })
    await vault().set('alice', expired)
    await vault().get('alice')
    await vault().get('alice')
    vi.setSystemTime(Date.now() + 1000)
    endpoint.answerRefresh({ status: 401, body: { error: 'invalid_client' } })
    await vault().get('alice')
    const retry_at = expect.any(Number)
    expect(await told(2)).toEqual([
      { type: 'refresh_failed', reason: 'unavailable', attempts: 1, retry_at, ...about },
      {
        type: 'refresh_failed',
        reason: 'misconfigured',
        error: 'invalid_client',
        attempts: 2,
        retry_at,
        ...about,
      },
    ])
  })

  it('tells once that a person has to sign in again', async () => {
    endpoint.answerRefresh({ status: 400, body: { error: 'invalid_grant' } })
    await vault().set('alice', expired)
    for (let count = 0; count < 3; count += 1) await vault().get('alice')
    expect(await told(1)).toEqual([
      { type: 'reauthorise', reason: 'rejected', error: 'invalid_grant', ...about },
    ])
  })

  it('S64 tells whether an invalidated token was revoked', async () => {
    await vault().set('alice', expired)
    await vault().invalidate('alice')
    await vault().invalidate('alice')
    endpoint.answerRevocation({ status: 500 })
    await vault().set('alice', expired)
    await vault().invalidateAll()
    expect(await told(2)).toEqual([
      { type: 'invalidated', revoked: true, ...about },
      { type: 'invalidated', revoked: false, ...about },
    ])
  })

  it('a listener that fails changes nothing', async () => {
    for (const onEvent of [
      () => {
        throw new Error('no')
      },
      async () => Promise.reject(new Error('no')),
    ]) {
      await vault({ onEvent }).set('alice', expired)
      expect(await vault({ onEvent }).get('alice')).toMatchObject({ health: { status: 'ok' } })
    }
  })

  it('no event, and no state, repeats a token, whatever the provider calls its error', async () => {
    const hostile = [
      'secret-refresh-token',
      'x.secret-access-token',
      'line\nbreak',
      '<script>',
      'x'.repeat(65),
    ]
    for (const error of hostile) {
      endpoint.answerRefresh({
        status: 400,
        body: { error, error_description: expired.refresh_token },
      })
      await vault().set('alice', expired)
      const found = await vault().get('alice')
      expect(JSON.stringify(found?.health)).not.toContain('secret-')
    }
    const all = JSON.stringify(await told(hostile.length))
    for (const secret of ['secret-', 'line', '<script>', 'xxxx']) expect(all).not.toContain(secret)
  })
})

describe('vulnerability 49 the bulk-read alarm', () => {
  const people = Array.from({ length: 250 }, (_, index) => `person-${index}`)
  const fill = async () => {
    for (const key of people) await vault().set(key, { ...expired, expires_in: 86_400 })
  }

  it('tells when many different records are read in a short time, and again if it goes on', async () => {
    await fill()
    for (const key of people.slice(0, 99)) await vault().get(key)
    expect(events).toEqual([])
    for (const key of people.slice(99)) await vault().get(key)
    const alarm = { type: 'bulk_read', namespace: 'oauth-tokens', records: 100, seconds: 60 }
    expect(await told(2)).toEqual([alarm, alarm])
  })

  it('counts over prefixes and vaults, but not over namespaces', async () => {
    const bulkRead = { records: 4, seconds: 60 }
    for (const prefix of ['a:', 'b:']) {
      for (const key of ['x', 'y']) {
        const other = { prefix, bulkRead, namespace: 'crm' }
        await vault(other).set(key, expired)
        await vault(other).get(key)
        await vault({ ...other, namespace: `crm-${prefix}` }).set(key, expired)
        await vault({ ...other, namespace: `crm-${prefix}` }).get(key)
      }
    }
    await vi.waitFor(
      () => {
        const alarms = events.filter(({ type }) => type === 'bulk_read')
        expect(alarms).toMatchObject([{ namespace: 'crm' }])
      },
      { timeout: 10_000 },
    )
  })

  it('stays silent for the same records, for missing ones, and over a long time', async () => {
    await fill()
    for (let count = 0; count < 20; count += 1) {
      for (const key of people.slice(0, 10)) await vault().get(key)
    }
    for (const key of people) await vault().get(`missing-${key}`)
    for (const key of people) {
      await vault().get(key)
      vi.setSystemTime(Date.now() + 1000)
    }
    await vault().invalidate('person-0')
    expect(await told(1)).toMatchObject([{ type: 'invalidated' }])
  })

  it('forgets what was read long ago, also beside what is read all the time', async () => {
    const options = { bulkRead: { records: 4, seconds: 60 } }
    await fill()
    const read = async (...names: number[]) => {
      for (const index of names) await vault(options).get(`person-${index}`)
      vi.setSystemTime(Date.now() + 50_000)
    }
    await read(0, 1, 2)
    await read(0)
    await read(0, 3)
    await vault().invalidate('person-0')
    expect(await told(1)).toMatchObject([{ type: 'invalidated' }])
  })

  it('can be switched off', async () => {
    await fill()
    for (const key of people) await vault({ bulkRead: false }).get(key)
    await vault().invalidate('person-0')
    expect(await told(1)).toMatchObject([{ type: 'invalidated' }])
  })
})
