import { algorithmOf, isOver, signingKey, startOf, type StoredKey } from './stored-key.ts'

/** How long, in seconds, a new key is published before it signs: longer than its set is cached. */
export const PUBLISH_AHEAD = 600

/** What becomes of the stored keys. */
export interface KeyPlan {
  /** From when on a new key signs, in milliseconds. The others sign until then. */
  readonly signsFrom: number
  /** Ids of keys that go away. */
  readonly remove: readonly string[]
}

interface Facts {
  readonly keys: readonly StoredKey[]
  /** The algorithm whose keys are planned; those of others are left alone. */
  readonly algorithm: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly rotateKeysEvery: number
  readonly keyGracePeriod: number
}

/** A key that signs at once, unless one does: of those who ask together, one makes it. */
export function planFirst({
  keys,
  algorithm,
  now,
}: Pick<Facts, 'keys' | 'algorithm' | 'now'>): KeyPlan | null {
  return signingKey(keys, algorithm, now) ? null : { signsFrom: now, remove: [] }
}

/** A key that takes over when everybody had time to fetch it, unless one is already waiting. */
export function planRotation({ keys, algorithm, now, keyGracePeriod }: Facts): KeyPlan | null {
  if (only(algorithm, keys).some((key) => startOf(key) > now)) return null
  const remove = keys.filter((key) => isOver(key, now, keyGracePeriod)).map(({ id }) => id)
  const isFirst = signingKey(keys, algorithm, now) === undefined
  return { signsFrom: isFirst ? now : now + PUBLISH_AHEAD * 1000, remove }
}

/** A key that signs at once and alone: what every other key of its kind signed counts no more. */
export function planReplacement({
  keys,
  algorithm,
  now,
}: Pick<Facts, 'keys' | 'algorithm' | 'now'>): KeyPlan {
  return { signsFrom: now, remove: only(algorithm, keys).map(({ id }) => id) }
}

/** Whether the newest key has signed for so long that the next one is to be published. */
export function isRotationDue({ keys, algorithm, now, rotateKeysEvery }: Facts): boolean {
  const newest = Math.max(...only(algorithm, keys).map(startOf))
  return rotateKeysEvery > 0 && newest + (rotateKeysEvery - PUBLISH_AHEAD) * 1000 <= now
}

function only(algorithm: string, keys: readonly StoredKey[]): StoredKey[] {
  return keys.filter((key) => algorithmOf(key) === algorithm)
}
