import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorizeExecution, costOf, isLive, isMetered, isUsable } from './authorize.ts'
import { fromMillionths, toMillionths } from './budget.ts'
import type { Grant } from './model.ts'

const now = Date.UTC(2030, 0, 1)
const MILLION = 1_000_000

let made = 0
function grant(overrides: Partial<Grant> = {}): Grant {
  return {
    id: `grt_${made++}`,
    agentId: 'agt_1',
    approvalId: null,
    capability: 'pay',
    status: 'active',
    constraints: null,
    expiresAt: null,
    maxUses: null,
    usesLeft: null,
    budgetField: null,
    budgetLimit: null,
    budgetLeft: null,
    reason: null,
    grantedBy: 'ada',
    deniedBy: null,
    createdAt: new Date(now),
    updatedAt: new Date(now),
    ...overrides,
  }
}
const budget = (left: number, limit = left) => ({
  budgetField: 'amount',
  budgetLimit: Math.round(limit * MILLION),
  budgetLeft: Math.round(left * MILLION),
})
const uses = (usesLeft: number) => ({ maxUses: 10, usesLeft })

const allowed = 'allowed'
describe('authorizeExecution', () => {
  it.each<[string, readonly Partial<Grant>[], Record<string, unknown>, string]>([
    ['denies without a grant', [], {}, 'capability_not_granted'],
    ['allows a grant without limits', [{}], { anything: 1 }, allowed],
    [
      'denies a grant for another capability',
      [{ capability: 'read' }],
      {},
      'capability_not_granted',
    ],
    ['denies a pending grant', [{ status: 'pending' }], {}, 'capability_not_granted'],
    ['denies a denied grant', [{ status: 'denied' }], {}, 'capability_not_granted'],
    ['denies a revoked grant', [{ status: 'revoked' }], {}, 'capability_not_granted'],
    [
      'denies a grant that expires now',
      [{ expiresAt: new Date(now) }],
      {},
      'capability_not_granted',
    ],
    [
      'allows a grant that expires in a millisecond',
      [{ expiresAt: new Date(now + 1) }],
      {},
      allowed,
    ],
    [
      'allows arguments within a constraint',
      [{ constraints: { amount: { max: 5 } } }],
      { amount: 5 },
      allowed,
    ],
    [
      'denies arguments outside a constraint',
      [{ constraints: { amount: { max: 5 } } }],
      { amount: 5.01 },
      'constraint_violated',
    ],
    ['denies an argument left out', [{ constraints: { to: 'a' } }], {}, 'constraint_violated'],
    [
      'denies an inherited argument',
      [{ constraints: { toString: { not_in: ['x'] } } }],
      {},
      'constraint_violated',
    ],
    [
      'never adds two grants up',
      [
        { constraints: { to: 'a', amount: { max: 9 } } },
        { constraints: { to: 'b', amount: { max: 1 } } },
      ],
      { to: 'b', amount: 9 },
      'constraint_violated',
    ],
    [
      'takes the grant that fits',
      [{ constraints: { to: 'a' } }, { constraints: { to: 'b' } }],
      { to: 'b' },
      allowed,
    ],
    ['denies without uses left', [uses(0)], {}, 'limit_exceeded'],
    ['denies with less than no uses left', [uses(-1)], {}, 'limit_exceeded'],
    ['allows the last use', [uses(1)], {}, allowed],
    ['allows what just fits the budget', [budget(5)], { amount: 5 }, allowed],
    ['denies what is over the budget', [budget(5)], { amount: 5.000001 }, 'limit_exceeded'],
    ['allows nothing to be spent', [budget(0, 5)], { amount: 0 }, allowed],
    ['denies a budget without the amount', [budget(5)], {}, 'constraint_violated'],
    ['denies a negative amount', [budget(5)], { amount: -1 }, 'constraint_violated'],
    ['denies an amount as text', [budget(5)], { amount: '1' }, 'constraint_violated'],
    [
      'denies an amount that is no number',
      [budget(5)],
      { amount: Number.NaN },
      'constraint_violated',
    ],
    ['denies an amount too fine to count', [budget(5)], { amount: 1e-9 }, 'constraint_violated'],
    ['denies an amount too large to count', [budget(5)], { amount: 1e300 }, 'constraint_violated'],
    ['takes the unlimited grant when the limited one is used up', [uses(0), {}], {}, allowed],
  ])('%s', (_title, grants, args, expected) => {
    const decision = authorizeExecution(grants.map(grant), { capability: 'pay', args, now })
    expect(decision.allowed ? allowed : decision.reason).toBe(expected)
  })

  it('offers the unlimited grants first, so that nothing is spent in vain', () => {
    const [limited, free] = [grant(uses(3)), grant()]
    const decision = authorizeExecution([limited, free], { capability: 'pay', args: {}, now })
    expect(decision).toMatchObject({ allowed: true, grants: [{ id: free.id }, { id: limited.id }] })
  })

  it('offers what has the fewest limits first, whatever the limits are', () => {
    const [both, used, paid, free] = [
      grant({ ...uses(3), ...budget(5) }),
      grant(uses(3)),
      grant(budget(5)),
      grant(),
    ]
    for (const held of [
      [both, used, paid, free],
      [paid, both, free],
      [both, used, free],
    ]) {
      const decision = authorizeExecution(held, { capability: 'pay', args: { amount: 1 }, now })
      const offered = decision.allowed ? decision.grants.map(({ id }) => id) : []
      expect(offered).toHaveLength(held.length)
      expect([offered.at(0), offered.at(-1)]).toEqual([free.id, both.id])
    }
  })

  it('names the amount that cannot be taken from a budget', () => {
    const execution = { capability: 'pay', args: { amount: -1, to: 'b' }, now }
    const limited = grant({ ...budget(5), constraints: { to: 'a' } })
    expect(authorizeExecution([limited], execution)).toMatchObject({
      violations: [
        { field: 'to', constraint: 'a', actual: 'b' },
        { field: 'amount', constraint: { min: 0 }, actual: -1 },
      ],
    })
  })

  it('names the violations of one grant', () => {
    const decision = authorizeExecution([grant({ constraints: { amount: { max: 5 }, to: 'a' } })], {
      capability: 'pay',
      args: { amount: 6, to: 'a' },
      now,
    })
    expect(decision).toMatchObject({
      violations: [{ field: 'amount', constraint: { max: 5 }, actual: 6 }],
    })
  })

  it('never exceeds uses or budget, over any sequence of executions', () => {
    const cents = fc.integer({ min: -500, max: 100_000 }).map((amount) => amount / 100)
    const amounts = fc.array(
      fc.oneof(cents, fc.double(), fc.constantFrom(0.1, 0.2, 0.3, 1e-7, -0)),
      { maxLength: 60 },
    )
    const limits = fc.record({
      limit: fc.integer({ min: 0, max: 100_000 }),
      uses: fc.option(fc.integer({ min: 1, max: 20 })),
    })
    fc.assert(
      fc.property(amounts, limits, (sequence, { limit, uses: usesLeft }) => {
        let held = grant({ ...budget(limit / 100), maxUses: usesLeft, usesLeft })
        let spent = 0
        let count = 0
        for (const amount of sequence) {
          const decision = authorizeExecution([held], { capability: 'pay', args: { amount }, now })
          if (!decision.allowed) continue
          const cost = costOf(held, { amount }) ?? Infinity
          expect(cost).toBeGreaterThanOrEqual(0)
          spent += cost
          count++
          held = {
            ...held,
            budgetLeft: (held.budgetLeft ?? 0) - cost,
            usesLeft: held.usesLeft === null ? null : held.usesLeft - 1,
          }
        }
        expect(spent).toBeLessThanOrEqual(limit * 10_000)
        expect(held.budgetLeft).toBe(limit * 10_000 - spent)
        expect(count).toBeLessThanOrEqual(usesLeft ?? Infinity)
      }),
      { numRuns: 500 },
    )
  })

  it('is decided by live grants alone', () => {
    const statuses = fc.constantFrom<Grant['status']>('active', 'pending', 'denied', 'revoked')
    const grants = fc.array(
      fc
        .record({
          status: statuses,
          expiresAt: fc.option(fc.integer({ min: -5, max: 5 }).map((ms) => new Date(now + ms))),
        })
        .map(grant),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(grants, (held) => {
        const decision = authorizeExecution(held, { capability: 'pay', args: {}, now })
        expect(decision.allowed).toBe(held.some((one) => isLive(one, now)))
      }),
    )
  })

  it('counts what has a limit', () => {
    const metered = [grant(uses(1)), grant(budget(1)), grant(), grant({ constraints: { a: 1 } })]
    expect(metered.map(isMetered)).toEqual([true, true, false, false])
  })
})

