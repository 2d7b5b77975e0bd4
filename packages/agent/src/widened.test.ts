import { constraintsCover, parseConstraints } from '@countersign/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWithin } from './widened.ts'

const primitive = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom('a', 'b', '1'),
  fc.boolean(),
)
const bound = fc.integer({ min: 0, max: 5 })
const operators = fc.record(
  { max: bound, min: bound, in: fc.array(primitive), not_in: fc.array(primitive) },
  { requiredKeys: [] },
)
const constraint = fc.oneof(primitive, operators)
const constraints = fc.option(fc.dictionary(fc.constantFrom('x', 'y'), constraint))

describe('AC5 isWithin', () => {
  it('never says yes where the constraint language says no', () => {
    let yes = 0
    fc.assert(
      fc.property(constraints, constraints, (inner, outer) => {
        try {
          parseConstraints(inner ?? {})
          parseConstraints(outer ?? {})
        } catch {
          fc.pre(false)
        }
        if (!isWithin(inner, outer)) return true
        yes += 1
        return constraintsCover(outer, inner)
      }),
      { numRuns: 3_000 },
    )
    expect(yes).toBeGreaterThan(100)
  })

  it('agrees with the constraint language for what servers do in practice', () => {
    const usual = fc.dictionary(
      fc.constantFrom('x', 'y'),
      fc.oneof(
        primitive,
        fc.record({ max: bound }),
        fc.record({ min: bound }),
        fc.record({ in: fc.array(primitive, { minLength: 1 }) }),
        fc.record({ not_in: fc.array(primitive, { minLength: 1 }) }),
      ),
    )
    let compared = 0
    fc.assert(
      fc.property(usual, usual, (inner, outer) => {
        compared += 1
        return isWithin(inner, outer) === constraintsCover(outer, inner)
      }),
      { numRuns: 3_000 },
    )
    expect(compared).toBe(3_000)
  })

  it.each([
    ['a bound that is text', { x: { max: '1' } }, { x: { max: 5 } }],
    ['a bound that is not a number', { x: { max: Number.NaN } }, { x: { max: 5 } }],
    ['a list that is text', { x: { in: 'a' } }, { x: { in: ['a'] } }],
    ['nothing where a field was limited', {}, { x: 1 }],
    ['an inherited field', Object.create({ x: 1 }) as Record<string, unknown>, { x: 1 }],
    ['null for a value', { x: null }, { x: 1 }],
    ['a nested object', { x: { in: [{ max: 1 }] } }, { x: { max: 1 } }],
  ])('says no to %s', (_title, inner, outer) => {
    expect(isWithin(inner, outer)).toBe(false)
  })
})
