import { hkdfSync } from 'node:crypto'

const keys = new Map<string, Uint8Array>()

/**
 * A key of 256 bits for one purpose, derived from the secret of the server (RFC 5869), once.
 *
 * The secret itself also signs what callers choose, such as cookies: what is computed with a key of
 * its own can be had from nobody else.
 */
export function derivedKey(secret: string, purpose: string): Uint8Array {
  const name = `${purpose} ${secret}`
  const known = keys.get(name)
  if (known) return known
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `countersign ${purpose}`, 32))
  keys.set(name, key)
  return key
}
