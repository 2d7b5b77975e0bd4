import type { AgentStatus, HostStatus } from './model.ts'

/** Who can cause a transition. `clock`: time that passes; `server`: an account that ends. */
export type Actor = 'person' | 'host' | 'clock' | 'server'

/** One way from state to state. `from` is empty for what did not exist, `to` is `null` for what is deleted. */
export interface Transition<Status> {
  readonly from: readonly Status[]
  readonly to: Status | null
  readonly by: readonly Actor[]
  /** What happens, for the documentation. */
  readonly when: string
}

const live = ['pending', 'active', 'expired'] as const

/** Every transition of an agent (specification, 2.3). What is not here does not happen. */
export const AGENT_TRANSITIONS = {
  register: {
    from: [],
    to: 'pending',
    by: ['host'],
    when: 'registered, and a person has to approve',
  },
  admit: {
    from: [],
    to: 'active',
    by: ['host'],
    when: 'registered, and nothing it asks takes a person',
  },
  ask: {
    from: ['pending'],
    to: 'pending',
    by: ['host'],
    when: 'registered again: a new question in place of the old one',
  },
  settle: {
    from: ['pending'],
    to: 'active',
    by: ['host'],
    when: 'registered again for what takes nobody',
  },
  approve: {
    from: ['pending'],
    to: 'active',
    by: ['person'],
    when: 'approved, in whole or in part',
  },
  deny: { from: ['pending'], to: 'rejected', by: ['person'], when: 'denied' },
  expire: {
    from: ['active'],
    to: 'expired',
    by: ['clock'],
    when: 'idle for `agentSessionTTL`, or active for `agentMaxLifetime`',
  },
  reactivate: {
    from: ['expired'],
    to: 'active',
    by: ['host'],
    when: 'reactivated with its defaults',
  },
  askAgain: {
    from: ['expired'],
    to: 'pending',
    by: ['host'],
    when: 'reactivated, and a default waits for a person',
  },
  lapse: {
    from: ['pending'],
    to: 'expired',
    by: ['clock'],
    when: 'nobody answered its reactivation for `pendingLifetime`',
  },
  outlive: {
    from: ['active', 'expired'],
    to: 'revoked',
    by: ['clock'],
    when: 'older than `absoluteLifetime`',
  },
  revoke: {
    from: live,
    to: 'revoked',
    by: ['person', 'host', 'server'],
    when: 'revoked, itself or with its app, or its person is deleted or banned',
  },
  unlink: {
    from: live,
    to: 'revoked',
    by: ['person'],
    when: 'its app is disconnected from the person (delegated)',
  },
  claim: {
    from: ['active', 'expired'],
    to: 'claimed',
    by: ['person'],
    when: 'its app is linked to a person (autonomous)',
  },
  remove: {
    from: ['pending'],
    to: null,
    by: ['clock'],
    when: 'nobody answered its registration for `pendingLifetime`',
  },
} as const satisfies Record<string, Transition<AgentStatus>>

/** Every transition of a host (specification, 2.8 to 2.11). Nothing here leads to `rejected`. */
export const HOST_TRANSITIONS = {
  register: { from: [], to: 'pending', by: ['host'], when: 'seen for the first time' },
  provision: {
    from: [],
    to: 'active',
    by: ['host'],
    when: 'seen for the first time, with an autonomous agent',
  },
  enroll: { from: [], to: 'active', by: ['person'], when: 'brings the token a person gave it' },
  link: {
    from: ['pending', 'active'],
    to: 'active',
    by: ['person'],
    when: 'an approval, a claim or a token links it to a person',
  },
  unlink: { from: ['active'], to: 'active', by: ['person'], when: 'disconnected from the person' },
  revoke: {
    from: ['pending', 'active'],
    to: 'revoked',
    by: ['person', 'host', 'server'],
    when: 'revoked, or its person is deleted or banned',
  },
  remove: {
    from: ['pending'],
    to: null,
    by: ['clock'],
    when: 'nobody approved it for `pendingLifetime`',
  },
} as const satisfies Record<string, Transition<HostStatus>>

type AgentEvents = typeof AGENT_TRANSITIONS
/** The transitions that move an agent which exists. */
type AgentMove = {
  [Event in keyof AgentEvents]: AgentEvents[Event] extends { from: readonly []; to: unknown }
    ? never
    : AgentEvents[Event]['to'] extends null
      ? never
      : Event
}[keyof AgentEvents]

/**
 * A transition in terms of what is stored: the states it starts from, and the one it leads to.
 *
 * The clocks expire what is stored as active, so whatever starts from `expired` starts there too.
 */
export function agentMove<Event extends AgentMove>(
  event: Event,
): { from: readonly AgentStatus[]; to: AgentEvents[Event]['to'] } {
  const { from, to } = AGENT_TRANSITIONS[event]
  const states: readonly AgentStatus[] = from
  const lapsed = states.includes('expired') && !states.includes('active')
  return { from: lapsed ? [...states, 'active'] : states, to }
}

/** The states in which an agent is not over: those a revocation ends. */
export const LIVE_AGENT: readonly AgentStatus[] = AGENT_TRANSITIONS.revoke.from

/** The states in which a host is not over. */
export const LIVE_HOST: readonly HostStatus[] = HOST_TRANSITIONS.revoke.from
