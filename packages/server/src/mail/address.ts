const atom = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const pattern = new RegExp(`^${atom}(?:\\.${atom})*@(?:${label}\\.)+${label}$`)

/**
 * Returns an e-mail address in the one spelling we store, or null when it is none.
 *
 * An address that Unicode normalization changes is refused: a full-width `@` or a Kelvin sign looks
 * like one address and becomes another (GHSA-7rqj-j65f-68wh).
 */
export function parseEmail(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 254) return null
  if (value.normalize('NFKC') !== value || !isAscii(value)) return null
  // After the look at what was written: lower case also turns the Kelvin sign into a `k`.
  const email = value.toLowerCase()
  return pattern.test(email) && email.indexOf('@') <= 64 ? email : null
}

function isAscii(value: string): boolean {
  return /^[\x21-\x7e]*$/.test(value)
}
