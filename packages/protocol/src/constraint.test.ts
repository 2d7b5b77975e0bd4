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

const fields = ['amount', 'currency', '__proto__', 'constructor', 'toString']
/** Few enough to meet often, and next to each of them something that only looks the same. */
const texts = [
  '',
  'EUR',
  '\u0415UR',
  'eur',
  'EUR\u200B',
  '\u00E9',
  'e\u0301',
  '1',
  'true',
  '__proto__',
]
const huge = [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 1e308, -1e308, 5e-324]
const values: ConstraintPrimitive[] = [0, -0, 1, 2, 3, 5, -1.5, true, false, ...texts, ...huge]
/** What no constraint accepts, each with something in it that one could. */
const strangers = [
  Number.NaN,
  Infinity,
  -Infinity,
  null,
  undefined,
  1n,
  ['EUR'],
  [1],
  { valueOf: () => 1 },
  Object(1),
  Object('EUR'),
]

const primitive = fc.constantFrom(...values)
const bound = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(-1.5, -0, 0, 1, 2, 3, 5) },
  fc.constantFrom(...huge),
)
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
const argument = fc.oneof(
  { weight: 6, arbitrary: primitive },
  fc.constantFrom<unknown>(4, ...strangers),
)
const args = fc
  .tuple(fc.array(fc.tuple(field, argument), { maxLength: 4 }), fc.boolean())
  .map(([pairs, inherited]): Record<string, unknown> => {
    const given = Object.fromEntries(pairs)
    // What an object inherits was never sent.
    return inherited ? Object.assign(Object.create({ amount: 1, currency: 'EUR' }), given) : given
  })

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
/** What both allow; the first of them when that is nothing. */
const narrowed = (a: Constraints | null, b: Constraints | null): Constraints | null => {
  const meet = meetConstraints(a, b)
  return meet.empty ? a : meet.constraints
}
/** Arguments around every limit of a set, one field after the other, the others within it. */
const samplesOf = (set: Constraints | null, more: Constraints | null) => {
  const within = Object.entries(set ?? {}).map(([name, limit]) => {
    const value = candidates.find((one) => holds({ only: limit }, { only: one }))
    return [name, value] as const
  })
  return Object.keys({ ...set, ...more, other: 0 }).flatMap((name) =>
    [...candidates, ...strangers].map((value): Record<string, unknown> =>
      Object.fromEntries([...within, [name, value]]),
    ),
  )
}
const candidates = [...values, 4, 2.5, 6, -9]
const runs = { numRuns: 10_000 }

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
        expect(JSON.stringify(parseConstraints(wire))).toBe(JSON.stringify(wire))
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
    ['two ranges that end nowhere', { a: { min: 1 } }, { a: { min: 2 } }, { a: { min: 2 } }],
    ['one side alone as it is written', { a: { in: ['x'] } }, null, { a: { in: ['x'] } }],
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
    let covered = 0
    fc.assert(
      fc.property(constraints, constraints, fc.boolean(), (outer, other, related) => {
        const inner = related ? narrowed(outer, other) : other
        if (!constraintsCover(outer, inner)) return
        covered++
        for (const given of samplesOf(inner, outer)) {
          if (holds(inner, given)) expect(holds(outer, given)).toBe(true)
        }
      }),
      runs,
    )
    expect(covered).toBeGreaterThan(1000)
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
    [{ amount: { min: 0 } }, { amount: { min: 0 } }, true],
    [{ amount: { min: 0 } }, { amount: { min: -1 } }, false],
    [{ amount: { min: 0 } }, { amount: { min: -1, max: 5 } }, false],
    [{ amount: { min: 0 } }, { amount: { not_in: [-1] } }, false],
    [{ amount: 1 }, { amount: { min: 2, max: 1 } }, true],
    [{ to: 'a' }, { amount: { in: [] } }, true],
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
    ['a letter of another script', 'EUR', { a: '\u0415UR' }],
    ['a letter written in another way', { in: ['\u00E9'] }, { a: 'e\u0301' }],
    ['an invisible character more', { in: ['EUR'] }, { a: 'EUR\u200B' }],
    ['the next number there is', { max: 2 ** 53 - 1 }, { a: 2 ** 53 }],
    ['any number when the stored maximum is text', { max: '5' }, { a: 3 }],
    ['any number when the stored minimum is text', { min: '1' }, { a: 3 }],
    ['an inherited argument', 'x', Object.create({ a: 'x' })],
  ])('is violated by %s', (_title, value, given) => {
    expect(checkConstraints({ a: value as ConstraintValue }, given)).toHaveLength(1)
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
    [{ amount: { in: Array.from({ length: 500 }, (_, index) => index) } }],
    [Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, 1]))],
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
    ['{"amount":{}}', /`amount` needs max, min, in or not_in/],
    ['{"amount":{"max":"abc"}}', /max and min of `amount` must be numbers/],
    ['{"amount":{"max":null}}', /max and min of `amount` must be numbers/],
    ['{"amount":{"min":1e999}}', /max and min of `amount` must be numbers/],
    ['{"amount":{"min":"1","max":5}}', /max and min of `amount` must be numbers/],
    ['{"amount":[1]}', /`amount` is not a value or operators/],
    ['{"amount":null}', /`amount` is not a value or operators/],
    ['{"amount":[5,{"max":10}]}', /`amount` is not a value or operators/],
    ['{"amount":{"max":{"max":5}}}', /max and min of `amount` must be numbers/],
    ['{"address":{"country":{"in":["US"]}}}', /`address` needs max, min, in or not_in/],
    ['{"address":{"max":5,"country":{"in":["US"]}}}', /`address` needs max, min, in or not_in/],
    ['{"address.country":"US"}', /`address.country` is not the name of a top-level argument/],
    ['{"":"x"}', /`` is not the name of a top-level argument/],
    ['{"amount":{"in":[]}}', /No value satisfies the constraint on `amount`/],
    ['{"amount":{"in":"abc"}}', /in and not_in of `amount` must list/],
    ['{"amount":{"in":[{"max":1}]}}', /in and not_in of `amount` must list/],
    ['{"amount":{"in":[null]}}', /in and not_in of `amount` must list/],
    ['{"amount":{"not_in":5}}', /in and not_in of `amount` must list/],
    ['{"amount":{"in":[1],"not_in":5}}', /in and not_in of `amount` must list/],
    ['{"amount":{"min":5,"max":1}}', /No value satisfies the constraint on `amount`/],
    ['{"amount":{"in":["a"],"max":5}}', /No value satisfies the constraint on `amount`/],
    ['{"amount":{"in":["a"],"not_in":["a"]}}', /No value satisfies the constraint on `amount`/],
    ['[]', /must be an object of argument names/],
    ['null', /must be an object of argument names/],
    ['"amount"', /must be an object of argument names/],
  ])('AA22 refuses %s and says what is wrong', (json, message) => {
    expect(() => parseConstraints(JSON.parse(json))).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        status: 400,
        message: expect.stringMatching(message),
      }),
    )
  })

  it.each([
    ['NaN', { amount: { max: Number.NaN } }, /amount/],
    ['infinity', { amount: { max: Infinity } }, /amount/],
    ['an exact NaN', { amount: Number.NaN }, /amount/],
    [
      '501 values',
      { amount: { in: Array.from({ length: 501 }, (_, index) => index) } },
      /amount.* at most 500/,
    ],
    [
      '51 fields',
      Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`f${index}`, 1])),
      /at most 50 arguments/,
    ],
  ])('AA22 refuses %s', (_title, value, message) => {
    expect(() => parseConstraints(value)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringMatching(message),
      }),
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
      fc.property(fc.oneof(fc.jsonValue(), almostConstraints), (value) => {
        expect(parseOutcome(value)).toMatch(
          /^(parsed|invalid_request|unknown_constraint_operator)$/,
        )
      }),
      runs,
    )
  })

  it('accepts only what can be decided, and changes none of it', () => {
    let parsed = 0
    fc.assert(
      fc.property(almostConstraints, args, (value, given) => {
        if (parseOutcome(value) !== 'parsed') return
        parsed++
        const set = parseConstraints(value)
        expect(JSON.stringify(set)).toBe(JSON.stringify(value))
        expect(Object.getPrototypeOf(set)).toBe(Object.prototype)
        const violations = checkConstraints(set, given)
        expect(violations.every((violation) => Object.hasOwn(set, violation.field))).toBe(true)
        expect(checkConstraints(set, {})).toHaveLength(Object.keys(set).length)
        expect(constraintsCover(set, set)).toBe(true)
        // What no value satisfies is refused: a grant that allows nothing would look like one.
        expect(meetConstraints(set, null).empty).toBe(false)
      }),
      runs,
    )
    expect(parsed).toBeGreaterThan(1000)
  })
})

/** What a caller could send who knows the language, and gets some of it wrong. */
const almostConstraints = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 9, arbitrary: field },
        fc.constantFrom('', 'a.b', '\u0000', '\u202E', 'max', 'in'),
      ),
      fc.oneof(
        { weight: 4, arbitrary: constraint },
        { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
        {
          weight: 2,
          arbitrary: fc
            .array(
              fc.tuple(
                fc.oneof(
                  { weight: 6, arbitrary: fc.constantFrom('max', 'min', 'in', 'not_in') },
                  fc.constantFrom('__proto__', 'constructor', 'Max', 'max ', 'm\u0430x', 'lt', ''),
                ),
                fc.oneof(
                  { weight: 3, arbitrary: bound },
                  { weight: 3, arbitrary: list },
                  fc.constantFrom<unknown>(null, 'EUR', '1', true, {}, [[]], [null], ...strangers),
                ),
              ),
              { maxLength: 3 },
            )
            .map((pairs): unknown => Object.fromEntries(pairs)),
        },
      ),
    ),
    { maxLength: 3 },
  )
  .map((pairs): unknown => Object.fromEntries(pairs))
