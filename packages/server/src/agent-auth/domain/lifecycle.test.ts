import { describe, expect, it } from 'vitest'
import { agentState, hasGround, type Lifetimes, refusal } from './lifecycle.ts'
import type { Agent, Host } from './model.ts'

const now = Date.UTC(2030, 0, 1)
const ago = (seconds: number) => new Date(now - seconds * 1000)
const clocks: Lifetimes = { agentSessionTTL: 60, agentMaxLifetime: 600, absoluteLifetime: 6000 }
const none: Lifetimes = { agentSessionTTL: 0, agentMaxLifetime: 0, absoluteLifetime: 0 }

function agent(overrides: Partial<Agent> = {}): Agent {
  return {
    id: 'agt_1',
    name: 'Bot',
    hostId: 'hst_1',
    userId: 'ada',
    mode: 'delegated',
    status: 'active',
    publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    jwksUrl: null,
    keyId: null,
    registrationKey: 'hst_1.x',
    pausedAt: null,
    activatedAt: ago(10),
    lastUsedAt: ago(5),
    createdAt: ago(20),
    updatedAt: ago(20),
    ...overrides,
  }
}

function host(status: Host['status'] = 'active', userId: string | null = 'ada'): Host {
  return {
    id: 'hst_1',
    name: null,
    thumbprint: 't',
    publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    jwksUrl: null,
    previousThumbprint: null,
    previousUntil: null,
    userId,
    status,
    defaultCapabilities: [],
    activatedAt: ago(10),
    lastUsedAt: null,
    createdAt: ago(20),
    updatedAt: ago(20),
  }
}

describe('the state of an agent', () => {
  it.each<[string, Partial<Agent>, Lifetimes, Agent['status']]>([
    ['active within all clocks', {}, clocks, 'active'],
    [
      'active for ever without clocks',
      { lastUsedAt: ago(1e9), activatedAt: ago(1e9), createdAt: ago(1e9) },
      none,
      'active',
    ],
    [
      'active one millisecond before the session ends',
      { lastUsedAt: new Date(now - 59_999) },
      clocks,
      'active',
    ],
    [
      'expired when the session ends now',
      { lastUsedAt: ago(60), activatedAt: ago(100) },
      clocks,
      'expired',
    ],
    [
      'idle since its activation when it was never used',
      { lastUsedAt: null, activatedAt: ago(61) },
      clocks,
      'expired',
    ],
    [
      'as old as its activation, not as a use before it',
      { lastUsedAt: ago(500), activatedAt: ago(30) },
      clocks,
      'active',
    ],
    [
      'expired after its maximum, however busy',
      { lastUsedAt: ago(0), activatedAt: ago(600) },
      clocks,
      'expired',
    ],
    [
      'revoked after its absolute lifetime, however busy',
      { lastUsedAt: ago(0), createdAt: ago(6000) },
      clocks,
      'revoked',
    ],
    [
      'revoked after its absolute lifetime, also when expired',
      { status: 'expired', createdAt: ago(6000) },
      clocks,
      'revoked',
    ],
    [
      'expired once it is stored so, even if used just now',
      { status: 'expired', lastUsedAt: ago(0) },
      clocks,
      'expired',
    ],
    [
      'pending while nobody decided, whatever the clocks say',
      { status: 'pending', lastUsedAt: null, activatedAt: null, createdAt: ago(5999) },
      clocks,
      'pending',
    ],
    [
      'as old as its registration when nothing says when it was activated',
      { lastUsedAt: null, activatedAt: null, createdAt: ago(61) },
      clocks,
      'expired',
    ],
    ['revoked for good', { status: 'revoked', lastUsedAt: ago(0) }, clocks, 'revoked'],
    ['rejected for good', { status: 'rejected' }, clocks, 'rejected'],
    ['claimed for good', { status: 'claimed' }, clocks, 'claimed'],
  ])('is %s', (_title, overrides, lifetimes, status) => {
    expect(agentState(agent(overrides), lifetimes, now).status).toBe(status)
  })

  it.each<[string, Partial<Agent>, Lifetimes, number | null]>([
    ['the session, while that is sooner', { lastUsedAt: ago(5) }, clocks, now + 55_000],
    [
      'the maximum, when that is sooner',
      { lastUsedAt: ago(0), activatedAt: ago(590) },
      clocks,
      now + 10_000,
    ],
    ['never, without clocks', {}, none, null],
  ])('ends with %s', (_title, overrides, lifetimes, expiresAt) => {
    expect(agentState(agent(overrides), lifetimes, now).expiresAt).toBe(expiresAt)
  })
})

describe('the absolute lifetime', () => {
  it.each<[string, Partial<Agent>, Lifetimes, boolean]>([
    ['is over when it ends now', { createdAt: ago(6000) }, clocks, true],
    ['is over also for a pending agent', { status: 'pending', createdAt: ago(6000) }, clocks, true],
    ['is not over a millisecond before', { createdAt: new Date(now - 5_999_999) }, clocks, false],
    ['is never over when it is switched off', { createdAt: ago(1e9) }, none, false],
  ])('%s', (_title, overrides, lifetimes, over) => {
    const state = agentState(agent(overrides), lifetimes, now)
    expect(state.over).toBe(over)
    if (over) expect(state.expiresAt).toBe(null)
  })
})

describe('an agent has its ground', () => {
  it.each<[Agent['mode'], string | null, string | null, ReturnType<typeof refusal>]>([
    ['delegated', 'ada', 'ada', null],
    ['delegated', 'ada', 'eve', 'agent_revoked'],
    ['delegated', 'ada', null, 'agent_revoked'],
    ['delegated', null, 'ada', 'agent_revoked'],
    ['delegated', null, null, 'agent_revoked'],
    ['autonomous', null, null, null],
    ['autonomous', null, 'ada', 'agent_claimed'],
    ['autonomous', 'ada', 'ada', 'agent_claimed'],
    ['autonomous', 'ada', null, 'agent_claimed'],
  ])('%s, acting for %s under a host of %s: %s', (mode, userId, owner, code) => {
    const subject = agent({ mode, userId })
    const app = host('active', owner)
    expect(refusal(app, subject, agentState(subject, clocks, now))).toBe(code)
    expect(hasGround(app, subject)).toBe(code === null)
  })
})

describe('why an agent may not act', () => {
  it.each<[string, Host['status'], Partial<Agent>, string | null]>([
    ['nothing', 'active', {}, null],
    ['its host is revoked', 'revoked', {}, 'host_revoked'],
    ['its host is pending, before all else', 'pending', { status: 'revoked' }, 'host_pending'],
    ['its host is rejected', 'rejected', {}, 'host_rejected'],
    ['it is pending', 'active', { status: 'pending' }, 'agent_pending'],
    ['it is revoked', 'active', { status: 'revoked' }, 'agent_revoked'],
    ['it is rejected', 'active', { status: 'rejected' }, 'agent_rejected'],
    ['it is claimed', 'active', { status: 'claimed' }, 'agent_claimed'],
    ['it is expired', 'active', { lastUsedAt: ago(61), activatedAt: ago(100) }, 'agent_expired'],
    [
      'its absolute lifetime is over',
      'active',
      { createdAt: ago(6001) },
      'absolute_lifetime_exceeded',
    ],
    ['its owner paused it', 'active', { pausedAt: ago(1) }, 'agent_paused'],
  ])('%s', (_title, status, overrides, code) => {
    const subject = agent(overrides)
    expect(refusal(host(status), subject, agentState(subject, clocks, now))).toBe(code)
  })
})
