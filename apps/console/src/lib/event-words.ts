import type { ActivityEvent } from '../api/contract.ts'
import { agentsWord } from './host-words.ts'
import { capitalise, countWord, humanName, list, uncapitalise } from './words.ts'

/** Who made an event happen. */
export type Actor = 'You' | 'The agent' | 'The app' | 'This server'

interface Happening {
  words: string
  by: Actor
}

const you = (words: string): Happening => ({ words, by: 'You' })
const agent = (words: string): Happening => ({ words, by: 'The agent' })
const app = (words: string): Happening => ({ words, by: 'The app' })
const server = (words: string): Happening => ({ words, by: 'This server' })

const happenings: Readonly<Record<string, Happening>> = {
  'agent.created': app('Asked to connect'),
  'agent.expired': server('Stopped: its time was over'),
  'agent.claimed': you('Handed over to you'),
  'agent.removed': server('Removed, because nobody approved it'),
  'agent.reactivated': app('Active again'),
  'agent.renamed': you('Renamed'),
  'agent.paused': you('Paused'),
  'agent.resumed': you('Resumed'),
  'agent.revoked': you('Revoked'),
  'agent.key_rotated': app('Got a new key'),
  'approval.requested': agent('Asked for permission'),
  'approval.notified': server('Told you of the request'),
  'approval.opened': you('Looked at what it asked'),
  'approval.approved': you('Allowed what it asked'),
  'approval.denied': you('Denied what it asked'),
  'capability.started': agent('Started'),
  'capability.authorized': agent('Permission checked by another service'),
  'dpop.refused': agent('Came without the right proof of its key'),
  'enrollment.created': you('Made a token to connect an app'),
  'grant.created': you('Allowed without being asked'),
  'grant.revoked': you('Permission revoked'),
  'host.created': app('Seen for the first time'),
  'host.linked': you('App connected'),
  'host.enrolled': app('Connected with your token'),
  'host.updated': you('Changed what the app’s agents may do without asking'),
  'host.unlinked': you('App disconnected'),
  'host.removed': server('App removed, because nobody approved it'),
  'host.revoked': you('App revoked'),
  'host.key_rotated': app('App has a new key'),
  'introspection.refused': server('Refused to vouch for a request'),
  'jwt.replayed': agent('A request came a second time'),
  'rate.limited': agent('Too many requests'),
  'authorization.approved': you('Allowed an app on another device'),
  'authorization.denied': you('Denied an app on another device'),
  'token.exchanged': agent('Acts for you in another app'),
}

const refusals: Readonly<Record<string, string>> = {
  capability_not_granted: 'it was not allowed to',
  constraint_violated: 'outside its limits',
  limit_exceeded: 'its uses or total were used up',
  agent_paused: 'it was paused',
  agent_expired: 'its time was over',
  agent_revoked: 'it was revoked',
  agent_claimed: 'it was handed over',
  host_revoked: 'its app was revoked',
  invalid_request: 'the request did not fit',
  rate_limited: 'too many requests',
  invalid_jwt: 'its signature was not accepted',
  upstream_error: 'the service behind it did not answer as it should',
  unavailable: 'the service was not available',
}

const outcomes: Readonly<Record<ActivityEvent['outcome'], string>> = {
  success: '',
  refused: 'Refused',
  failed: 'Failed',
}

/** One event in words. */
export interface EventWords {
  /** What happened. */
  what: string
  by: Actor
  /** What else is known of it; may be empty. */
  more: string
  /** How it ended when it did not simply work. */
  ending: string
}

type Event = Pick<ActivityEvent, 'type' | 'capability' | 'outcome' | 'code'> &
  Partial<Pick<ActivityEvent, 'details'>>
type Titles = Readonly<Record<string, string>>

/** Says what an event means. `titles` gives the titles of capabilities by name. */
export function eventWords(event: Event, titles: Titles): EventWords {
  const details = event.details ?? {}
  const { words, by } = whatHappened(event, titles)
  return {
    what: words,
    by: endedBy(details['by']) ?? by,
    more: moreOf(event.type, details, titles),
    ending: ending(event, details),
  }
}

