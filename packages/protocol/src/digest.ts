import { encodeBase64url } from './base64url.ts'
import { isJsonObject } from './json.ts'

/**
 * Serialises a JSON value so that equal values have equal text: sorted members, no whitespace
 * (RFC 8785).
 *
 * A member that is `undefined` is left out; anything else JSON cannot carry is a `TypeError`.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
    return `{${members.join(',')}}`
  }
  const scalar = value === null || typeof value === 'string' || typeof value === 'boolean'
  if (scalar || Number.isFinite(value)) return JSON.stringify(value)
  throw new TypeError(`canonicalJson: a ${typeof value} is not a JSON value`)
}

/** The SHA-256 digest of a text, in base64url. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return encodeBase64url(new Uint8Array(digest))
}
