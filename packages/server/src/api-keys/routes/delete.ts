import { createAuthEndpoint } from '@better-auth/core/api'
import { z } from 'zod'
import { type ApiKeyParts, callerOf, requireKey } from '../access.ts'

/** `POST /api-key/delete`: revokes a key, at once and for good. */
export function deleteApiKey(parts: ApiKeyParts) {
  const body = z.object({ keyId: z.string() })
  return createAuthEndpoint('/api-key/delete', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const { keyId } = ctx.body
    const caller = await callerOf(ctx)
    await requireKey({ adapter, parts, caller, action: 'delete' }, keyId)
    await adapter.deleteMany({ model: 'apikey', where: [{ field: 'id', value: keyId }] })
    return ctx.json({ success: true })
  })
}

/** Removes the rows of keys that have expired; for code on this server. */
export const deleteAllExpiredApiKeys = createAuthEndpoint.serverOnly(
  { method: 'POST' },
  async (ctx) => {
    const deleted = await ctx.context.adapter.deleteMany({
      model: 'apikey',
      where: [
        { field: 'expiresAt', operator: 'ne', value: null },
        { field: 'expiresAt', operator: 'lt', value: new Date() },
      ],
    })
    return ctx.json({ success: true, deleted })
  },
)
