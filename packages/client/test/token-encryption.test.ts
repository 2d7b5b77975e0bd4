import { KeyValueTokenStorage, TokenVaultError } from '@countersign/client'
import { KeyValueClient, type KeyValueStorage } from '@countersign/client/key-value'
import { UnstorageKeyValue } from '@countersign/client/key-value/unstorage'
import { createStorage } from 'unstorage'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startTokenEndpoint } from './support/token-endpoint.ts'

const oldSecret = 'the-secret-of-last-year-0123456789abcdef'
const newSecret = 'the-secret-of-this-year-0123456789abcdef'
const token = {
  access_token: 'the-access-token',
  refresh_token: 'the-refresh-token',
  id_token: 'the-id-token',
  token_type: 'bearer',
  scope: 'the-scope',
}

afterEach(() => vi.unstubAllEnvs())

async function read(kv: KeyValueStorage, key: string): Promise<string> {
  const found = await kv.get('oauth-tokens', key)
  return found.exists ? found.data : ''
}

/** Changes one character in the middle of a text. */
function alter(text: string, at: number): string {
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}

describe('vulnerability 49 tokens at rest', () => {
  it('nothing of a token is readable in the store', async () => {
    const kv = new KeyValueClient()
    await new KeyValueTokenStorage(kv, { secrets: newSecret }).set('alice', token)
    const stored = await read(kv, 'alice')
    const plain = [stored, ...stored.split('.').map((part) => atob(toBase64(part)))].join(' ')
    for (const value of [...Object.values(token), 'access_token', newSecret]) {
      expect(plain).not.toContain(value)
    }
  })

  it('the same token twice is two different records', async () => {
    const kv = new KeyValueClient()
    const storage = new KeyValueTokenStorage(kv, { secrets: newSecret })
    await storage.set('alice', token)
    const first = await read(kv, 'alice')
    await storage.set('alice', token)
    expect(await read(kv, 'alice')).not.toBe(first)
  })

  it('a record opens in its own place only', async () => {
    const kv = new KeyValueClient()
    const storage = new KeyValueTokenStorage(kv, { secrets: newSecret })
    await storage.set('alice', token)
    const stored = await read(kv, 'alice')
    await kv.set('oauth-tokens', 'mallory', stored)
    await kv.set('oauth-tokens', 'tenant:alice', stored)
    await kv.set('other', 'alice', stored)
    const moved = [
      storage.get('mallory'),
      new KeyValueTokenStorage(kv, { secrets: newSecret, prefix: 'tenant:' }).get('alice'),
      new KeyValueTokenStorage(kv, { secrets: newSecret, namespace: 'other' }).get('alice'),
    ]
    for (const attempt of moved) {
      await expect(attempt).rejects.toMatchObject({ name: 'TokenVaultError', code: 'unreadable' })
    }
  })

  it('an altered record does not open, wherever it was altered', async () => {
    const kv = new KeyValueClient()
    const storage = new KeyValueTokenStorage(kv, { secrets: newSecret })
    await storage.set('alice', token)
    const stored = await read(kv, 'alice')
    const starts = [0, ...[...stored.matchAll(/\./g)].map(({ index }) => index + 1)]
    expect(starts).toHaveLength(4)
    const forgeries = [
      ...starts.map((at) => alter(stored, at)),
      alter(stored, stored.length - 10),
      stored.slice(0, -1),
      `${stored}A`,
      '',
      JSON.stringify({ token, lifetime: 3600, grant: 'x' }),
    ]
    for (const forgery of forgeries) {
      await kv.set('oauth-tokens', 'alice', forgery)
      await expect(storage.get('alice'), forgery).rejects.toBeInstanceOf(TokenVaultError)
    }
    // It can still be removed or replaced.
    expect(await storage.invalidate('alice')).toBeNull()
    expect(await storage.get('alice')).toBeNull()
    await storage.set('alice', token)
    expect(await storage.get('alice')).toMatchObject(token)
  })

  it('an error tells nothing of tokens and secrets', async () => {
    const kv = new KeyValueClient()
    await new KeyValueTokenStorage(kv, { secrets: newSecret }).set('alice', token)
    const error: unknown = await new KeyValueTokenStorage(kv, { secrets: oldSecret })
      .get('alice')
      .catch((caught: unknown) => caught)
    const { inspect } = await import('node:util')
    const told = inspect(error, { depth: 10, showHidden: true })
    for (const secret of [...Object.values(token), newSecret, oldSecret, await read(kv, 'alice')]) {
      expect(told).not.toContain(secret)
    }
  })
})

