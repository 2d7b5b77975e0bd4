import { isTokenExpired, KeyValueTokenStorage, type OAuthFlowConfig } from '@countersign/client'
import { KeyValueClient } from '@countersign/client/key-value'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTokenEndpoint, type TokenEndpoint } from './support/token-endpoint.ts'

const answered = { access_token: 'access-0', token_type: 'bearer' }
const refreshable = { ...answered, refresh_token: 'refresh-0' }

let kv: KeyValueClient
let endpoint: TokenEndpoint
let config: OAuthFlowConfig

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  kv = new KeyValueClient()
  endpoint = await startTokenEndpoint()
  config = endpoint.config
})
afterEach(async () => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  await endpoint.close()
})

function advance(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

async function keysOf(namespace: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of kv.keys(namespace, '')) keys.push(key)
  return keys
}

describe('storing', () => {
  it('S49 O42 O45 keeps tokens in the given store, for every vault over it', async () => {
    await new KeyValueTokenStorage(kv).set('alice', { ...refreshable, expires_in: 3600 })
    const found = await new KeyValueTokenStorage(kv).get('alice')
    expect(found).toMatchObject({ ...refreshable, health: { status: 'ok' } })
    expect(await new KeyValueTokenStorage(kv).get('bob')).toBeNull()
    expect(await new KeyValueTokenStorage(new KeyValueClient()).get('alice')).toBeNull()
  })

  it('S50 keeps them in the namespace `oauth-tokens` unless told otherwise', async () => {
    await new KeyValueTokenStorage(kv).set('alice', refreshable)
    await new KeyValueTokenStorage(kv, { namespace: 'slack' }).set('bob', refreshable)
    expect(await keysOf('oauth-tokens')).toEqual(['alice'])
    expect(await keysOf('slack')).toEqual(['bob'])
  })

  it('O44 puts the prefix before the key', async () => {
    const storage = new KeyValueTokenStorage(kv, {
      config,
      namespace: 'oauth-tokens',
      prefix: 'countersign:',
    })
    await storage.set('user_42', refreshable)
    expect(await keysOf('oauth-tokens')).toEqual(['countersign:user_42'])
  })

  it('S51 no tenant reaches the tokens of another, whatever prefix and key are called', async () => {
    const parts = [
      '',
      ':',
      'a',
      'a:',
      'a:b',
      'a:b:',
      'b',
      ':b',
      '%',
      '%:',
      'a%',
      'a%:',
      'a%3A',
      '%25',
    ]
    const names = parts.flatMap((prefix) =>
      parts.filter((key) => key !== '').map((key) => ({ prefix, key })),
    )
    for (const { prefix, key } of names) {
      const access_token = JSON.stringify([prefix, key])
      await new KeyValueTokenStorage(kv, { prefix }).set(key, { ...answered, access_token })
    }
    expect(await keysOf('oauth-tokens')).toHaveLength(names.length)
    for (const { prefix, key } of names) {
      const found = await new KeyValueTokenStorage(kv, { prefix }).get(key)
      expect(found?.access_token).toBe(JSON.stringify([prefix, key]))
    }
    // Clearing one tenant clears that one alone.
    await new KeyValueTokenStorage(kv, { prefix: 'a:' }).invalidateAll()
    expect(await keysOf('oauth-tokens')).toHaveLength(names.length - parts.length + 1)
  })

  it.each(['', '\uD800', 'x'.repeat(1025)])(
    'refuses a key no store can tell apart: %j',
    async (key) => {
      const storage = new KeyValueTokenStorage(kv)
      await expect(storage.set(key, refreshable)).rejects.toThrow(TypeError)
      await expect(storage.get(key)).rejects.toThrow(TypeError)
      await expect(storage.invalidate(key)).rejects.toThrow(TypeError)
    },
  )

  it.each([
    [3600, 3600],
    ['3600', 3600],
    [0, 0],
    [-5, 0],
  ])('S53 turns expires_in %j into expires_at', async (expires_in, lifetime) => {
    vi.setSystemTime(1_800_000_000_000)
    const storage = new KeyValueTokenStorage(kv)
    await storage.set('alice', { ...answered, expires_in: expires_in as number })
    const found = await storage.get('alice')
    expect(found?.expires_at).toBe(1_800_000_000 + lifetime)
    expect(found).not.toHaveProperty('expires_in')
    expect(found && isTokenExpired(found)).toBe(lifetime === 0)
  })

  it('S53 a token of unknown lifetime is not expired', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', refreshable)
    advance(10 * 365 * 24 * 3600)
    const found = await storage.get('alice')
    expect(found).toMatchObject({ access_token: 'access-0', health: { status: 'ok' } })
    expect(found && isTokenExpired(found)).toBe(false)
    expect(endpoint.requests).toEqual([])
  })

  it('keeps what else the provider answered, and takes back what it gave out', async () => {
    const storage = new KeyValueTokenStorage(kv)
    const instance_url = 'https://eu1.example.com'
    await storage.set('alice', { ...refreshable, expires_in: 60, instance_url })
    const found = await storage.get('alice')
    expect(found).toMatchObject({ instance_url })
    advance(40)
    if (found) await storage.set('copy', found)
    expect(await storage.get('copy')).toEqual(found)
  })

  it.each([{}, { access_token: '' }, { access_token: 5 }])('refuses %j', async (token) => {
    const storage = new KeyValueTokenStorage(kv)
    await expect(storage.set('alice', token as typeof answered)).rejects.toThrow(TypeError)
    expect(await keysOf('oauth-tokens')).toEqual([])
  })
})

