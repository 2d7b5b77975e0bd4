import type { GenericEndpointContext } from '@better-auth/core'
import type { Permissions } from '../authenticate/principal.ts'
import type { ResolvedApiKeyOptions } from './options.ts'
import { hashKey, type KeyOwner, makeKey, parsePermissions, type StoredKey } from './stored-key.ts'

type Adapter = Pick<GenericEndpointContext['context']['adapter'], 'create'>

/** What a new key is made of. */
export interface NewKey {
  readonly owner: KeyOwner
  readonly name: string | null
  readonly permissions: Permissions
  readonly expiresAt: Date | null
  readonly rateLimitEnabled: boolean
  readonly rateLimitMax: number | null
  /** In milliseconds. */
  readonly rateLimitTimeWindow: number | null
  readonly remaining: number | null
}

/** Stores a new key and returns it with its row: the only time that the key itself is known. */
export async function insertKey(
  adapter: Adapter,
  prefix: string,
  { owner, permissions, ...values }: NewKey,
): Promise<{ row: StoredKey; key: string }> {
  const key = makeKey(prefix)
  const now = new Date()
  const row = await adapter.create<Omit<StoredKey, 'id'>, StoredKey>({
    model: 'apikey',
    data: {
      ...values,
      configId: owner.kind,
      referenceId: owner.id,
      key: hashKey(key),
      prefix: prefix || null,
      lastFour: key.slice(-4),
      permissions: JSON.stringify(permissions),
      enabled: true,
      // Said, because some adapters tell null from what was never said.
      requestCount: 0,
      windowStart: null,
      lastRequest: null,
      replacedAt: null,
      createdAt: now,
      updatedAt: now,
    },
  })
  return { row, key }
}

/**
 * When a key ends that is to live for so many seconds: without end for null, unless the options have
 * a longest life. A longer one than that is null.
 */
export function lifetimeOf(
  expiresIn: number | null,
  { maxExpiresIn }: Pick<ResolvedApiKeyOptions, 'maxExpiresIn'>,
): { expiresAt: Date | null } | null {
  const seconds = expiresIn ?? maxExpiresIn
  if (seconds === undefined) return { expiresAt: null }
  if (maxExpiresIn !== undefined && seconds > maxExpiresIn) return null
  return { expiresAt: new Date(Date.now() + seconds * 1000) }
}

/** A key as its owner sees it; never the key itself nor its hash. */
export interface ApiKeyView {
  readonly id: string
  /** The kind of owner: `default` is a person. */
  readonly configId: string
  /** Id of the owner. */
  readonly referenceId: string
  readonly name: string | null
  readonly prefix: string | null
  readonly lastFour: string | null
  readonly enabled: boolean
  readonly permissions: Permissions
  readonly expiresAt: Date | null
  /** When a new key took its place; it ends at `expiresAt`. */
  readonly replacedAt: Date | null
  readonly lastRequest: Date | null
  readonly rateLimitEnabled: boolean
  readonly rateLimitMax: number | null
  readonly rateLimitTimeWindow: number | null
  readonly remaining: number | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What may be shown of a row. */
export function viewOf(row: StoredKey): ApiKeyView {
  return {
    id: row.id,
    configId: row.configId ?? 'default',
    referenceId: row.referenceId,
    name: row.name,
    prefix: row.prefix,
    lastFour: row.lastFour ?? null,
    enabled: row.enabled !== false,
    permissions: parsePermissions(row.permissions),
    expiresAt: row.expiresAt,
    replacedAt: row.replacedAt ?? null,
    lastRequest: row.lastRequest,
    rateLimitEnabled: row.rateLimitEnabled !== false && row.rateLimitMax !== null,
    rateLimitMax: row.rateLimitMax,
    rateLimitTimeWindow: row.rateLimitTimeWindow,
    remaining: row.remaining,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}
