import type { TestAgent, TestHost } from '../actors.ts'
import type { TestPerson } from '../worlds.ts'

/**
 * What a person would say must be true of hosts and agents: a second, naive statement of the
 * lifecycle, in memory and in one thread, against which histories of real requests are compared.
 */

/** How long an agent lives at most, and how long somebody is waited for, in milliseconds. */
export const ABSOLUTE_LIFETIME = 9 * 3_600_000
export const PENDING_LIFETIME = 3 * 3_600_000
const APPROVAL_LIFETIME = 600_000

export interface PersonModel {
  readonly person: TestPerson
  state: 'here' | 'banned' | 'deleted'
}

export interface HostModel {
  host: TestHost
  /** `none`: the server has never seen it, or not any more. */
  status: 'none' | 'pending' | 'active' | 'revoked'
  owner: PersonModel | null
  touchedAt: number
}

/** One capability, up to an amount. */
export interface Allowance {
  readonly name: Capability
  readonly max: number
}

export interface Question {
  readonly code: string
  readonly kind: 'registration' | 'capabilities' | 'reactivation' | 'claim'
  asks: readonly Allowance[]
  openedBy: PersonModel | null
  isOpen: boolean
  readonly expiresAt: number
}

export interface AgentModel {
  agent: TestAgent
  /** Keys that were replaced. */
  readonly former: TestAgent[]
  readonly host: HostModel
  readonly mode: 'delegated' | 'autonomous'
  status: 'pending' | 'active' | 'expired' | 'revoked' | 'rejected' | 'claimed' | 'gone'
  owner: PersonModel | null
  isPaused: boolean
  wasActive: boolean
  grants: Allowance[]
  readonly taken: Set<Capability>
  question: Question | null
  readonly bornAt: number
  touchedAt: number
}

export type Capability = 'list_accounts' | 'transfer_money' | 'tell_time'
export const CAPABILITIES = ['list_accounts', 'transfer_money', 'tell_time'] as const

const LIVE = new Set(['pending', 'active', 'expired'])

export const isLive = ({ status }: AgentModel) => LIVE.has(status)

/** The state an agent is in now, whatever was last said about it. */
export function stateOf(agent: AgentModel, now: number): AgentModel['status'] {
  const lives = agent.status === 'active' || agent.status === 'expired'
  return lives && agent.bornAt + ABSOLUTE_LIFETIME <= now ? 'revoked' : agent.status
}

/** Whether this agent may do this, up to this amount. */
export function mayExecute(agent: AgentModel, { name, max }: Allowance, now: number): boolean {
  const { owner, status } = agent.host
  if (status !== 'active' || owner !== (agent.mode === 'delegated' ? agent.owner : null))
    return false
  if (owner !== null && owner.state !== 'here') return false
  return stateOf(agent, now) === 'active' && !agent.isPaused && covers(agent, { name, max })
}

export function covers({ grants }: AgentModel, { name, max }: Allowance): boolean {
  return grants.some((grant) => grant.name === name && grant.max >= max)
}

export function newQuestion(
  code: string,
  kind: Question['kind'],
  asks: readonly Allowance[],
  now: number,
): Question {
  return { code, kind, asks, openedBy: null, isOpen: true, expiresAt: now + APPROVAL_LIFETIME }
}

/** Whether a person sees a question when they enter its code. They have it from then on. */
export function opens(person: PersonModel, { host, question }: AgentModel): boolean {
  if (person.state !== 'here' || !question?.isOpen) return false
  if (host.owner !== null && host.owner !== person) return false
  if (question.openedBy !== null && question.openedBy !== person) return false
  question.openedBy = person
  return true
}

export function approve(
  agents: readonly AgentModel[],
  agent: AgentModel,
  { person, asks, now }: { person: PersonModel; asks: readonly Allowance[]; now: number },
): void {
  if (agent.host.owner === null) link(agents, agent.host, person)
  agent.grants.push(...asks)
  if (agent.status !== 'pending') return
  Object.assign(agent, { status: 'active', owner: person, wasActive: true, touchedAt: now })
}

export function link(agents: readonly AgentModel[], host: HostModel, person: PersonModel): void {
  Object.assign(host, { owner: person, status: 'active' })
  for (const one of agents) {
    const isTaken = one.mode === 'autonomous' && isLive(one)
    if (one.host === host && isTaken) {
      Object.assign(one, { status: 'claimed', owner: person, grants: [] })
    }
  }
}

export function endAgents(agents: readonly AgentModel[], which: (agent: AgentModel) => boolean) {
  for (const agent of agents) {
    if (!which(agent)) continue
    if (isLive(agent)) agent.status = 'revoked'
  }
}

export function closeQuestions(
  agents: readonly AgentModel[],
  which: (agent: AgentModel) => boolean,
) {
  for (const agent of agents) if (which(agent) && agent.question) agent.question.isOpen = false
}
