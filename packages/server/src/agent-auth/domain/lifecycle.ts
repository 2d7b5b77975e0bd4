import type { ErrorCode } from '@countersign/protocol'
import type { Agent, AgentStatus, Host } from './model.ts'

/** How long agents live, in seconds; 0 switches a clock off (specification, 2.4). */
export interface Lifetimes {
  readonly agentSessionTTL: number
  readonly agentMaxLifetime: number
  readonly absoluteLifetime: number
}

export interface AgentState {
  readonly status: AgentStatus
  /** When the agent expires if it stays idle, in milliseconds since the epoch. */
  readonly expiresAt: number | null
  /** The absolute lifetime has passed: nothing brings the agent back. */
  readonly over: boolean
}

/**
 * Decides the state of an agent now, from what is stored and what time has done since.
 *
 * A stored `active` means only that nobody ended the agent; the clocks of section 2.4 can.
 */
export function agentState(agent: Agent, lifetimes: Lifetimes, now: number): AgentState {
  const over = hasPassed(agent.createdAt, lifetimes.absoluteLifetime, now)
  if (agent.status !== 'active' && agent.status !== 'expired') {
    return { status: agent.status, expiresAt: null, over }
  }
  if (over) return { status: 'revoked', expiresAt: null, over }

  const expiresAt = sessionEnd(agent, lifetimes)
  const expired = agent.status === 'expired' || (expiresAt !== null && expiresAt <= now)
  return { status: expired ? 'expired' : 'active', expiresAt, over }
}

/** Why an agent may not act now, or `null` when it may. The host's state counts first. */
export function refusal(host: Host, agent: Agent, state: AgentState): ErrorCode | null {
  if (host.status !== 'active') return `host_${host.status}`
  if (state.over) return 'absolute_lifetime_exceeded'
  if (state.status !== 'active') return `agent_${state.status}`
  if (!hasGround(host, agent))
    return agent.mode === 'autonomous' ? 'agent_claimed' : 'agent_revoked'
  return agent.pausedAt ? 'agent_paused' : null
}

/**
 * Whether the host is still linked to whom the agent acts for: its person, or nobody when it is
 * autonomous (specification, 2.9 and 2.10).
 *
 * Linking and unlinking end the agents that lose their ground. This also covers the one that was
 * registered in the same moment.
 */
export function hasGround(host: Host, agent: Agent): boolean {
  return host.userId === agent.userId && (agent.mode === 'autonomous') === (host.userId === null)
}

function sessionEnd(agent: Agent, lifetimes: Lifetimes): number | null {
  const activated = agent.activatedAt?.getTime() ?? agent.createdAt.getTime()
  const used = Math.max(agent.lastUsedAt?.getTime() ?? 0, activated)
  const ends = [
    lifetimes.agentSessionTTL > 0 ? used + lifetimes.agentSessionTTL * 1000 : Infinity,
    lifetimes.agentMaxLifetime > 0 ? activated + lifetimes.agentMaxLifetime * 1000 : Infinity,
  ]
  const end = Math.min(...ends)
  return end === Infinity ? null : end
}

function hasPassed(start: Date, seconds: number, now: number): boolean {
  return seconds > 0 && start.getTime() + seconds * 1000 <= now
}
