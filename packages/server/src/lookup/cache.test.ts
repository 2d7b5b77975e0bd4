import { describe, expect, it, vi } from 'vitest'
import { LookupCache } from './cache.ts'

interface Thing {
  readonly group: string
  readonly version: number
}

function openCache(): LookupCache<Thing> {
  const cache = new LookupCache<Thing>(({ group }) => [group])
  cache.open()
  return cache
}

const thing = (version: number, group = 'g'): Thing => ({ group, version })
const read = (cache: LookupCache<Thing>, key: string, value: Thing | null) =>
  cache.read(key, () => Promise.resolve(value))

describe('what was read', () => {
  it('is remembered until it is forgotten', async () => {
    const cache = openCache()
    await read(cache, 'a', thing(1))
    expect(cache.get('a', Date.now())).toEqual(thing(1))
    cache.forget('a')
    expect(cache.get('a', Date.now())).toBeNull()
  })

  it('is forgotten after five seconds, even if nobody tells', async () => {
    const cache = openCache()
    await read(cache, 'a', thing(1))
    expect(cache.get('a', Date.now() + 4_900)).not.toBeNull()
    expect(cache.get('a', Date.now() + 5_000)).toBeNull()
  })

  it('is forgotten with its group, and the others are not', async () => {
    const cache = openCache()
    await read(cache, 'a', thing(1, 'host 1'))
    await read(cache, 'b', thing(1, 'host 1'))
    await read(cache, 'c', thing(1, 'host 2'))
    cache.forgetGroup('host 1')
    expect(['a', 'b', 'c'].map((key) => cache.get(key, Date.now()) !== null)).toEqual([
      false,
      false,
      true,
    ])
  })

  it('is not remembered when it does not exist', async () => {
    const cache = openCache()
    await read(cache, 'a', null)
    const again = vi.fn<() => Promise<Thing>>(() => Promise.resolve(thing(1)))
    expect(cache.get('a', Date.now())).toBeNull()
    expect(await cache.read('a', again)).toEqual(thing(1))
  })
})

it('does not remember what nobody would be told about', async () => {
  const cache = new LookupCache<Thing>(({ version }) => (version > 1 ? null : []))
  cache.open()
  await read(cache, 'a', thing(1))
  await read(cache, 'b', thing(2))
  expect(cache.get('a', Date.now())).not.toBeNull()
  expect(cache.get('b', Date.now())).toBeNull()
})

describe('what changes while it is read', () => {
  it.each([
    ['by its key', (cache: LookupCache<Thing>) => cache.forget('a')],
    ['by its group', (cache: LookupCache<Thing>) => cache.forgetGroup('g')],
    [
      'because the invalidation was lost',
      (cache: LookupCache<Thing>) => {
        cache.close()
        cache.open()
      },
    ],
  ])('is not remembered: %s', async (_why, change) => {
    const cache = openCache()
    const late = withResolvers<Thing>()
    const reading = cache.read('a', () => late.promise)
    change(cache)
    late.resolve(thing(1))
    expect(await reading).toEqual(thing(1))
    expect(cache.get('a', Date.now())).toBeNull()
  })

  it('does not disturb what another key reads', async () => {
    const cache = openCache()
    const late = withResolvers<Thing>()
    const reading = cache.read('a', () => late.promise)
    cache.forget('b')
    late.resolve(thing(1))
    await reading
    expect(cache.get('a', Date.now())).toEqual(thing(1))
  })
})

describe('a closed cache', () => {
  it('remembers nothing, and nothing from before', async () => {
    const cache = openCache()
    await read(cache, 'a', thing(1))
    cache.close()
    expect(cache.get('a', Date.now())).toBeNull()
    await read(cache, 'b', thing(1))
    expect(cache.get('b', Date.now())).toBeNull()
    cache.open()
    expect(cache.get('a', Date.now())).toBeNull()
  })
})

describe('a full cache', () => {
  it('forgets the oldest', async () => {
    const cache = openCache()
    for (let n = 0; n <= 20_000; n += 1) await read(cache, `k${n}`, thing(n))
    expect(cache.get('k0', Date.now())).toBeNull()
    expect(cache.get('k1', Date.now())).not.toBeNull()
    expect(cache.get('k20000', Date.now())).not.toBeNull()
  })
})

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((settle) => (resolve = settle))
  return { promise, resolve }
}
