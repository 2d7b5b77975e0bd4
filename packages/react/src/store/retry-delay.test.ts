import { expect, it } from 'vitest'
import { retryDelay } from './retry-delay.ts'

it('S67 asks a server that is away less and less often', () => {
  const delays = [1, 2, 3, 7, 100].map((failures) => retryDelay(failures, undefined, 0))
  expect(delays).toEqual([1000, 2000, 4000, 60_000, 60_000])
})

it('S67 waits as long as the server asks, and not together with other tabs', () => {
  expect(retryDelay(1, 30, 0)).toBe(30_000)
  expect(retryDelay(1, 30, 0.5)).toBe(33_750)
  expect(retryDelay(1, 1e9, 0)).toBe(3_600_000)
})
