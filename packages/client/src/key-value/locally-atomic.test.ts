import { expect, it } from 'vitest'
import { KeyValueClient } from './memory.ts'
import { atomic } from './locally-atomic.ts'
import type { KeyValueStorage } from './key-value.ts'

/** Each step takes effect at once but answers late, so a stale read is always acted upon. */
function slowStore(): KeyValueStorage {
  const kv = new KeyValueClient()
  const late = async <Result>(step: Promise<Result>): Promise<Result> => {
    const result = await step
    await new Promise((resolve) => setTimeout(resolve, 5))
    return result
  }
  return {
    get: (namespace, key) => late(kv.get(namespace, key)),
    set: (namespace, key, value, options) => late(kv.set(namespace, key, value, options)),
    delete: (namespace, key) => late(kv.delete(namespace, key)),
  }
}

const tries = Array.from({ length: 10 }, (_, index) => String(index))

it('a store with the atomic step stays as it is', () => {
  const kv = new KeyValueClient()
  expect(atomic(kv)).toBe(kv)
})

it('of many who set what is absent one succeeds', async () => {
  const store = slowStore()
  const won = await Promise.all(
    tries.map((value) => atomic(store).compareAndSet('n', 'k', { expected: null, value })),
  )
  expect(won.filter(Boolean)).toHaveLength(1)
  expect(await store.get('n', 'k')).toEqual({ exists: true, data: String(won.indexOf(true)) })
})

it('a value that was overwritten or deleted meanwhile is not replaced', async () => {
  const store = atomic(slowStore())
  await store.set('n', 'k', 'old')
  const change = { expected: 'old', value: 'new' } as const
  const [, replaced] = await Promise.all([
    store.set('n', 'k', 'other'),
    store.compareAndSet('n', 'k', change),
  ])
  expect(replaced).toBe(false)
  await store.set('n', 'k', 'old')
  const [, again] = await Promise.all([
    store.delete('n', 'k'),
    store.compareAndSet('n', 'k', change),
  ])
  expect(again).toBe(false)
  expect(await store.get('n', 'k')).toEqual({ exists: false })
})

it('a step that fails holds nobody up', async () => {
  const kv = slowStore()
  const store = atomic({ ...kv, set: async () => Promise.reject(new Error('full')) })
  const results = await Promise.allSettled([
    store.set('n', 'k', 'value'),
    store.delete('n', 'k'),
    store.compareAndSet('n', 'k', { expected: 'x', value: null }),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})
