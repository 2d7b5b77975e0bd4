/** What a record is called by those who use the vault. */
export interface RecordName {
  readonly prefix: string
  readonly key: string
}

/** PostgreSQL indexes no longer key than this, and no sensible key comes near. */
const maxLength = 1024

/** Ends what is no record but belongs to one; no record key ends like this. */
const leaseEnding = '%lease'

/**
 * Returns where a token is kept: the prefix, then the key, as in `countersign:<key>`.
 *
 * Different names never share a place. A colon inside the key is escaped, so that the last colon
 * ends the prefix; a prefix without one at its end gets `%:`, which no escaped text holds.
 */
export function toRecordKey({ prefix, key }: RecordName): string {
  if (typeof key !== 'string' || key === '') throw new TypeError('The key must be a text.')
  const recordKey = toScope(prefix) + escape(key).replaceAll(':', '%3A')
  if (recordKey.length > maxLength) {
    throw new TypeError(`The key is longer than ${maxLength} characters.`)
  }
  return recordKey
}

/** Returns what every record key of a prefix starts with. */
export function toScope(prefix: string): string {
  if (prefix === '') return ''
  return prefix.endsWith(':') ? escape(prefix) : `${escape(prefix)}%:`
}

/** Returns the name that leads to a record key, or undefined for a lease and for what is not ours. */
export function fromRecordKey(recordKey: string): RecordName | undefined {
  const end = recordKey.lastIndexOf(':') + 1
  const scope = recordKey.slice(0, end)
  try {
    const prefix = decodeURIComponent(scope.endsWith('%:') ? scope.slice(0, -2) : scope)
    const name = { prefix, key: decodeURIComponent(recordKey.slice(end)) }
    return toRecordKey(name) === recordKey ? name : undefined
  } catch {
    return undefined
  }
}

/** Returns where the lease of a record is kept. */
export function toLeaseKey(recordKey: string): string {
  return recordKey + leaseEnding
}

/** Half a character would be stored as another one, and a control character not at all. */
function escape(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('The key is not well-formed Unicode.')
  return text.replaceAll(/[%\p{Cc}]/gu, (character) => encodeURIComponent(character))
}
