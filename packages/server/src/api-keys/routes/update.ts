import { createAuthEndpoint } from '@better-auth/core/api'
import type { Where } from '@better-auth/core/db/adapter'
import { z } from 'zod'
import { type ApiKeyParts, callerOf, checkPermissions, requireKey } from '../access.ts'
import { checkServerFields, keyFields, serverFields } from '../input.ts'
import { lifetimeOf, viewOf } from '../key-row.ts'
import type { ResolvedApiKeyOptions } from '../options.ts'
import { refuse } from '../refusal.ts'
import type { StoredKey } from '../stored-key.ts'

const body = z.object({
  keyId: z.string(),
  /** Not used: the owner of a key never changes. */
  userId: z.string().optional(),
  enabled: z.boolean().optional(),
  ...keyFields,
  ...serverFields,
})

/** `POST /api-key/update`: renames, disables, enables or limits a key, or changes when it ends. */
export function updateApiKey(parts: ApiKeyParts) {
  return createAuthEndpoint('/api-key/update', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const { keyId, permissions, expiresIn, userId } = ctx.body
    if (caller && userId !== undefined) throw refuse('NOT_YOUR_KEY')
    checkServerFields(caller, ctx.body)
    const attempt = { adapter, parts, caller, action: 'update' } as const
    const { key, role } = await requireKey(attempt, keyId)
    if (userId !== undefined && key.referenceId !== userId) throw refuse('KEY_NOT_FOUND')
    if (permissions) checkPermissions(attempt, permissions, role)

    const update = changesOf(ctx.body, parts.options)
    if (Object.keys(update).length === 0) throw refuse('NO_VALUES_TO_UPDATE')
    const where: Where[] = [{ field: 'id', value: keyId }]
    // A key that was rotated ends when that was decided: this must not give it a longer life.
    if (expiresIn !== undefined) where.push({ field: 'replacedAt', value: null })
    const changed = await adapter.updateMany({
      model: 'apikey',
      where,
      update: { ...update, updatedAt: new Date() },
    })
    const now = await adapter.findOne<StoredKey>({
      model: 'apikey',
      where: [{ field: 'id', value: keyId }],
    })
    if (!now) throw refuse('KEY_NOT_FOUND')
    if (changed === 0) throw refuse('KEY_REPLACED')
    return ctx.json(viewOf(now))
  })
}

/** The columns to change: only those that the input names. */
function changesOf(
  { permissions, expiresIn, ...input }: z.output<typeof body>,
  options: ResolvedApiKeyOptions,
): Record<string, unknown> {
  const { name, enabled, remaining, rateLimitEnabled, rateLimitMax, rateLimitTimeWindow } = input
  const lifetime = expiresIn === undefined ? {} : lifetimeOf(expiresIn, options)
  if (!lifetime) throw refuse('EXPIRES_IN_IS_TOO_LARGE')
  const changes = {
    name,
    enabled,
    remaining,
    // A limit is meant to hold.
    rateLimitEnabled: rateLimitEnabled ?? (rateLimitMax === undefined ? undefined : true),
    rateLimitMax,
    rateLimitTimeWindow,
    permissions: permissions && JSON.stringify(permissions),
    ...lifetime,
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}
