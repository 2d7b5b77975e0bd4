import type { AgentEvent } from '../domain/event.ts'
import { addressGroup } from './address.ts'

/** At most `max` requests in `window` seconds. */
export interface RateLimit {
  window: number
  max: number
}

/**
 * Limits of section 8.13. Each counts on its own; an address never counts for an agent.
 *
 * `registration`, `introspection`, `userCode` and `notification` are exact over all replicas. The
 * others are counted in memory and exchanged every 250 ms: `n` replicas may admit what reaches each
 * of them in that time beyond `max`, never more than `n` times `max`. Where the plugin runs on an
 * adapter alone, without PostgreSQL of its own, every process counts for itself.
 */
export interface RateLimits {
  /** Requests of one agent. @default 600 in 60 seconds */
  agent: RateLimit
  /** Requests of one host and of all its agents. @default 3000 in 60 seconds */
  host: RateLimit
  /** Requests of all agents of one person. @default 6000 in 60 seconds */
  user: RateLimit
  /** Executions of one capability by one agent; a capability can have its own limit. @default none */
  capability?: RateLimit
  /** Requests without a credential from one address; of IPv6 a /64 counts. @default 300 in 60 seconds */
  address: RateLimit
  /** Registrations from one address. @default 30 in 60 seconds */
  registration: RateLimit
  /** Wrong introspection secrets from one address. @default 30 in 60 seconds */
  introspection: RateLimit
  /** Wrong user codes from one person. @default 10 in 600 seconds */
  userCode: RateLimit
  /** Notices of waiting requests to one person; the inbox has them all. @default 10 in 3600 seconds */
  notification: RateLimit
}

/** The limits that hold unless an option says otherwise. */
export const DEFAULT_LIMITS: RateLimits = {
  agent: { window: 60, max: 600 },
  host: { window: 60, max: 3000 },
  user: { window: 60, max: 6000 },
  address: { window: 60, max: 300 },
  registration: { window: 60, max: 30 },
  introspection: { window: 60, max: 30 },
  userCode: { window: 600, max: 10 },
  notification: { window: 3600, max: 10 },
}

/** Whether a limit can be counted: a window of at most a day, in whole seconds, and one or more. */
export function isRateLimit({ window, max }: RateLimit): boolean {
  return [window, max].every((one) => Number.isInteger(one) && one >= 1) && window <= 86_400
}

/** The name of a limit. */
export type LimitName = keyof RateLimits

/** Who reached a limit first in a window. */
export interface Reached {
  readonly limit: LimitName
  readonly key: string
}

/** How `capability` limits name an agent and what it executes. */
export function capabilityKey(agentId: string, name: string): string {
  return `${agentId} ${name}`
}

/** The event that tells of a limit somebody reached. */
export function limitEvent({ limit, key }: Reached): AgentEvent {
  const told = { type: 'rate.limited', outcome: 'refused', code: 'rate_limited' } as const
  switch (limit) {
    case 'agent':
      return { ...told, agentId: key, details: { limit } }
    case 'capability': {
      const [agentId = null, ...name] = key.split(' ')
      return { ...told, agentId, capability: name.join(' '), details: { limit } }
    }
    case 'user':
    case 'userCode':
    case 'notification':
      return { ...told, userId: key, details: { limit } }
    case 'host':
      return { ...told, details: { limit, thumbprint: key } }
    case 'address':
    case 'registration':
    case 'introspection':
      return { ...told, details: { limit, address: addressGroup(key) } }
  }
}
