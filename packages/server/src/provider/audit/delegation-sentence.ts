import { displayText } from '@countersign/protocol'
import { actorsOf } from '../grants/delegation.ts'
import type { Actor } from '../tokens/model.ts'

/** What people call those in a chain; whoever has no name here is called by their id. */
export interface DelegationNames {
  readonly person: string
  /** Names of clients by `client_id`. */
  readonly apps?: Readonly<Record<string, string>>
  /** Names of agents by id. */
  readonly agents?: Readonly<Record<string, string>>
}

/**
 * Says in one sentence who acts for whom: `agent X of app Y for person Z`.
 *
 * Actors that stand behind the one who acts now follow it, each as the one it came through. Names are
 * the words of others: cut to one short line each.
 */
export function delegationSentence(chain: Actor | null, names: DelegationNames): string {
  const actors = actorsOf(chain).map((actor) => actorWords(actor, names))
  const [now, ...before] = actors
  const person = `person ${shown(names.person)}`
  if (now === undefined) return person
  return [now, ...before.map((one) => `through ${one}`), `for ${person}`].join(' ')
}

function actorWords({ sub, client_id: clientId }: Actor, names: DelegationNames): string {
  const app = clientId === undefined ? null : `app ${shown(named(names.apps, clientId))}`
  if (sub === clientId && app !== null) return app
  const isAgent = names.agents !== undefined && Object.hasOwn(names.agents, sub)
  const actor = `${isAgent ? 'agent' : 'workload'} ${shown(named(names.agents, sub))}`
  return app === null ? actor : `${actor} of ${app}`
}

function named(names: Readonly<Record<string, string>> | undefined, id: string): string {
  return names && Object.hasOwn(names, id) ? (names[id] ?? id) : id
}

function shown(name: string): string {
  return displayText(name, { maxLength: 80 })
}
