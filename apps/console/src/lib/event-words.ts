import type { ActivityEvent } from '../api/contract.ts'
import { capitalise, humanName, uncapitalise } from './words.ts'

const happenings: Readonly<Record<string, string>> = {
  'agent.created': 'Asked to connect',
  'agent.reactivated': 'Active again',
  'agent.renamed': 'Renamed',
  'agent.paused': 'Paused',
  'agent.resumed': 'Resumed',
  'agent.revoked': 'Revoked',
  'agent.key_rotated': 'Got a new key',
  'approval.requested': 'Asked for permission',
  'approval.opened': 'You looked at what it asked',
  'approval.approved': 'You allowed what it asked',
  'approval.denied': 'You denied what it asked',
  'host.created': 'Connected app seen first',
  'host.linked': 'Connected app linked to you',
  'host.revoked': 'Connected app revoked',
  'host.key_rotated': 'Connected app has a new key',
  'grant.revoked': 'Permission revoked',
  'jwt.replayed': 'A request came a second time',
  'rate.limited': 'Too many requests',
}

const refusals: Readonly<Record<string, string>> = {
  capability_not_granted: 'it was not allowed to',
  constraint_violated: 'outside its limits',
  limit_exceeded: 'its uses or total were used up',
  agent_paused: 'it was paused',
  agent_expired: 'its time was over',
  agent_revoked: 'it was revoked',
  rate_limited: 'too many requests',
  invalid_jwt: 'its signature was not accepted',
}

const outcomes: Readonly<Record<ActivityEvent['outcome'], string>> = {
  success: '',
  refused: 'Refused',
  failed: 'Failed',
}

/** One event in words: what happened, and how it ended when it did not simply work. */
export interface EventWords {
  what: string
  ending: string
}

/** Says what an event means. `titles` gives the titles of the agent's capabilities by name. */
export function eventWords(
  event: ActivityEvent,
  titles: Readonly<Record<string, string>>,
): EventWords {
  const subject =
    event.capability === null
      ? ''
      : (titles[event.capability] ?? capitalise(humanName(event.capability)))
  return { what: whatHappened(event.type, subject), ending: ending(event) }
}

function whatHappened(type: string, subject: string): string {
  if (type === 'capability.executed' && subject !== '') return subject
  const words = happenings[type] ?? capitalise(humanName(type))
  return subject === '' ? words : `${words}: ${uncapitalise(subject)}`
}

function ending(event: ActivityEvent): string {
  const outcome = outcomes[event.outcome]
  if (outcome === '' || event.code === null) return outcome
  return `${outcome}: ${refusals[event.code] ?? humanName(event.code)}`
}
