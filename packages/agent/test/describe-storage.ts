import { describe, expect, it } from 'vitest'
import type { AgentStorage, StoredHost } from '../src/storage/storage.ts'

function host(issuer: string): StoredHost {
  return {
    issuer,
    provider_name: 'bank',
    description: '',
    public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public' },
    private_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public', d: 'private' },
    created_at: '2026-01-01T00:00:00.000Z',
  }
}

/** What every agent storage must do. `create` returns an empty one. */
export function describeStorage(name: string, create: () => Promise<AgentStorage>): void {
  describe(`${name} keeps the storage contract`, () => {
    it('returns nothing for a key that was never written', async () => {
      const { hosts } = await create()
      expect(await hosts.get('a')).toBeUndefined()
      expect(await hosts.list()).toEqual([])
    })

    it('returns what was written', async () => {
      const { hosts } = await create()
      expect(await hosts.update('a', () => host('a'))).toEqual(host('a'))
      await hosts.update('b', () => host('b'))
      expect(await hosts.get('a')).toEqual(host('a'))
      expect((await hosts.list()).map(({ issuer }) => issuer).sort()).toEqual(['a', 'b'])
    })

    it('shows the latest record to an update and removes it when the update returns nothing', async () => {
      const { hosts } = await create()
      await hosts.update('a', () => host('first'))
      await hosts.update('a', (current) => current && { ...current, description: 'seen' })
      expect(await hosts.get('a')).toEqual({ ...host('first'), description: 'seen' })
      expect(await hosts.update('a', () => undefined)).toBeUndefined()
      expect(await hosts.get('a')).toBeUndefined()
    })

    it('keeps hosts and connections apart', async () => {
      const { hosts, connections } = await create()
      await hosts.update('a', () => host('a'))
      expect(await connections.get('a')).toBeUndefined()
    })

    it('is not changed through what it returned', async () => {
      const { hosts } = await create()
      await hosts.update('a', () => host('a'))
      Object.assign((await hosts.get('a')) ?? {}, { issuer: 'changed' })
      Object.assign((await hosts.list())[0] ?? {}, { issuer: 'changed' })
      expect((await hosts.get('a'))?.issuer).toBe('a')
    })

    it('keeps keys that are also names of object members', async () => {
      const { hosts } = await create()
      expect(await hosts.get('constructor')).toBeUndefined()
      await hosts.update('__proto__', () => host('strange'))
      expect((await hosts.get('__proto__'))?.issuer).toBe('strange')
    })

    it('loses no update when many run at once', async () => {
      const { hosts } = await create()
      await hosts.update('a', () => host(''))
      const append = (letter: string): Promise<unknown> =>
        hosts.update('a', (current) => current && { ...current, issuer: current.issuer + letter })
      await Promise.all(Array.from('abcdefghijklmnopqrst', append))
      const letters = ((await hosts.get('a'))?.issuer ?? '').split('').sort()
      expect(letters.join('')).toBe('abcdefghijklmnopqrst')
    })

    it('lets exactly one of two makers win', async () => {
      const { hosts } = await create()
      const make = (issuer: string): Promise<StoredHost | undefined> =>
        hosts.update('a', (current) => current ?? host(issuer))
      const [first, second] = await Promise.all([make('one'), make('two')])
      expect(first).toEqual(second)
    })
  })
}
