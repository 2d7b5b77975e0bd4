import { parsePublicJwk, type PublicJwk } from '@countersign/protocol'

/** A key pair as it is stored; the private half is encrypted with the server's secret. */
export interface StoredKey {
  /** The `kid` of the tokens it signs. */
  readonly id: string
  /** A JWK as JSON. */
  readonly publicKey: string
  /** An encrypted JWK. */
  readonly privateKey: string
  /** From when on it signs. It is published before. */
  readonly createdAt: Date
  /** Until when it signs; null while no other key follows. It is published, and accepted, longer. */
  readonly expiresAt: Date | null
  readonly alg: string | null
  readonly crv: string | null
}

/** What a new key is stored as. */
export type NewKey = Omit<StoredKey, 'expiresAt'>

/** The algorithm of a key; rows of old versions do not name the one there was. */
export function algorithmOf({ alg }: Pick<StoredKey, 'alg'>): string {
  return alg ?? 'EdDSA'
}

/** The key that signs at the moment `now`, in milliseconds, if there is one. */
export function signingKey(
  keys: readonly StoredKey[],
  algorithm: string,
  now: number,
): StoredKey | undefined {
  return keys
    .filter((key) => algorithmOf(key) === algorithm && startOf(key) <= now && !isRetired(key, now))
    .sort((a, b) => startOf(b) - startOf(a))[0]
}

/** Whether a key signs no more at the moment `now`, in milliseconds. */
function isRetired({ expiresAt }: StoredKey, now: number): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now
}

/** Whether what a key signed counts no more: `grace` seconds after its last signature. */
export function isOver({ expiresAt }: StoredKey, now: number, grace: number): boolean {
  return expiresAt !== null && expiresAt.getTime() + grace * 1000 <= now
}

/** When a key begins to sign, in milliseconds since the epoch. */
export function startOf({ createdAt }: Pick<StoredKey, 'createdAt'>): number {
  return createdAt.getTime()
}

/** The public half for verifying; null for what is no Ed25519 key. */
export function publicJwkOf(key: StoredKey): PublicJwk | null {
  if (algorithmOf(key) !== 'EdDSA') return null
  try {
    return parsePublicJwk(JSON.parse(key.publicKey))
  } catch {
    return null
  }
}

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const

/** The public half as it is published: only members that are public, whatever is stored. */
export function publishedJwkOf(key: StoredKey): Record<string, unknown> {
  const stored: unknown = JSON.parse(key.publicKey)
  const jwk = typeof stored === 'object' && stored !== null ? stored : {}
  const members = Object.entries(jwk).filter(([name]) =>
    publicMembers.some((member) => member === name),
  )
  return { ...Object.fromEntries(members), kid: key.id, alg: algorithmOf(key), use: 'sig' }
}