describe('lifetimes', () => {
  it('S57 what can be refreshed stays until it is invalidated', async () => {
    const set = vi.spyOn(kv, 'set')
    const storage = new KeyValueTokenStorage(kv)
    await storage.set('alice', { ...refreshable, expires_in: 60 })
    // Said outright: a store may have a lifetime of its own for who says nothing.
    expect(set.mock.calls[0]?.[3]).toEqual({ ttl: null })
    advance(10 * 365 * 24 * 3600)
    expect(await storage.get('alice')).toMatchObject(refreshable)
  })

  it('S57 a refresh does not put an end to a record', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...refreshable, expires_in: 0 })
    await storage.get('alice')
    advance(10 * 365 * 24 * 3600)
    expect(await new KeyValueTokenStorage(kv).get('alice')).toMatchObject({
      refresh_token: 'refresh-0',
    })
  })

  it.each([
    [3600, 3600],
    [61, 61],
    [10, 60],
    [0, 60],
  ])('S58 a token of %i seconds that cannot be refreshed stays %i', async (expires_in, stays) => {
    vi.setSystemTime(1_800_000_000_000)
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...answered, expires_in })
    advance(stays - 1)
    expect(await storage.get('alice')).toMatchObject(answered)
    advance(1)
    expect(await storage.get('alice')).toBeNull()
    expect(await keysOf('oauth-tokens')).toEqual([])
  })
})

