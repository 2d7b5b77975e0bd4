import { type Change, namedBy, type OnChange } from '../adapter/tell-changes.ts'
import type { ApiKeys } from './api-keys.ts'

/** Models whose changes matter, and the group of keys that the id of a row stands for. */
const groups: Readonly<Record<string, string | undefined>> = {
  apikey: 'key',
  user: 'user',
  organization: 'organization',
  serviceAccount: 'service',
}

/** Fields of a key that change with every use: changed alone, they say nothing about whether it holds. */
const silent: ReadonlySet<string> = new Set([
  'lastRequest',
  'requestCount',
  'windowStart',
  'remaining',
])

/** Forgets remembered keys when they or their owners change. */
export function forgetApiKeys(keys: ApiKeys): OnChange {
  return (change) => {
    const group = groups[change.model]
    if (group === undefined || !matters(change)) return
    const id = namedBy(change, 'id')
    if (id === undefined) keys.forgetAll()
    else keys.forgetGroup(`${group} ${id}`)
  }
}

function matters({ model, update, isEnd }: Change): boolean {
  // Of an organization and a service only the end matters: their names are not remembered.
  if (model === 'organization' || model === 'serviceAccount') return isEnd
  return !update || Object.keys(update).some((field) => !silent.has(field))
}
