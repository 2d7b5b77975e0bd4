import { hash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Permissions } from '../authenticate/principal.ts'
import type { KeyLimit } from './options.ts'

/** Kinds of owners, as `configId` names them: people keep the name that Better Auth gives them. */
export type OwnerKind = 'default' | 'organization' | 'service'

/** Who a key belongs to: a person, an organization or a service, by id. */
export interface KeyOwner {
  readonly kind: OwnerKind
  readonly id: string
}

/** A row of the table `apikey`, as adapters return it. */
export interface StoredKey {
  readonly id: string
  readonly configId: string | null
  readonly referenceId: string
  readonly name: string | null
  readonly prefix: string | null
  readonly lastFour?: string | null
  readonly key: string
  readonly enabled: boolean | null
  readonly expiresAt: Date | null
  readonly replacedAt?: Date | null
  readonly permissions: string | null
  readonly rateLimitEnabled: boolean | null
  readonly rateLimitMax: number | null
  readonly rateLimitTimeWindow: number | null
  readonly requestCount: number | null
  readonly windowStart?: number | null
  readonly remaining: number | null
  readonly lastRequest: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The form in which a key is stored: its SHA-256. It has 256 random bits, so no salt is needed. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'base64url')
}

/** A new key: the prefix and 256 random bits. */
export function makeKey(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url')
}

/** Which kind of owner a row names; null for one this server does not know. */
export function ownerKindOf(configId: string | null): OwnerKind | null {
  if (configId === null || configId === 'default') return 'default'
  return configId === 'organization' || configId === 'service' ? configId : null
}

const permissionsSchema = z.record(z.string(), z.array(z.string()))

/** The permissions of a row. A key without them reaches nothing; what cannot be read is none. */
export function parsePermissions(stored: string | null): Permissions {
  if (!stored) return {}
  try {
    return permissionsSchema.parse(JSON.parse(stored))
  } catch {
    return {}
  }
}

type StoredLimit = Partial<
  Pick<StoredKey, 'rateLimitEnabled' | 'rateLimitMax' | 'rateLimitTimeWindow'>
>

/** How often a row may be used, per minute unless it has a window; null without a limit. */
export function limitOf(stored: StoredLimit): KeyLimit | null {
  const { rateLimitEnabled, rateLimitMax: max = null, rateLimitTimeWindow } = stored
  if (rateLimitEnabled === false || max === null) return null
  return { max, window: (rateLimitTimeWindow ?? 60_000) / 1000 }
}