describe('refreshing', () => {
  it('S52 S55 without `config` never asks the provider', async () => {
    const storage = new KeyValueTokenStorage(kv)
    await storage.set('alice', { ...refreshable, expires_in: 0 })
    const found = await storage.get('alice')
    expect(found).toMatchObject({
      ...refreshable,
      health: { status: 'stale', reason: 'refresh_disabled' },
    })
    expect(found && isTokenExpired(found)).toBe(true)
    expect(await storage.invalidate('alice')).toMatchObject(refreshable)
    expect(endpoint.requests).toEqual([])
  })

  it('S52 S54 S59 O47 with `config` refreshes before it answers', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...refreshable, expires_in: 0 })
    const found = await storage.get('alice')
    expect(found).toMatchObject({ access_token: 'access-1', health: { status: 'ok' } })
    expect(found && isTokenExpired(found)).toBe(false)
    expect(endpoint.requests).toEqual([
      {
        path: '/oauth/token',
        form: {
          grant_type: 'refresh_token',
          refresh_token: 'refresh-0',
          client_id: 'app',
          client_secret: 'client-secret',
        },
      },
    ])
    // It is stored: nobody asks again.
    expect(await new KeyValueTokenStorage(kv, { config }).get('alice')).toEqual(found)
    expect(endpoint.requests).toHaveLength(1)
  })

  it('S52 an empty `config` takes the provider from the environment', async () => {
    vi.stubEnv('OAUTH_ISSUER', String(config.issuer))
    vi.stubEnv('OAUTH_CLIENT_ID', 'from-environment')
    vi.stubEnv('OAUTH_TOKEN_URL', `${config.issuer}/oauth/token`)
    const storage = new KeyValueTokenStorage(kv, { config: {} })
    await storage.set('alice', { ...refreshable, expires_in: 0 })
    expect(await storage.get('alice')).toMatchObject({ access_token: 'access-1' })
    expect(endpoint.refreshes()[0]?.form).toMatchObject({ client_id: 'from-environment' })
  })

  it('S60 keeps refresh token, ID token, scope and lifetime where the provider leaves them out', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    const full = { ...refreshable, id_token: 'id-0', scope: 'openid mail', instance_url: 'x' }
    await storage.set('alice', { ...full, expires_in: 1000 })
    endpoint.answerRefresh({ body: { access_token: 'access-1', token_type: 'bearer' } })
    advance(1000)
    expect(await storage.get('alice')).toEqual({
      ...full,
      access_token: 'access-1',
      expires_at: Math.floor(Date.now() / 1000) + 1000,
      health: { status: 'ok' },
    })
  })

  it('S60 takes the new refresh token and scope where the provider sends them', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...refreshable, scope: 'openid mail', expires_in: 0 })
    const next = {
      access_token: 'a',
      token_type: 'bearer',
      expires_in: 9,
      refresh_token: 'refresh-1',
    }
    endpoint.answerRefresh({ body: { ...next, scope: 'openid' } })
    expect(await storage.get('alice')).toMatchObject({
      refresh_token: 'refresh-1',
      scope: 'openid',
    })
    advance(10)
    await storage.get('alice')
    expect(endpoint.refreshes().map(({ form }) => form['refresh_token'])).toEqual([
      'refresh-0',
      'refresh-1',
    ])
  })

  it('does not keep an expiry that belongs to the token before', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...refreshable, expires_in: 0 })
    endpoint.answerRefresh({ body: { access_token: 'access-1', token_type: 'bearer' } })
    const found = await storage.get('alice')
    expect(found).not.toHaveProperty('expires_at')
    expect(found?.health).toEqual({ status: 'ok' })
  })

  it('S54 refreshes early, each token at a moment of its own', async () => {
    const storage = new KeyValueTokenStorage(kv, { config, bulkRead: false })
    const people = Array.from({ length: 40 }, (_, index) => `person-${index}`)
    for (const key of people) await storage.set(key, { ...refreshable, expires_in: 3600 })
    const refreshedAt = async (seconds: number) => {
      vi.setSystemTime(start + seconds * 1000)
      for (const key of people) await storage.get(key)
      return endpoint.refreshes().length
    }
    const start = Date.now()
    expect(await refreshedAt(3539)).toBe(0)
    const halfway = await refreshedAt(3555)
    expect(halfway).toBeGreaterThan(0)
    expect(halfway).toBeLessThan(40)
    expect(await refreshedAt(3571)).toBe(40)
  })

  it.each([
    [{ refreshEarly: 0 }, 1000, 999, 0],
    [{ refreshEarly: 0 }, 1000, 1000, 1],
    [{ refreshEarly: 100 }, 1000, 899, 0],
    [{ refreshEarly: 100 }, 1000, 951, 1],
    // A short-lived token is used for most of its life.
    [{}, 60, 47, 0],
    [{}, 60, 55, 1],
  ])(
    'with %j a token of %i s is refreshed after %i s: %i',
    async (options, expires_in, after, times) => {
      const storage = new KeyValueTokenStorage(kv, { config, ...options })
      await storage.set('alice', { ...refreshable, expires_in })
      advance(after)
      await storage.get('alice')
      expect(endpoint.refreshes()).toHaveLength(times)
    },
  )

  it('O46 yields an access token only while it is usable', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    const getUsableAccessToken = async (key: string) => {
      const token = await storage.get(key)
      return !token || isTokenExpired(token) ? null : token.access_token
    }
    await storage.set('fresh', { ...answered, expires_in: 3600 })
    await storage.set('expired', { ...answered, expires_in: 0 })
    await storage.set('refreshed', { ...refreshable, expires_in: 0 })
    expect(await getUsableAccessToken('missing')).toBeNull()
    expect(await getUsableAccessToken('fresh')).toBe('access-0')
    expect(await getUsableAccessToken('expired')).toBeNull()
    expect(await getUsableAccessToken('refreshed')).toBe('access-1')
  })
})

