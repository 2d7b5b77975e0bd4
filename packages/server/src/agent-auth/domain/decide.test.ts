import { checkConstraints, type Constraints, meetConstraints } from '@countersign/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CapabilityDecision, decideGrants, decisionDocument } from './decide.ts'
import type { Grant } from './model.ts'

function pending(capability: string, constraints: Constraints | null = null): Grant {
  return {
    id: `grt_${capability}`,
    agentId: 'agt_1',
    approvalId: 'apr_1',
    capability,
    status: 'pending',
    constraints,
    expiresAt: null,
    maxUses: null,
    usesLeft: null,
    budgetField: null,
    budgetLimit: null,
    budgetLeft: null,
    reason: null,
    grantedBy: null,
    deniedBy: null,
    createdAt: new Date(0),
    updatedAt: new Date(0),
  }
}
const asked = [pending('read'), pending('pay', { amount: { max: 300 } })]

describe('decideGrants', () => {
  it.each<[string, readonly CapabilityDecision[] | undefined, readonly Record<string, unknown>[]]>([
    [
      'allows everything as asked without decisions',
      undefined,
      [
        {
          capability: 'read',
          allow: true,
          constraints: null,
          expiresIn: null,
          maxUses: null,
          budget: null,
        },
        { capability: 'pay', allow: true, constraints: { amount: { max: 300 } } },
      ],
    ],
    [
      'denies what is not named',
      [{ capability: 'read', allow: true }],
      [
        { capability: 'read', allow: true },
        { capability: 'pay', allow: false, reason: null },
      ],
    ],
    ['denies everything with an empty list', [], [{ allow: false }, { allow: false }]],
    [
      'keeps the reason of a denial',
      [{ capability: 'pay', allow: false, reason: 'No.' }],
      [{ allow: false }, { allow: false, reason: 'No.' }],
    ],
    [
      'takes the tighter limit',
      [{ capability: 'pay', allow: true, constraints: { amount: { max: 900, min: 1 }, to: 'a' } }],
      [{ allow: false }, { allow: true, constraints: { amount: { max: 300, min: 1 }, to: 'a' } }],
    ],
    [
      'denies what its limits leave nothing of',
      [{ capability: 'pay', allow: true, constraints: { amount: { min: 301 } } }],
      [{ allow: false }, { allow: false, reason: expect.stringContaining('amount') }],
    ],
    [
      'keeps expiry, uses and budget',
      [
        {
          capability: 'pay',
          allow: true,
          expires_in: 60,
          max_uses: 2,
          budget: { field: 'amount', limit: 5 },
        },
      ],
      [
        { allow: false },
        { allow: true, expiresIn: 60, maxUses: 2, budget: { field: 'amount', limit: 5 } },
      ],
    ],
  ])('%s', (_title, decisions, expected) => {
    expect(decideGrants(asked, decisions)).toMatchObject(expected)
  })

  it.each<[string, readonly CapabilityDecision[], RegExp]>([
    ['a capability nobody asked for', [{ capability: 'crash', allow: true }], /"crash"/],
    [
      'one capability twice',
      [
        { capability: 'pay', allow: true },
        { capability: 'pay', allow: false },
      ],
      /each capability once/,
    ],
    [
      'a negative budget',
      [{ capability: 'pay', allow: true, budget: { field: 'amount', limit: -1 } }],
      /from 0 up/,
    ],
    [
      'an uncountable budget',
      [{ capability: 'pay', allow: true, budget: { field: 'amount', limit: Infinity } }],
      /at most six decimals/,
    ],
  ])('refuses %s and says why', (_title, decisions, message) => {
    expect(() => decideGrants(asked, decisions)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringMatching(message),
      }),
    )
  })
})

