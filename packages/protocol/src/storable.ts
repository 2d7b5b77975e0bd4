/**
 * Whether a text can be stored and sent anywhere: no NUL and no half of a surrogate pair.
 *
 * Databases refuse both, some only once they are inside JSON. Refused at the edge, they cannot make
 * a later write fail.
 */
export function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text)
}

/** How deep a JSON value may be nested: what walks through it must not run out of stack. */
export const MAX_JSON_DEPTH = 100

/**
 * Whether a JSON value can be stored: all its texts, names of members included, and no deeper than
 * {@link MAX_JSON_DEPTH}.
 */
export function isStorableJson(value: unknown): boolean {
  return isStorableWithin(value, MAX_JSON_DEPTH)
}

function isStorableWithin(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(
    ([name, member]) => isStorable(name) && isStorableWithin(member, depth - 1),
  )
}
