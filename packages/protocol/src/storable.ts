/**
 * Whether a text can be stored and sent anywhere: no NUL and no half of a surrogate pair.
 *
 * Databases refuse both, some only once they are inside JSON. Refused at the edge, they cannot make
 * a later write fail.
 */
export function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text)
}

/** Whether all texts of a JSON value can be stored, names of members included. */
export function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorableJson(member))
}
