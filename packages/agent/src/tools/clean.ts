import { isRecord } from '../json.ts'

const removed = '[removed]'

/** JWTs and other compact JOSE objects: a base64url header that starts with `{"`. */
const compactJose = /eyJ[\w-]*\.[\w-]*(?:\.[\w-]*)+/g
const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** Members of a JWK that make it a secret (RFC 7518 §6). */
const privateMembers = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

/**
 * Takes JWTs and private keys out of a JSON value, wherever they stand.
 *
 * Whatever a model reads may end up in a log, a page or a prompt of somebody else. What a service
 * returns is looked at too: it has seen this client's tokens and could repeat one.
 */
export function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (!isRecord(value)) return value
  if (isSecretKey(value)) return removed
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [cleanText(name), clean(member)]),
  )
}

/** Takes JWTs and private keys out of a text. */
export function cleanText(text: string): string {
  return text.replaceAll(compactJose, removed).replaceAll(pemKey, removed)
}

function isSecretKey(value: Record<string, unknown>): boolean {
  return (
    typeof value['kty'] === 'string' &&
    privateMembers.some((member) => Object.hasOwn(value, member))
  )
}