describe('invalidating', () => {
  it('S61 S62 S63 O50 removes the token, revokes the refresh token and returns what it removed', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...refreshable, expires_in: 3600 })
    expect(await storage.invalidate('alice')).toMatchObject(refreshable)
    expect(await keysOf('oauth-tokens')).toEqual([])
    expect(endpoint.requests).toMatchObject([
      { path: '/revoke', form: { token: 'refresh-0', client_id: 'app' } },
    ])
    expect(await storage.invalidate('alice')).toBeNull()
    expect(endpoint.requests).toHaveLength(1)
  })

  it('S63 revokes the access token where there is no refresh token', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', { ...answered, expires_in: 3600 })
    await storage.invalidate('alice')
    expect(endpoint.requests).toMatchObject([{ path: '/revoke', form: { token: 'access-0' } }])
  })

  it('S63 revokes the access token where the provider cannot revoke refresh tokens', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', refreshable)
    endpoint.answerRevocation((response) => {
      const refused = endpoint.revocations().length === 1
      response.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(refused ? { error: 'unsupported_token_type' } : {}))
    })
    await storage.invalidate('alice')
    const tokens = endpoint.revocations().map(({ form }) => form['token'])
    expect(tokens).toEqual(['refresh-0', 'access-0'])
  })

  it.each([
    ['answers 500', { status: 500 }],
    ['breaks off', (response: { destroy(): unknown }) => response.destroy()],
    ['never answers', () => {}],
  ])('S64 removes the token also if the provider %s', async (_title, answer) => {
    const storage = new KeyValueTokenStorage(kv, { config: { ...config, timeout: 0.05 } })
    await storage.set('alice', refreshable)
    endpoint.answerRevocation(answer)
    expect(await storage.invalidate('alice')).toMatchObject(refreshable)
    expect(await keysOf('oauth-tokens')).toEqual([])
  })

  it('S62 of several callers one gets the token', async () => {
    const storage = new KeyValueTokenStorage(kv, { config })
    await storage.set('alice', refreshable)
    const results = await Promise.all(Array.from({ length: 10 }, () => storage.invalidate('alice')))
    expect(results.filter((token) => token !== null)).toHaveLength(1)
    expect(endpoint.revocations()).toHaveLength(1)
  })

  it('vulnerability 49 one call revokes all tokens of an integration', async () => {
    const tenants = ['one:', 'two:'].map(
      (prefix) => new KeyValueTokenStorage(kv, { config, namespace: 'crm', prefix }),
    )
    for (const tenant of tenants) {
      for (let index = 0; index < 30; index += 1) {
        await tenant.set(`user-${index}`, { ...refreshable, refresh_token: `refresh-${index}` })
      }
    }
    await new KeyValueTokenStorage(kv, { config, prefix: 'one:' }).set('other', refreshable)
    const [one] = tenants
    expect(await one?.invalidateAll()).toEqual({ removed: 30, unrevoked: [] })
    expect(await keysOf('crm')).toHaveLength(30)
    endpoint.answerRevocation((response) => {
      const fails = endpoint.revocations().at(-1)?.form['token'] === 'refresh-7'
      response.writeHead(fails ? 503 : 200).end()
    })
    // Revoked as far as the provider lets us, and whoever is left is named.
    await one?.set('no-refresh', { ...answered, access_token: 'refresh-7' })
    expect(await one?.invalidateAll({ everyPrefix: true })).toEqual({
      removed: 31,
      unrevoked: [{ prefix: 'one:', key: 'no-refresh' }],
    })
    expect(await keysOf('crm')).toEqual([])
    expect(await keysOf('oauth-tokens')).toEqual(['one:other'])
    const revoked = endpoint.revocations().map(({ form }) => form['token'])
    expect(new Set(revoked).size).toBe(31)
  })
})

it.each([
  ['namespace', { namespace: '' }],
  ['refreshEarly', { refreshEarly: -1 }],
  ['bulkRead', { bulkRead: { records: 0, seconds: 1 } }],
  ['secrets', { secrets: [] }],
  ['secret', { secrets: 'short' }],
  ['timeout', { config: { timeout: 0 } }],
])('refuses a %s that cannot work', (name, options) => {
  expect(() => new KeyValueTokenStorage(kv, options)).toThrow(name)
})
