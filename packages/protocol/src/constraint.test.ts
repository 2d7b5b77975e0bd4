import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkConstraints,
  constraintsCover,
  meetConstraints,
  parseConstraints,
} from './constraint.ts'
import { ProtocolError } from './errors.ts'
import type { ConstraintPrimitive, Constraints, ConstraintValue } from './constraint-value.ts'

const fields = ['amount', 'currency', '__proto__', 'toString']
const values: ConstraintPrimitive[] = [0, 1, 2, 3, 5, -1.5, '', 'EUR', 'USD', '1', true, false]

const primitive = fc.constantFrom(...values)
const bound = fc.constantFrom(-1.5, 0, 1, 2, 3, 5)
const list = fc.array(primitive, { maxLength: 4 })
const operators = fc.record(
  { max: bound, min: bound, in: fc.array(primitive, { minLength: 1, maxLength: 5 }), not_in: list },
  { requiredKeys: [] },
)
const constraint: fc.Arbitrary<ConstraintValue> = fc.oneof(
  primitive,
  operators.filter((operator) => Object.keys(operator).length > 0),
)
const field = fc.constantFrom(...fields)
const constraints: fc.Arbitrary<Constraints | null> = fc.option(
  fc.array(fc.tuple(field, constraint), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs)),
)
const args = fc
  .array(
    fc.tuple(
      field,
      fc.oneof({ weight: 6, arbitrary: primitive }, fc.constantFrom(null, ['EUR'], 4)),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => Object.fromEntries(pairs))

const holds = (set: Constraints | null, given: Record<string, unknown>) =>
  checkConstraints(set, given).length === 0
/** What a meet accepts. */
const holdsMeet = (
  a: Constraints | null,
  b: Constraints | null,
  given: Record<string, unknown>,
): boolean => {
  const meet = meetConstraints(a, b)
  return !meet.empty && holds(meet.constraints, given)
}
const runs = { numRuns: 5000 }

describe('AF4 meetConstraints', () => {
  it('accepts exactly what both accept', () => {
    fc.assert(
      fc.property(constraints, constraints, args, (a, b, given) => {
        expect(holdsMeet(a, b, given)).toBe(holds(a, given) && holds(b, given))
      }),
      runs,
    )
  })

  it('does not depend on the order, nor on how often it is done', () => {
    fc.assert(
      fc.property(constraints, constraints, args, (a, b, given) => {
        expect(holdsMeet(a, b, given)).toBe(holdsMeet(b, a, given))
        expect(holdsMeet(a, a, given)).toBe(holds(a, given))
        expect(meetConstraints(a, b).empty).toBe(meetConstraints(b, a).empty)
      }),
      runs,
    )
  })

  it('gives constraints that both sides cover and that parse again', () => {
    fc.assert(
      fc.property(constraints, constraints, (a, b) => {
        const meet = meetConstraints(a, b)
        fc.pre(!meet.empty)
        expect(constraintsCover(a, meet.constraints)).toBe(true)
        expect(constraintsCover(b, meet.constraints)).toBe(true)
        const wire: unknown = JSON.parse(JSON.stringify(meet.constraints ?? {}))
        expect(parseConstraints(wire)).toEqual(meet.constraints ?? {})
      }),
      runs,
    )
  })

  it.each([
    ['exact and range', { a: 5 }, { a: { max: 10 } }, { a: 5 }],
    [
      'two ranges',
      { a: { min: 1, max: 9 } },
      { a: { min: 3, max: 20 } },
      { a: { min: 3, max: 9 } },
    ],
    ['ranges that touch', { a: { max: 3 } }, { a: { min: 3 } }, { a: 3 }],
    ['two lists', { a: { in: ['x', 'y'] } }, { a: { in: ['y', 'z'] } }, { a: 'y' }],
    ['a list and a range', { a: { in: [1, 5, 9] } }, { a: { min: 2 } }, { a: { in: [5, 9] } }],
    [
      'exclusions',
      { a: { not_in: ['x'] } },
      { a: { not_in: ['y'] } },
      { a: { not_in: ['x', 'y'] } },
    ],
    [
      'exclusions and a range',
      { a: { not_in: ['x', 5, 99] } },
      { a: { max: 9 } },
      { a: { max: 9, not_in: [5] } },
    ],
    ['different fields', { a: 1 }, { b: { max: 2 } }, { a: 1, b: { max: 2 } }],
    ['nothing and something', null, { a: { min: 0, max: 1 } }, { a: { min: 0, max: 1 } }],
    ['nothing and nothing', null, {}, null],
  ])('combines %s to the tightest', (_title, a, b, expected) => {
    expect(meetConstraints(a, b)).toEqual({ empty: false, constraints: expected })
  })

  it.each([
    ['two exact values', { a: 1 }, { a: 2 }],
    ['a number and the same number as text', { a: 1 }, { a: '1' }],
    ['ranges apart', { a: { max: 1 } }, { a: { min: 2 } }],
    ['a range and text', { a: { max: 1 } }, { a: 'x' }],
    ['touching ranges without their number', { a: { max: 1 } }, { a: { min: 1, not_in: [1] } }],
    ['one side that is empty by itself', { a: { min: 2, max: 1 } }, null],
  ])('is empty for %s', (_title, a, b) => {
    expect(meetConstraints(a, b)).toEqual({ empty: true, field: 'a' })
  })
})

describe('AF4 constraintsCover', () => {
  it('is true only if everything the inner accepts passes the outer', () => {
    fc.assert(
      fc.property(constraints, constraints, args, (outer, inner, given) => {
        fc.pre(constraintsCover(outer, inner) && holds(inner, given))
        expect(holds(outer, given)).toBe(true)
      }),
      runs,
    )
  })

  it('is true for itself and for unconstrained', () => {
    fc.assert(
      fc.property(constraints, (set) => {
        expect(constraintsCover(set, set)).toBe(true)
        expect(constraintsCover(null, set)).toBe(true)
      }),
    )
  })

  it.each([
    [{ amount: { max: 1000 } }, { amount: { max: 1000 } }, true],
    [{ amount: { max: 1000 } }, { amount: { max: 1001 } }, false],
    [{ amount: { max: 1000 } }, { amount: { min: 1, max: 5 }, to: 'a' }, true],
    [{ amount: { max: 1000 } }, { to: 'a' }, false],
    [{ amount: { max: 1000 } }, null, false],
    [{ amount: { max: 1000 } }, {}, false],
    [{ amount: { min: 0 } }, { amount: { not_in: [-1] } }, false],
    [{ c: { in: ['EUR', 'USD'] } }, { c: 'EUR' }, true],
    [{ c: { in: ['EUR'] } }, { c: { in: ['EUR', 'USD'] } }, false],
    [{ c: { not_in: ['XXX'] } }, { c: { not_in: ['XXX', 'YYY'] } }, true],
    [{ c: { not_in: ['XXX', 'YYY'] } }, { c: { not_in: ['XXX'] } }, false],
    [{ c: { not_in: [] } }, {}, false],
  ])('outer %j, inner %j: %s', (outer, inner, expected) => {
    expect(constraintsCover(outer, inner)).toBe(expected)
  })
})

describe('AF4 checkConstraints', () => {
  it('lists what is violated', () => {
    const grant = { amount: { max: 1000 }, currency: { in: ['USD'] }, to: 'acc_456' }
    expect(checkConstraints(grant, { amount: 5000, currency: 'GBP', to: 'acc_456' })).toEqual([
      { field: 'amount', constraint: { max: 1000 }, actual: 5000 },
      { field: 'currency', constraint: { in: ['USD'] }, actual: 'GBP' },
    ])
    expect(checkConstraints(grant, { amount: 1000, currency: 'USD', to: 'acc_456' })).toEqual([])
    expect(checkConstraints(null, { anything: 1 })).toEqual([])
  })

  it.each([
    ['a missing argument', { max: 5 }, {}],
    ['a missing argument that only must not be something', { not_in: ['x'] }, {}],
    ['null', { not_in: ['x'] }, { a: null }],
    ['a number as text', { max: 5 }, { a: '3' }],
    ['text that is not a number', { max: 5 }, { a: 'abc' }],
    ['NaN', { max: 5 }, { a: Number.NaN }],
    ['minus infinity', { max: 5 }, { a: -Infinity }],
    ['a list around an excluded value', { not_in: ['x'] }, { a: ['x'] }],
    ['a list around the exact value', 'x', { a: ['x'] }],
    ['an object with valueOf', { max: 5 }, { a: { valueOf: (): number => 1 } }],
    ['true for 1', 1, { a: true }],
    ['text for a number', { in: [1, 2] }, { a: '1' }],
    ['an inherited argument', 'x', Object.create({ a: 'x' })],
  ])('is violated by %s', (_title, value, given) => {
    expect(checkConstraints({ a: value }, given)).toHaveLength(1)
  })

  it('refuses a stored operator it does not know', () => {
    const stored = JSON.parse('{"a":{"max":5,"less_than":3}}') as Constraints
    const unknown = expect.objectContaining({
      code: 'unknown_constraint_operator',
      details: { unknown_operators: ['less_than'] },
    })
    expect(() => checkConstraints(stored, { a: 1 })).toThrow(unknown)
    expect(() => meetConstraints(stored, null)).toThrow(unknown)
    expect(() => constraintsCover(stored, { a: 1 })).toThrow(unknown)
  })
})

function parseOutcome(value: unknown): string {
  try {
    parseConstraints(value)
    return 'parsed'
  } catch (error) {
    return error instanceof ProtocolError ? error.code : `unexpected ${String(error)}`
  }
}

describe('parseConstraints', () => {
  it.each([
    [{}],
    [{ amount: 5, currency: 'EUR', express: false }],
    [{ amount: { min: 0, max: 1000 }, currency: { in: ['USD', 'EUR'] } }],
    [{ amount: { max: 5, not_in: [1] } }],
    [{ amount: { not_in: [] } }],
  ])('accepts %j', (value) => {
    expect(parseConstraints(value)).toEqual(value)
  })

  it('AA21 names every unknown operator', () => {
    const value = { a: { less_than: 5, max: 1 }, b: { matches: 'x' }, c: { less_than: 1 } }
    expect(() => parseConstraints(value)).toThrow(
      expect.objectContaining({
        code: 'unknown_constraint_operator',
        status: 400,
        details: { unknown_operators: ['less_than', 'matches'] },
      }),
    )
  })

  it.each([
    '{"amount":{}}',
    '{"amount":{"max":"abc"}}',
    '{"amount":{"max":null}}',
    '{"amount":{"min":1e999}}',
    '{"amount":[1]}',
    '{"amount":null}',
    '{"amount":[5,{"max":10}]}',
    '{"amount":{"max":{"max":5}}}',
    '{"address":{"country":{"in":["US"]}}}',
    '{"address.country":"US"}',
    '{"":"x"}',
    '{"amount":{"in":[]}}',
    '{"amount":{"in":"abc"}}',
    '{"amount":{"in":[{"max":1}]}}',
    '{"amount":{"in":[null]}}',
    '{"amount":{"not_in":5}}',
    '{"amount":{"min":5,"max":1}}',
    '{"amount":{"in":["a"],"max":5}}',
    '{"amount":{"in":["a"],"not_in":["a"]}}',
    '[]',
    'null',
    '"amount"',
  ])('AA22 refuses %s', (json) => {
    expect(() => parseConstraints(JSON.parse(json))).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400 }),
    )
  })

  it.each([
    ['NaN', { amount: { max: Number.NaN } }],
    ['infinity', { amount: { max: Infinity } }],
    ['an exact NaN', { amount: Number.NaN }],
    ['501 values', { amount: { in: Array.from({ length: 501 }, (_, index) => index) } }],
    ['51 fields', Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`f${index}`, 1]))],
  ])('AA22 refuses %s', (_title, value) => {
    expect(() => parseConstraints(value)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })

  it('keeps a field called __proto__ as a field', () => {
    const parsed = parseConstraints(JSON.parse('{"__proto__":{"max":5}}'))
    expect(Object.keys(parsed)).toEqual(['__proto__'])
    expect(checkConstraints(parsed, {})).toHaveLength(1)
    expect(meetConstraints(parsed, { a: 1 })).toMatchObject({ empty: false })
  })

  it('accepts or refuses with a code, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(parseOutcome(value)).toMatch(
          /^(parsed|invalid_request|unknown_constraint_operator)$/,
        )
      }),
      { numRuns: 1000 },
    )
  })
})
