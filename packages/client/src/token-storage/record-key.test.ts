import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromRecordKey, toLeaseKey, toRecordKey, toScope } from './record-key.ts'

/** Texts made of what has a meaning here, and a little of what has none. */
const tricky = fc
  .array(fc.constantFrom(':', '%', '%:', '%3A', '%25', 'lease', 'a', '\u00FC', '\n', '\u{1F600}'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''))
const name = fc.record({
  prefix: tricky,
  key: tricky.filter((key) => key !== ''),
})

it.each([
  [{ prefix: '', key: 'alice' }, 'alice'],
  [{ prefix: 'countersign:', key: 'alice' }, 'countersign:alice'],
  [{ prefix: 'countersign:', key: 'user:42' }, 'countersign:user%3A42'],
  [{ prefix: 'tenant', key: 'alice' }, 'tenant%:alice'],
  [{ prefix: 'a:b:', key: 'ü@example.com' }, 'a:b:ü@example.com'],
])('puts %j at %s', (parts, recordKey) => {
  expect(toRecordKey(parts)).toBe(recordKey)
})

it('S51 every record key leads back to the one name it was made of', () => {
  fc.assert(
    fc.property(name, (parts) => {
      expect(fromRecordKey(toRecordKey(parts))).toEqual(parts)
    }),
    { numRuns: 2000 },
  )
})

it('no lease is where a record may be', () => {
  fc.assert(
    fc.property(name, (parts) => {
      expect(fromRecordKey(toLeaseKey(toRecordKey(parts)))).toBeUndefined()
    }),
  )
})

it('every record key of a prefix starts with its scope', () => {
  fc.assert(
    fc.property(name, (parts) => {
      expect(toRecordKey(parts).startsWith(toScope(parts.prefix))).toBe(true)
    }),
  )
})

it.each(['%zz', '%', 'a%b', ':', '', 'a:'])('%j is no record key', (text) => {
  expect(fromRecordKey(text)).toBeUndefined()
})
