import { expect, it } from 'vitest'
import { DpopNonces } from './nonces.ts'

const now = Date.UTC(2026, 0, 1, 12)
const minute = 60_000

it.each([
  ['counts at once', 0, true],
  ['counts after five minutes', 5 * minute, true],
  ['does not count after six', 6 * minute, false],
  ['counts for a replica whose clock is half a minute behind', -minute, true],
  ['does not count two minutes early', -2 * minute, false],
])('a nonce %s', (_title, later, isGood) => {
  const nonce = new DpopNonces('secret').current(now)
  expect(new DpopNonces('secret').isGood(nonce, now + later)).toBe(isGood)
})

it('a nonce of another secret does not count', () => {
  expect(new DpopNonces('other').isGood(new DpopNonces('secret').current(now), now)).toBe(false)
})

it('hands out one nonce a minute', () => {
  const nonces = new DpopNonces('secret')
  expect(nonces.current(now)).toBe(nonces.current(now + minute - 1))
  expect(nonces.current(now)).not.toBe(nonces.current(now + minute))
})
