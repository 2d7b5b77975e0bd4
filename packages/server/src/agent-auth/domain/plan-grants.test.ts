import type { Constraints } from '@countersign/protocol'
import { describe, expect, it } from 'vitest'
import type { Grant, Host } from './model.ts'
import { isCovered, planGrants, takenAway } from './plan-grants.ts'

const now = Date.UTC(2030, 0, 1)
type Facts = Parameters<typeof planGrants>[1]

function grant(overrides: Partial<Grant> = {}): Grant {
  return {
    id: 'grt_1',
    agentId: 'agt_1',
    approvalId: null,
    capability: 'read',
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

const capabilities: Facts['capabilities'] = new Map([
  ['read', {}],
  ['time', { approvalStrength: 'none' as const }],
  ['close', { approvalStrength: 'webauthn' as const }],
  ['pay', { constraints: { amount: { max: 50 } } }],
])
const linked: Facts['host'] = {
  status: 'active',
  userId: 'ada',
  defaultCapabilities: ['read', 'close'],
}
const ask = (name: string, constraints: Constraints | null = null) => [{ name, constraints }]

describe('planGrants', () => {
  it.each<[string, string, Partial<Host>, readonly Grant[], string]>([
    ['grants a default at once', 'read', {}, [], 'active'],
    ['grants what takes no decision at once', 'time', {}, [], 'active'],
    ['asks for what is no default', 'pay', {}, [], 'pending'],
    ['asks for what the server has no policy on', 'fly', {}, [], 'pending'],
    ['asks under a host nobody linked', 'read', { userId: null }, [], 'pending'],
    [
      'asks under a host nobody linked, even for what takes no decision',
      'time',
      { userId: null },
      [],
      'pending',
    ],
    ['asks under a pending host', 'read', { status: 'pending' }, [], 'pending'],
    ['asks for what takes a passkey, even as a default', 'close', {}, [], 'pending'],
    [
      'asks when a grant with limits exists',
      'read',
      {},
      [grant({ constraints: { of: 'me' } })],
      'pending',
    ],
    [
      'asks again for what a person denied',
      'read',
      {},
      [grant({ status: 'denied', deniedBy: 'ada' })],
      'pending',
    ],
    [
      'asks again for what a person took away',
      'time',
      {},
      [grant({ capability: 'time', status: 'revoked', deniedBy: 'ada' })],
      'pending',
    ],
    [
      'grants again what only a reactivation took away',
      'read',
      {},
      [grant({ status: 'revoked', deniedBy: null })],
      'active',
    ],
    [
      'minds only grants of the same capability',
      'read',
      {},
      [grant({ capability: 'time' })],
      'active',
    ],
  ])('%s', (_title, name, host, held, status) => {
    const [planned] = planGrants(ask(name), { host: { ...linked, ...host }, capabilities, held })
    expect(planned).toMatchObject({ capability: name, status })
  })

  it.each<[string, Constraints | null, Record<string, unknown>]>([
    [
      'puts its own limits on what is asked without',
      null,
      { status: 'pending', constraints: { amount: { max: 50 } } },
    ],
    [
      'takes the tighter of both',
      { amount: { max: 20 } },
      { constraints: { amount: { max: 20 } } },
    ],
    [
      'never takes the wider one',
      { amount: { max: 500 } },
      { constraints: { amount: { max: 50 } } },
    ],
    [
      'keeps limits on other fields',
      { to: 'a' },
      { constraints: { amount: { max: 50 }, to: 'a' } },
    ],
    [
      'denies what contradicts it',
      { amount: { min: 60 } },
      { status: 'denied', reason: expect.stringContaining('amount') },
    ],
  ])('the server %s', (_title, constraints, expected) => {
    const facts = { host: linked, capabilities, held: [] }
    expect(planGrants(ask('pay', constraints), facts)).toMatchObject([expected])
  })
})

describe('an autonomous agent', () => {
  const unlinked = { ...linked, userId: null }
  it.each<[string, string, Partial<Host>, readonly Grant[], string]>([
    ['is granted a default', 'read', {}, [], 'active'],
    ['is granted what takes no decision', 'time', {}, [], 'active'],
    ['is denied what takes a person', 'pay', {}, [], 'denied'],
    ['is denied what takes a passkey', 'close', {}, [], 'denied'],
    ['is denied under a host a person linked', 'time', { userId: 'ada' }, [], 'denied'],
    ['is denied under a pending host', 'time', { status: 'pending' }, [], 'denied'],
    [
      'is denied what a person took away',
      'time',
      {},
      [grant({ capability: 'time', status: 'revoked', deniedBy: 'ada' })],
      'denied',
    ],
  ])('%s', (_title, name, host, held, status) => {
    const facts: Facts = {
      host: { ...unlinked, ...host },
      capabilities,
      mode: 'autonomous',
      held,
    }
    expect(planGrants(ask(name, { to: 'a' }), facts)).toMatchObject([
      {
        capability: name,
        status,
        constraints: { to: 'a' },
        reason: status === 'denied' ? expect.stringContaining('takes a person') : null,
      },
    ])
  })
})

describe('takenAway', () => {
  it.each<[string, Partial<Grant>, boolean]>([
    ['a person denied', { status: 'denied', deniedBy: 'ada' }, true],
    ['a person revoked', { status: 'revoked', deniedBy: 'ada' }, true],
    ['policy denied', { status: 'denied', deniedBy: null }, false],
    ['a reactivation revoked', { status: 'revoked', deniedBy: null }, false],
    ['a person gave again', { status: 'active', deniedBy: 'ada' }, false],
    ['nobody touched', {}, false],
  ])('a grant %s: %s', (_title, overrides, taken) => {
    const held = [grant(overrides)]
    expect(takenAway(held)).toEqual(taken ? held : [])
  })
})

describe('isCovered', () => {
  it('takes one grant that covers, whatever else is held', () => {
    const held = [grant({ capability: 'pay' }), grant(), grant({ status: 'revoked' })]
    expect(isCovered({ name: 'read', constraints: null }, held, now)).toBe(true)
    expect(isCovered({ name: 'read', constraints: null }, [], now)).toBe(false)
  })

  const limit = (max: number): Constraints => ({ amount: { max } })
  it.each<[string, Partial<Grant>, Constraints | null, boolean]>([
    ['covers the same', { constraints: limit(5) }, limit(5), true],
    ['covers less', { constraints: limit(5) }, limit(4), true],
    ['covers anything without limits', {}, limit(4), true],
    ['covers not more', { constraints: limit(5) }, limit(6), false],
    ['covers not everything', { constraints: limit(5) }, null, false],
    ['covers no other field', { constraints: limit(5) }, { to: 'a' }, false],
    ['covers one field more', { constraints: limit(5) }, { ...limit(5), to: 'a' }, true],
    ['covers nothing when uses can run out', { usesLeft: 3, maxUses: 3 }, null, false],
    [
      'covers nothing when a budget can run out',
      { budgetField: 'amount', budgetLeft: 1, budgetLimit: 1 },
      null,
      false,
    ],
    ['covers nothing once expired', { expiresAt: new Date(now) }, null, false],
    ['covers nothing when pending', { status: 'pending' }, null, false],
    ['covers nothing else', { capability: 'pay' }, null, false],
  ])('a grant %s', (_title, overrides, constraints, covered) => {
    expect(isCovered({ name: 'read', constraints }, [grant(overrides)], now)).toBe(covered)
  })
})