describe('secrets', () => {
  it('the newest encrypts, all of them decrypt', async () => {
    const kv = new KeyValueClient()
    const before = new KeyValueTokenStorage(kv, { secrets: [oldSecret] })
    const during = new KeyValueTokenStorage(kv, { secrets: [newSecret, oldSecret] })
    const after = new KeyValueTokenStorage(kv, { secrets: [newSecret] })
    await before.set('alice', token)
    expect(await during.get('alice')).toMatchObject(token)
    await expect(after.get('alice')).rejects.toBeInstanceOf(TokenVaultError)
    // Reading changes nothing, writing encrypts anew.
    expect(await before.get('alice')).toMatchObject(token)
    await during.set('alice', token)
    expect(await after.get('alice')).toMatchObject(token)
    await expect(before.get('alice')).rejects.toBeInstanceOf(TokenVaultError)
  })

  it('a refresh encrypts anew', async () => {
    const endpoint = await startTokenEndpoint()
    try {
      const kv = new KeyValueClient()
      await new KeyValueTokenStorage(kv, { secrets: oldSecret }).set('alice', {
        ...token,
        expires_in: 0,
      })
      const { config } = endpoint
      await new KeyValueTokenStorage(kv, { config, secrets: [newSecret, oldSecret] }).get('alice')
      const after = new KeyValueTokenStorage(kv, { secrets: newSecret })
      expect(await after.get('alice')).toMatchObject({ access_token: 'access-1' })
    } finally {
      await endpoint.close()
    }
  })

  it.each([
    ['memory', () => new KeyValueClient()],
    ['unstorage', () => new UnstorageKeyValue(createStorage())],
  ])('`reencrypt` lets an old secret go (%s)', async (_name, create) => {
    const kv = create()
    const people = Array.from({ length: 20 }, (_, index) => `person-${index}`)
    const before = new KeyValueTokenStorage(kv, { secrets: oldSecret, prefix: 'a:' })
    for (const key of people) await before.set(key, token)
    await new KeyValueTokenStorage(kv, { secrets: oldSecret, prefix: 'b:' }).set('other', token)
    const during = new KeyValueTokenStorage(kv, { secrets: [newSecret, oldSecret], prefix: 'a:' })
    expect(await during.reencrypt()).toBe(20)
    expect(await during.reencrypt()).toBe(0)
    expect(await during.reencrypt({ everyPrefix: true })).toBe(1)
    const after = new KeyValueTokenStorage(kv, { secrets: newSecret, prefix: 'a:' })
    for (const key of people) expect(await after.get(key)).toMatchObject(token)
  })

  it('come from COUNTERSIGN_SECRET, else from BETTER_AUTH_SECRET', async () => {
    const kv = new UnstorageKeyValue(createStorage())
    vi.stubEnv('COUNTERSIGN_SECRET', '')
    vi.stubEnv('BETTER_AUTH_SECRET', oldSecret)
    await new KeyValueTokenStorage(kv).set('alice', token)
    vi.stubEnv('COUNTERSIGN_SECRET', newSecret)
    await new KeyValueTokenStorage(kv).set('bob', token)
    expect(await new KeyValueTokenStorage(kv, { secrets: oldSecret }).get('alice')).toMatchObject(
      token,
    )
    expect(await new KeyValueTokenStorage(kv, { secrets: newSecret }).get('bob')).toMatchObject(
      token,
    )
  })

  it('are required for a store that outlives the process, and for that alone', async () => {
    vi.stubEnv('COUNTERSIGN_SECRET', '')
    vi.stubEnv('BETTER_AUTH_SECRET', '')
    const lasting = new UnstorageKeyValue(createStorage())
    expect(() => new KeyValueTokenStorage(lasting)).toThrow('COUNTERSIGN_SECRET')
    const kv = new KeyValueClient()
    await new KeyValueTokenStorage(kv).set('alice', token)
    expect(await new KeyValueTokenStorage(kv).get('alice')).toMatchObject(token)
    expect(await read(kv, 'alice')).not.toContain('the-access-token')
  })
})

function toBase64(part: string): string {
  return part.replaceAll('-', '+').replaceAll('_', '/')
}
