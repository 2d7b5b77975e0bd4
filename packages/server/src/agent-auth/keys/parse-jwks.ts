import { parsePublicJwk, ProtocolError, type PublicJwk } from '@countersign/protocol'

/** The keys of a set that can be used here, by their `kid`. */
export type KeySet = ReadonlyMap<string, PublicJwk>

/** How many keys a set may have, usable or not (specification, 8.12). */
const MAX_KEYS = 20

/**
 * Reads a JWK Set (RFC 7517, section 5), or returns `null` for one that is not to be trusted.
 *
 * Keys of other types, for other purposes or without a `kid` are left out. A symmetric or private
 * key, and one `kid` for two keys, spoil the whole set: whoever published it made a mistake.
 */
export function parseJwks(document: unknown): KeySet | null {
  const keys = keysOf(document)
  if (keys.length === 0 || keys.length > MAX_KEYS) return null
  const usable = new Map<string, PublicJwk>()
  for (const key of keys) {
    if (!isRecord(key) || typeof key['kty'] !== 'string' || isSecret(key)) return null
    const kid = typeof key['kid'] === 'string' ? key['kid'] : ''
    const jwk = kid === '' ? null : parseUsable(key)
    if (!jwk) continue
    if (usable.has(kid)) return null
    usable.set(kid, jwk)
  }
  return usable
}

function keysOf(document: unknown): readonly unknown[] {
  const keys = isRecord(document) ? document['keys'] : undefined
  return Array.isArray(keys) ? keys : []
}

type Json = Readonly<Record<string, unknown>>

function isSecret(key: Json): boolean {
  return key['kty'] === 'oct' || key['k'] !== undefined || key['d'] !== undefined
}

/** `use`, `alg` and `key_ops` may be absent, but must not say otherwise (RFC 7517, section 4). */
function isForSignatures({ use = 'sig', alg = 'EdDSA', key_ops: operations = ['verify'] }: Json) {
  const isOurs = alg === 'EdDSA' || alg === 'Ed25519'
  return use === 'sig' && isOurs && Array.isArray(operations) && operations.includes('verify')
}

function parseUsable(key: Json): PublicJwk | null {
  if (!isForSignatures(key)) return null
  try {
    return parsePublicJwk(key)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