const primitive = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('a', 'b', 'c'),
  fc.boolean(),
)
const operators = fc
  .record(
    {
      max: fc.integer({ min: -5, max: 5 }),
      min: fc.integer({ min: -5, max: 5 }),
      in: fc.array(primitive, { minLength: 1, maxLength: 4 }),
      not_in: fc.array(primitive, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0)
const constraints = fc.option(
  fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(primitive, operators), { maxKeys: 2 }),
)
const args = fc.dictionary(fc.constantFrom('x', 'y', 'z'), primitive)

describe('a person never widens', () => {
  it('whatever they say, what is accepted was asked for and said', () => {
    fc.assert(
      fc.property(
        constraints,
        constraints,
        fc.array(args, { minLength: 10, maxLength: 30 }),
        (of, by, samples) => {
          const [decided] = decideGrants(
            [pending('pay', of)],
            [{ capability: 'pay', allow: true, ...(by && { constraints: by }) }],
          )
          for (const sample of samples) {
            const wanted = checkConstraints(of, sample).length === 0
            const said = checkConstraints(by, sample).length === 0
            const within = decided?.allow ? checkConstraints(decided.constraints, sample) : null
            const accepted = within?.length === 0
            expect(accepted).toBe(wanted && said)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('in whichever order two limits meet', () => {
    fc.assert(
      fc.property(constraints, constraints, args, (a, b, sample) => {
        const accepts = (meet: ReturnType<typeof meetConstraints>) =>
          !meet.empty && checkConstraints(meet.constraints, sample).length === 0
        expect(accepts(meetConstraints(a, b))).toBe(accepts(meetConstraints(b, a)))
        expect(accepts(meetConstraints(a, a))).toBe(checkConstraints(a, sample).length === 0)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('decisionDocument', () => {
  const document = (decisions?: readonly CapabilityDecision[], id = 'apr_1') =>
    JSON.stringify(decisionDocument(id, decideGrants(asked, decisions)))

  it('is the same for the same decision in another order', () => {
    const [read, pay] = [
      { capability: 'read', allow: true },
      { capability: 'pay', allow: true },
    ]
    expect(document([read, pay])).toBe(document([pay, read]))
    expect(document([read, pay])).toBe(document())
  })

  it('is in the order of names, whichever order the grants were stored in', () => {
    const three = decideGrants([pending('read'), pending('pay'), pending('close')], undefined)
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    const documents = orders.map((order) =>
      JSON.stringify(
        decisionDocument(
          'apr_1',
          order.flatMap((index) => three[index] ?? []),
        ),
      ),
    )
    expect(new Set(documents).size).toBe(1)
    expect(documents[0]).toMatch(/"close".*"pay".*"read"/)
  })

  it('holds all that the decision activates, and nothing of what it denies', () => {
    const decided = decideGrants(asked, [
      { capability: 'read', allow: false, reason: 'No.' },
      {
        capability: 'pay',
        allow: true,
        expires_in: 60,
        max_uses: 2,
        budget: { field: 'amount', limit: 5 },
      },
    ])
    expect(decisionDocument('apr_1', decided)).toEqual({
      approval_id: 'apr_1',
      allowed: [
        {
          capability: 'pay',
          constraints: { amount: { max: 300 } },
          expires_in: 60,
          max_uses: 2,
          budget: { field: 'amount', limit: 5 },
        },
      ],
    })
  })

  it.each<[string, CapabilityDecision]>([
    ['constraints', { capability: 'pay', allow: true, constraints: { amount: { max: 299 } } }],
    ['an expiry', { capability: 'pay', allow: true, expires_in: 60 }],
    ['uses', { capability: 'pay', allow: true, max_uses: 1 }],
    ['a budget', { capability: 'pay', allow: true, budget: { field: 'amount', limit: 1 } }],
    ['a denial', { capability: 'pay', allow: false }],
  ])('is another one with %s', (_title, decision) => {
    expect(document([decision])).not.toBe(document([{ capability: 'pay', allow: true }]))
  })

  it('is another one for another request', () => {
    expect(document(undefined, 'apr_2')).not.toBe(document())
  })
})
