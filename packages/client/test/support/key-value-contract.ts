import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { KeyValueStorage } from '../../src/key-value/index.ts'

/** Pairs of namespace and key that a careless store takes for one another. */
const names = [
  ['a', 'b:c'],
  ['a:b', 'c'],
  ['a', 'b%3Ac'],
  ['a%3Ab', 'c'],
  ['a', 'b/c'],
  ['a', String.raw`b\c`],
  ['a', 'b?c'],
  ['a', 'b::c'],
  ['a', 'b:c:'],
  ['a', 'B:C'],
  ['A', 'b:c'],
  ['a', '..'],
  ['a', '../a'],
  ['a', '.'],
  ['a', '~'],
  ['a', ''],
  ['a', '\u00E9'],
  ['a', 'e\u0301'],
  ['a', 'b*'],
  ['a', "'; drop table countersign_key_value; --"],
  ['a', '__proto__'],
  ['__proto__', 'constructor'],
] as const

const values = ['', ' ', 'text', '{"a":1}', '"quoted"', 'true', 'null', '12', '\u{1F600} \u00FC']

/** However slow the machine is. */
const patiently = { timeout: 10_000 }

/** What every key-value store keeps. Without `atomic` it must not pretend to have an atomic step. */
export function describeKeyValueStorage(
  name: string,
  create: () => Promise<KeyValueStorage>,
  { atomic }: { atomic: boolean },
): void {
  describe(`${name} keeps the key-value contract`, () => {
    let store: KeyValueStorage
    beforeAll(async () => {
      store = await create()
    })

    const read = async (namespace: string, key: string) => {
      const found = await store.get(namespace, key)
      return found.exists ? found.data : null
    }
    const list = async (namespace: string, prefix: string) => {
      const found = new Set<string>()
      for await (const key of store.keys?.(namespace, prefix) ?? []) found.add(key)
      return [...found].sort()
    }

    it('finds nothing where nothing was written', async () => {
      expect(await store.get('empty', 'nothing')).toEqual({ exists: false })
      await store.delete('empty', 'nothing')
    })

    it.each(values)('returns %j as it was written', async (value) => {
      await store.set('values', 'key', value)
      expect(await store.get('values', 'key')).toEqual({ exists: true, data: value })
    })

    it('overwrites and deletes', async () => {
      await store.set('change', 'key', 'first')
      await store.set('change', 'key', 'second')
      expect(await read('change', 'key')).toBe('second')
      await store.delete('change', 'key')
      expect(await read('change', 'key')).toBeNull()
    })

    it('never takes one name for another', async () => {
      for (const [namespace, key] of names) {
        await store.set(namespace, key, JSON.stringify([namespace, key]))
      }
      for (const [namespace, key] of names) {
        expect(await read(namespace, key)).toBe(JSON.stringify([namespace, key]))
      }
      const keys = names.filter(([namespace]) => namespace === 'a').map(([, key]) => key)
      expect(await list('a', '')).toEqual([...keys].sort())
    })

    it('lets a value go after its lifetime, and keeps the others', async () => {
      await store.set('ttl', 'short', 'value', { ttl: 0.05 })
      await store.set('ttl', 'long', 'value', { ttl: 3600 })
      await store.set('ttl', 'zero', 'value', { ttl: 0 })
      await store.set('ttl', 'null', 'value', { ttl: null })
      await store.set('ttl', 'extended', 'value', { ttl: 0.05 })
      await store.set('ttl', 'extended', 'value')
      await vi.waitFor(async () => expect(await read('ttl', 'short')).toBeNull(), patiently)
      expect(await read('ttl', 'extended')).toBe('value')
      expect(await read('ttl', 'long')).toBe('value')
      expect(await read('ttl', 'zero')).toBe('value')
      expect(await read('ttl', 'null')).toBe('value')
    })

    it.each([-1, Number.NaN, Infinity])('refuses a lifetime of %s', async (ttl) => {
      await expect(store.set('ttl', 'odd', 'value', { ttl })).rejects.toThrow(TypeError)
      expect(await read('ttl', 'odd')).toBeNull()
    })

    it('lists the keys of a prefix, wildcards meaning nothing', async () => {
      const keys = ['a', 'ab', 'a*', 'a*b', 'a[b]', 'a?', 'a_', 'a%', 'b', '[a-c]', String.raw`a\*`]
      for (const key of keys) await store.set('list', key, 'value')
      expect(await list('list', 'a*')).toEqual(['a*', 'a*b'])
      expect(await list('list', '[a-c]')).toEqual(['[a-c]'])
      expect(await list('list', 'a_')).toEqual(['a_'])
      expect(await list('list', 'a%')).toEqual(['a%'])
      expect(await list('list', '')).toEqual(keys.sort())
      expect(await list('lis', '')).toEqual([])
    })

    it('lists many keys', async () => {
      const keys = Array.from({ length: 1100 }, (_, index) => `key-${index}`)
      await Promise.all(keys.map((key) => store.set('many', key, 'value')))
      expect(await list('many', 'key-')).toEqual(keys.sort())
    })

    it.runIf(!atomic)('promises no atomic step', () => {
      expect(store.compareAndSet).toBeUndefined()
    })

    describe.runIf(atomic)('in one step', () => {
      const compareAndSet: NonNullable<KeyValueStorage['compareAndSet']> = (
        namespace,
        key,
        change,
      ) => store.compareAndSet?.(namespace, key, change) ?? Promise.reject(new Error('not atomic'))

      it('sets what is absent once, whoever tries at the same time', async () => {
        const tries = Array.from({ length: 20 }, (_, index) => String(index))
        const won = await Promise.all(
          tries.map((value) => compareAndSet('atomic', 'absent', { expected: null, value })),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await read('atomic', 'absent')).toBe(String(won.indexOf(true)))
      })

      it('replaces the expected value once, whoever tries at the same time', async () => {
        await store.set('atomic', 'present', 'old')
        const tries = Array.from({ length: 20 }, (_, index) => String(index))
        const won = await Promise.all(
          tries.map((value) => compareAndSet('atomic', 'present', { expected: 'old', value })),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await read('atomic', 'present')).toBe(String(won.indexOf(true)))
      })

      it('removes the expected value once, whoever tries at the same time', async () => {
        await store.set('atomic', 'removed', 'old')
        const won = await Promise.all(
          Array.from({ length: 20 }, () =>
            compareAndSet('atomic', 'removed', { expected: 'old', value: null }),
          ),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await read('atomic', 'removed')).toBeNull()
      })

      it('leaves an unexpected value alone', async () => {
        await store.set('atomic', 'other', 'value')
        for (const change of [
          { expected: null, value: 'new' },
          { expected: 'old', value: 'new' },
          { expected: 'old', value: null },
          { expected: '', value: 'new' },
        ] as const) {
          expect(await compareAndSet('atomic', 'other', change)).toBe(false)
        }
        expect(await read('atomic', 'other')).toBe('value')
        expect(await compareAndSet('atomic', 'none', { expected: 'old', value: 'new' })).toBe(false)
        expect(await read('atomic', 'none')).toBeNull()
      })

      it('gives a changed value its own lifetime', async () => {
        const first = { expected: null, value: 'first', ttl: 0.05 } as const
        expect(await compareAndSet('atomic', 'lease', first)).toBe(true)
        await vi.waitFor(
          async () =>
            expect(await compareAndSet('atomic', 'lease', { ...first, value: 'second' })).toBe(
              true,
            ),
          patiently,
        )
        await vi.waitFor(async () => expect(await read('atomic', 'lease')).toBeNull(), patiently)
        // An expired value is no longer expected by anybody.
        const late = { expected: 'second', value: 'late' } as const
        expect(await compareAndSet('atomic', 'lease', late)).toBe(false)

        await store.set('atomic', 'kept', 'first', { ttl: 3600 })
        const kept = { expected: 'first', value: 'second', ttl: 0.05 } as const
        expect(await compareAndSet('atomic', 'kept', kept)).toBe(true)
        await vi.waitFor(async () => expect(await read('atomic', 'kept')).toBeNull(), patiently)
        await vi.waitFor(async () => {
          await store.set('atomic', 'stays', 'first', { ttl: 0.5 })
          const stays = { expected: 'first', value: 'second' } as const
          expect(await compareAndSet('atomic', 'stays', stays)).toBe(true)
        }, patiently)
        await store.set('atomic', 'gone', 'value', { ttl: 0.6 })
        await vi.waitFor(async () => expect(await read('atomic', 'gone')).toBeNull(), patiently)
        expect(await read('atomic', 'stays')).toBe('second')
      })
    })
  })
}
