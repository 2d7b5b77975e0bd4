import type { AskingClient, InteractionView, ResourceView } from '../api/provider-contract.ts'
import { countWord } from './words.ts'

/** What the page says first about who asks: only what the server verified. */
export interface Identity {
  /** The largest words of the page. */
  title: string
  /** What was verified, as a name and a sentence. */
  fact: string
  explanation: string
  /** Whether anybody's program could be behind it. */
  caution: boolean
}

type Identified = Pick<AskingClient, 'verified' | 'registration' | 'name'>

/** Says who asks, in words that nobody but the server chose. */
export function identityOf(client: Identified): Identity {
  const { verified } = client
  switch (verified?.kind) {
    case 'redirect_host':
      return {
        title: verified.host,
        fact: 'Website',
        explanation: 'Your browser takes the answer there, and nowhere else.',
        caution: false,
      }
    case 'metadata_document':
      return {
        title: verified.host,
        fact: 'Website',
        explanation: 'It describes this app, and we read it there.',
        caution: false,
      }
    case 'loopback':
      return {
        title: 'An app on this computer',
        fact: 'Runs on',
        explanation:
          'this computer. Which program it is cannot be checked: go on only if you started it yourself.',
        caution: true,
      }
    case 'private_scheme':
      return {
        title: 'An app on this device',
        fact: 'Opens',
        explanation: `the app behind “${verified.host}” links. Which app that is cannot be checked: go on only if you started it yourself.`,
        caution: true,
      }
    case undefined:
      return {
        title: (isNameKnown(client) && client.name) || 'Another device',
        fact: 'Asks from',
        explanation:
          'elsewhere. Go on only if you started it yourself and see the same code there.',
        caution: true,
      }
  }
}

type Lasting = Pick<InteractionView, 'offline' | 'access_expires_in'>

/** How long access lasts, as far as it is not left out that it stays. */
export function lastingWords(view: Lasting, unticked: ReadonlySet<string>): string {
  if (view.offline && !unticked.has('offline_access')) {
    return 'It stays connected, also while you are away, until you take it away.'
  }
  return `It ends by itself after ${spanWords(view.access_expires_in)}, and earlier when you sign out.`
}

const spans = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Writes a number of seconds as people say it: `ten minutes`, `one hour`. */
export function spanWords(seconds: number): string {
  const [unit, size] = spans.find(([, length]) => seconds >= length) ?? spans[3]
  const count = Math.round(seconds / size)
  return `${countWord(count)} ${unit}${count === 1 ? '' : 's'}`
}

/** What a resource is called: its name, else its address without the scheme. */
export function resourceName(resource: ResourceView): string {
  if (typeof resource !== 'string') return resource.name ?? resourceName(resource.identifier)
  return resource.replace(/^https?:\/\//, '').replace(/\/$/, '')
}

/** The technical name of a resource. */
export function resourceIdentifier(resource: ResourceView): string {
  return typeof resource === 'string' ? resource : resource.identifier
}

/** Whether the name of an application can be relied on, because somebody entrusted put it there. */
export function isNameKnown({ registration }: Pick<AskingClient, 'registration'>): boolean {
  return registration === 'manual'
}

/** The scopes that go with a decision: the needed ones, and those that were left ticked. */
export function chosenScopes(
  view: Pick<InteractionView, 'scopes'>,
  unticked: ReadonlySet<string>,
): string[] {
  return view.scopes
    .filter(({ name, required }) => required || !unticked.has(name))
    .map(({ name }) => name)
}
