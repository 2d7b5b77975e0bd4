import { createAuthEndpoint } from '@better-auth/core/api'
import type { Where } from '@better-auth/core/db/adapter'
import { z } from 'zod'
import { type ApiKeyParts, callerOf, checkRole, requireKey } from '../access.ts'
import { expiresIn } from '../input.ts'
import { insertKey, lifetimeOf, viewOf } from '../key-row.ts'
import { maxOverlap } from '../options.ts'
import { refuse } from '../refusal.ts'
import { ownerKindOf, parsePermissions, type StoredKey } from '../stored-key.ts'

const body = z.object({
  keyId: z.string(),
  /** How long, in seconds, the old key is still valid. @default `apiKeys.overlap` */
  overlap: z.int().min(0).max(maxOverlap).optional(),
  /** How long, in seconds, the new key lives. @default as long as the old one was to live */
  expiresIn,
})

/**
 * `POST /api-key/rotate`: makes a new key with all that the old one has, valid at once. The old one
 * ends after the overlap, or earlier if it would have.
 */
export function rotateApiKey(parts: ApiKeyParts) {
  return createAuthEndpoint('/api-key/rotate', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const { keyId, overlap = parts.options.overlap } = ctx.body
    const caller = await callerOf(ctx)
    const { key: old, role } = await requireKey({ adapter, parts, caller, action: 'update' }, keyId)
    const kind = ownerKindOf(old.configId)
    const now = Date.now()
    if (!kind || !isRotatable(old, now)) throw refuse('KEY_NOT_ROTATABLE')
    const permissions = parsePermissions(old.permissions)
    checkRole(parts, permissions, role)
    const life = ctx.body.expiresIn === undefined ? secondsOf(old) : ctx.body.expiresIn
    const lifetime = lifetimeOf(life, parts.options)
    if (!lifetime) throw refuse('EXPIRES_IN_IS_TOO_LARGE')

    // Nobody knows the new key yet: whoever comes second takes it back, and nothing happened.
    const { row, key } = await insertKey(adapter, parts.options.prefix, {
      owner: { kind, id: old.referenceId },
      name: old.name,
      permissions,
      remaining: null,
      ...lifetime,
      rateLimitEnabled: old.rateLimitEnabled !== false,
      rateLimitMax: old.rateLimitMax,
      rateLimitTimeWindow: old.rateLimitTimeWindow,
    })
    const ends = Math.min(now + overlap * 1000, old.expiresAt?.getTime() ?? Infinity)
    const update = {
      expiresAt: new Date(ends),
      replacedAt: new Date(now),
      updatedAt: new Date(now),
    }
    const where = unchanged(old)
    if ((await adapter.updateMany({ model: 'apikey', where, update })) !== 1) {
      await adapter.deleteMany({ model: 'apikey', where: [{ field: 'id', value: row.id }] })
      throw refuse('KEY_NOT_ROTATABLE')
    }
    ctx.setHeader('cache-control', 'no-store')
    return ctx.json({ ...viewOf(row), key, replaced: viewOf({ ...old, ...update }) })
  })
}

/** The row, as long as it still is what the new key was made from. */
function unchanged({ id, permissions, expiresAt }: StoredKey): Where[] {
  return [
    { field: 'id', value: id },
    { field: 'replacedAt', value: null },
    { field: 'enabled', value: true },
    { field: 'permissions', value: permissions },
    // Not shortened meanwhile. Databases keep more digits of a time than a Date does.
    expiresAt
      ? { field: 'expiresAt', operator: 'gte', value: expiresAt }
      : { field: 'expiresAt', value: null },
  ]
}

/** Counted uses would be doubled by a second key; a key that is over or was replaced has no successor. */
function isRotatable(key: StoredKey, now: number): boolean {
  const { enabled, expiresAt, replacedAt, remaining } = key
  const isOver = expiresAt !== null && expiresAt.getTime() <= now
  return enabled !== false && !isOver && !replacedAt && remaining === null
}

/** How long a key was to live, in seconds; null for one without end. */
function secondsOf({ expiresAt, createdAt }: StoredKey): number | null {
  return expiresAt && Math.max(1, Math.ceil((expiresAt.getTime() - createdAt.getTime()) / 1000))
}
