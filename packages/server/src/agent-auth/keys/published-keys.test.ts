import { generateKeyPair } from '@countersign/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { FetchRefused } from '../../guarded-fetch/fetch-refused.ts'
import { PublishedKeys } from './published-keys.ts'

const SECOND = 1_000
const { publicJwk } = await generateKeyPair()
const url = 'https://keys.example/jwks'

let fetches: string[]
let headers: Record<string, string>
let kid: string
let isDown: boolean
let keys: PublishedKeys

beforeEach(() => {
  fetches = []
  headers = {}
  kid = 'a'
  isDown = false
  keys = open()
})

function open(maxUrls?: number): PublishedKeys {
  return new PublishedKeys({
    fetch: async (target) => {
      fetches.push(target)
      if (isDown) throw new FetchRefused('network', 'down')
      const body = { keys: [{ ...publicJwk, kid }] }
      return { body, headers: new Headers(headers), url: new URL(target) }
    },
    onRefused: () => {},
    ...(maxUrls !== undefined && { maxUrls }),
  })
}

/** Asks for a key at each of some times, in seconds, and tells which were answered by a fetch. */
async function fetchedAt(times: readonly number[]): Promise<number[]> {
  const fetched: number[] = []
  for (const time of times) {
    const before = fetches.length
    await keys.find(url, kid, time * SECOND)
    if (fetches.length > before) fetched.push(time)
  }
  return fetched
}

describe('how long keys are remembered', () => {
  const times = [0, 29, 30, 59, 60, 299, 300, 3_599, 3_600, 90_000]

  it.each([
    ['five minutes when nothing is said', undefined, [0, 300, 3_599, 90_000]],
    ['as long as is said', 'public, max-age=60', [0, 60, 299, 3_599, 90_000]],
    ['30 seconds at least', 'max-age=0', [0, 30, 60, 299, 3_599, 90_000]],
    ['30 seconds though they must not be kept', 'no-store', [0, 30, 60, 299, 3_599, 90_000]],
    ['an hour at most', 'max-age=31536000', [0, 3_600, 90_000]],
  ])('%s', async (_title, cacheControl, expected) => {
    if (cacheControl !== undefined) headers = { 'cache-control': cacheControl }
    expect(await fetchedAt(times)).toEqual(expected)
  })

  it('an unknown kid looks again, at most every 30 seconds', async () => {
    expect(await keys.find(url, 'b', 0)).toBeNull()
    kid = 'b'
    expect(await keys.find(url, 'b', 29 * SECOND)).toBeNull()
    expect(await keys.find(url, 'b', 30 * SECOND)).toEqual(publicJwk)
    expect(await keys.find(url, 'a', 31 * SECOND)).toBeNull()
    expect(fetches).toHaveLength(2)
  })

  it('a URL that fails is asked again after 30 seconds', async () => {
    isDown = true
    expect(await fetchedAt([0, 1, 29, 30])).toEqual([0, 30])
    isDown = false
    expect(await keys.find(url, 'a', 60 * SECOND)).toEqual(publicJwk)
  })

  it('keys outlive their freshness by an hour, while their URL fails', async () => {
    expect(await keys.find(url, 'a', 0)).toEqual(publicJwk)
    isDown = true
    expect(await keys.find(url, 'a', 3_899 * SECOND)).toEqual(publicJwk)
    expect(await keys.find(url, 'a', 3_900 * SECOND)).toBeNull()
  })
})

it('all who ask at once share one fetch', async () => {
  const found = await Promise.all(Array.from({ length: 50 }, () => keys.find(url, 'a', 0)))
  expect(found.every((key) => key?.x === publicJwk.x)).toBe(true)
  expect(fetches).toEqual([url])
})

it('remembers a bounded number of URLs', async () => {
  keys = open(2)
  for (const path of ['/1', '/2', '/3', '/3', '/2']) await keys.find(url + path, 'a', 0)
  expect(fetches).toHaveLength(3)
  await keys.find(`${url}/1`, 'a', 0)
  expect(fetches).toHaveLength(4)
})
