import type { HostView } from '../api/contract.ts'
import type { Standing } from './agent-words.ts'
import { countWord } from './words.ts'

const standings: Readonly<Record<HostView['status'], Standing>> = {
  active: { words: 'Connected', tone: 'good' },
  pending: { words: 'Waiting for you', tone: 'warn' },
  revoked: { words: 'Revoked', tone: 'danger' },
  rejected: { words: 'Denied', tone: 'danger' },
}

/** Says how a connected app stands. */
export function hostStanding({ status }: Pick<HostView, 'status'>): Standing {
  return standings[status]
}

/** What an app is called; its key tells apart those that have no name. */
export function hostName({ name, fingerprint }: Pick<HostView, 'name' | 'fingerprint'>): string {
  return name ?? `Unnamed app ${fingerprint.slice(0, 9)}`
}

/** Whether an app is over for good. */
export function isHostOver({ status }: Pick<HostView, 'status'>): boolean {
  return status === 'revoked' || status === 'rejected'
}

/** Counts agents in running text: `no agent`, `one agent`, `two agents`. */
export function agentsWord(count: number): string {
  if (count === 0) return 'no agent'
  return `${countWord(count)} ${count === 1 ? 'agent' : 'agents'}`
}

/** What ends when an app is taken away. */
export function endingWords(agents: number): string {
  if (agents === 0) return 'No agent works under it right now.'
  return agents === 1
    ? 'Its one active agent ends at once and loses everything it may do.'
    : `Its ${countWord(agents)} active agents end at once and lose everything they may do.`
}