describe('a grant', () => {
  it.each<[string, Partial<Grant>, boolean]>([
    ['without limits', {}, true],
    ['with a use left', uses(1), true],
    ['without a use left', uses(0), false],
    ['with a budget left', budget(1), true],
    ['without a budget left', budget(0, 5), false],
    ['with a use and without a budget left', { ...uses(1), ...budget(0, 5) }, false],
    ['with a budget and without a use left', { ...uses(0), ...budget(1) }, false],
    ['that expires now', { expiresAt: new Date(now) }, false],
    ['that expires now, with a budget left', { expiresAt: new Date(now), ...budget(1) }, false],
    ['that is pending', { status: 'pending' }, false],
  ])('%s covers another execution: %s', (_title, overrides, usable) => {
    expect(isUsable(grant(overrides), now)).toBe(usable)
  })

  it('without a budget costs nothing, whatever its arguments are called', () => {
    expect(costOf(grant(), { amount: 5, null: 5, undefined: 5 })).toBe(null)
    expect(costOf(grant(budget(9)), { amount: 5 })).toBe(5 * MILLION)
  })
})

describe('amounts of a budget', () => {
  it.each<[unknown, number | null]>([
    [0, 0],
    [-0, 0],
    [1, 1_000_000],
    [0.1, 100_000],
    [0.000001, 1],
    [1.0000001, null],
    [-0.000001, null],
    [9_007_199_254, 9_007_199_254_000_000],
    [9_007_199_255, null],
    [Infinity, null],
    [Number.NaN, null],
    ['1', null],
    [null, null],
    [undefined, null],
    [[1], null],
    [true, null],
    [1n, null],
  ])('%s is %s millionths', (amount, millionths) => {
    const counted = toMillionths(amount)
    expect(counted === null ? null : counted + 0).toBe(millionths)
  })

  it('reads back what it wrote, for every amount of cents', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (cents) => {
        const millionths = toMillionths(cents / 100)
        expect(millionths).toBe(cents * 10_000)
        expect(fromMillionths(millionths ?? -1)).toBe(cents / 100)
      }),
    )
  })
})
