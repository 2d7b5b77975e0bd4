import type { AgentView, GrantView } from '../api/contract.ts'

/** How an agent stands, in words and colour. */
export interface Standing {
  words: string
  tone: 'good' | 'warn' | 'neutral' | 'danger'
}

const standings: Readonly<Record<AgentView['status'], Standing>> = {
  active: { words: 'Active', tone: 'good' },
  pending: { words: 'Waiting for you', tone: 'warn' },
  expired: { words: 'Expired', tone: 'neutral' },
  revoked: { words: 'Revoked', tone: 'danger' },
  rejected: { words: 'Denied', tone: 'danger' },
  claimed: { words: 'Handed over', tone: 'neutral' },
}

/** Says how an agent stands. */
export function standing(agent: AgentView): Standing {
  return agent.status === 'active' && agent.paused
    ? { words: 'Paused', tone: 'warn' }
    : standings[agent.status]
}

/** Whether an agent is over for good. */
export function isOver(agent: AgentView): boolean {
  return agent.status === 'revoked' || agent.status === 'rejected' || agent.status === 'claimed'
}

/** Whether something more can be given to an agent: it is active, if only paused. */
export function mayReceive(agent: AgentView): boolean {
  return agent.status === 'active'
}

/** What is particular about an agent that works, or worked, without a person; nothing else. */
export function autonomyWords(agent: Pick<AgentView, 'mode' | 'status'>): string | undefined {
  if (agent.status === 'claimed') {
    return 'This agent worked on its own until you took over its app. It is over and may do nothing any more; what it did stands below. The app can connect a new agent, which asks you first.'
  }
  return agent.mode === 'autonomous'
    ? 'This agent works on its own: nobody is asked before it acts. You can stop it here at any time.'
    : undefined
}

/** Says for whom an agent works. */
export function modeWords(mode: string): string {
  if (mode === 'delegated') return 'For you, in your name'
  return mode === 'autonomous' ? 'On its own, without a person' : mode
}

/** The permissions that count right now. */
export function liveGrants(agent: AgentView): readonly GrantView[] {
  return agent.grants.filter((grant) => grant.status === 'active')
}
