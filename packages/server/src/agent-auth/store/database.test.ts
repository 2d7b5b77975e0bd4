import { expect, it } from 'vitest'
import { newEventId } from './database.ts'

it('gives events ids in their order, also those of one millisecond', () => {
  const now = Date.UTC(2030, 0, 1)
  const times = [now, now, now, now + 1, now + 1, now - 5, now + 40]
  const ids = times.map((time) => newEventId(new Date(time)))
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
})

it('keeps the order of ten thousand events of one millisecond', () => {
  const now = new Date(Date.UTC(2031, 0, 1))
  const ids = Array.from({ length: 10_000 }, () => newEventId(now))
  expect(ids.toSorted()).toEqual(ids)
})