function whatHappened({ type, capability, details }: Event, titles: Titles): Happening {
  if (type === 'host.updated' && typeof details?.['to'] === 'string') return you('App renamed')
  const subject = capability === null ? '' : titleOf(capability, titles)
  if (type === 'capability.executed' && subject !== '') return agent(subject)
  const known = happenings[type] ?? server(capitalise(humanName(type)))
  return subject === '' ? known : { ...known, words: `${known.words}: ${uncapitalise(subject)}` }
}

/** An ending names who brought it about: the app itself, the clock, or the id of its person. */
function endedBy(by: unknown): Actor | undefined {
  if (by === 'host') return 'The app'
  if (by === 'clock') return 'This server'
  return typeof by === 'string' ? 'You' : undefined
}

function moreOf(type: string, details: Details, titles: Titles): string {
  switch (type) {
    case 'agent.renamed':
      return renamed(details)
    case 'host.updated':
      return [renamed(details), defaults(details, titles)].filter(Boolean).join('; ')
    case 'approval.approved':
    case 'approval.denied':
      return decided(details, titles)
    case 'approval.requested':
      return asked(details, titles)
    case 'agent.claimed':
      return claimed(details, titles)
    case 'host.unlinked':
    case 'host.revoked':
      return ended(details)
    case 'capability.started':
      return started(details)
    case 'capability.executed':
      return executed(details)
    default:
      return ''
  }
}

type Details = Readonly<Record<string, unknown>>

function renamed({ from, to }: Details): string {
  if (typeof to !== 'string') return ''
  return typeof from === 'string' ? `from “${from}” to “${to}”` : `to “${to}”`
}

function defaults(details: Details, titles: Titles): string {
  if (!Array.isArray(details['default_capabilities'])) return ''
  const names = titled(details['default_capabilities'], titles)
  return names === '' ? 'nothing' : names
}

function asked({ kind, capabilities }: Details, titles: Titles): string {
  return kind === 'claim' ? 'to belong to you' : titled(capabilities, titles)
}

function decided({ kind, allowed, denied }: Details, titles: Titles): string {
  if (kind === 'claim') return 'to belong to you'
  const yes = titled(allowed, titles)
  const no = titled(denied, titles)
  if (yes === '' || no === '') return yes || no
  return `allowed: ${yes}; denied: ${no}`
}

function claimed({ capabilities }: Details, titles: Titles): string {
  const held = titled(capabilities, titles)
  return held === '' ? 'it could do nothing' : `it could until then: ${held}`
}

function ended({ agents_revoked: agents, to_switch_account: toSwitch }: Details): string {
  const count = typeof agents === 'number' ? `${agentsWord(agents)} ended with it` : ''
  return [toSwitch === true ? 'to use it with another account' : '', count]
    .filter(Boolean)
    .join('; ')
}

function started({ mode }: Details): string {
  return mode === 'stream' ? 'answers bit by bit' : 'runs in the background'
}

function executed({ chunks, job, ended: cut, lost }: Details): string {
  if (lost === true) return 'the server that ran it went away'
  const parts = typeof chunks === 'number' ? `answered in ${countOf(chunks, 'part')}` : ''
  const away = typeof cut === 'string' ? 'the agent stopped listening' : ''
  return [job === undefined ? '' : 'ran in the background', parts, away].filter(Boolean).join(', ')
}

function countOf(many: number, thing: string): string {
  return `${countWord(many)} ${thing}${many === 1 ? '' : 's'}`
}

function ending({ outcome, code }: Event, { violated }: Details): string {
  const words = outcomes[outcome]
  if (words === '' || code === null) return words
  const fields = namesIn(violated).map(humanName)
  const where = fields.length === 0 ? '' : ` (${list(fields)})`
  return `${words}: ${refusals[code] ?? humanName(code)}${where}`
}

function titled(capabilities: unknown, titles: Titles): string {
  return list(namesIn(capabilities).map((name) => uncapitalise(titleOf(name, titles))))
}

function titleOf(name: string, titles: Titles): string {
  return titles[name] ?? capitalise(humanName(name))
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
