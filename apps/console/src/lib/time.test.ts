import { expect, it } from 'vitest'
import { clock, fromNow } from './time.ts'

const now = Date.parse('2026-11-21T10:00:00Z')

it.each([
  ['2026-11-21T09:59:40Z', 'just now'],
  ['2026-11-21T10:00:30Z', 'in less than a minute'],
  ['2026-11-21T09:58:00Z', '2 minutes ago'],
  ['2026-11-21T11:30:00Z', 'in 1 hour'],
  ['2026-11-20T09:00:00Z', 'yesterday'],
])('says %s as %s', (iso, words) => {
  expect(fromNow(iso, now)).toBe(words)
})

it('writes a remaining time like a clock', () => {
  expect(clock(545_000)).toBe('9:05')
  expect(clock(-1)).toBe('0:00')
})
