import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parseWith } from './parse-with.ts'

describe('what is wrong with a value, in words', () => {
  it.each([
    [z.string(), undefined, 'is missing'],
    [z.string(), 3, 'must be text'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.array(z.string()), {}, 'must be a list'],
    [z.record(z.string(), z.string()), 'x', 'must be an object'],
    [z.enum(['poll', 'ping']), 'push', 'must be "poll" or "ping"'],
    [z.int().max(86_400), 100_000, 'must be at most 86400'],
    [z.int().min(60), 1, 'must be at least 60'],
    [z.string().min(1), '', 'must have at least 1 character'],
    [z.string().max(3), 'abcd', 'must have at most 3 characters'],
    [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entry'],
    [z.strictObject({}), { a: 1 }, 'has what is not known here: "a"'],
    [z.url(), 'x', 'must be a URL'],
    [z.string().max(3, 'is too long for a code'), 'abcd', 'is too long for a code'],
  ])('%#: %s', (schema, value, words) => {
    expect(() => parseWith(schema, value)).toThrow(words)
    expect(() => parseWith(z.object({ field: schema }), { field: value })).toThrow(
      `field: ${words}`,
    )
  })
})
