import { createAuthEndpoint } from '@better-auth/core/api'
import { z } from 'zod'
import {
  type ApiKeyParts,
  callerOf,
  ownerFields,
  ownerOf,
  requireAccess,
  requireKey,
} from '../access.ts'
import { viewOf } from '../key-row.ts'
import type { StoredKey } from '../stored-key.ts'

/** `GET /api-key/get`: one key. */
export function getApiKey(parts: ApiKeyParts) {
  const query = z.object({ id: z.string() })
  return createAuthEndpoint('/api-key/get', { method: 'GET', query }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const attempt = { adapter, parts, caller, action: 'read' } as const
    return ctx.json(viewOf((await requireKey(attempt, ctx.query.id)).key))
  })
}

/** `GET /api-key/list`: the keys of the caller, of their organization or of a service, newest first. */
export function listApiKeys(parts: ApiKeyParts) {
  const query = z
    .object({
      ...ownerFields,
      limit: z.coerce.number().int().min(1).max(100).default(100),
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    })
    .default({ limit: 100, offset: 0 })
  return createAuthEndpoint('/api-key/list', { method: 'GET', query }, async (ctx) => {
    const { adapter } = ctx.context
    const { limit, offset, ...named } = ctx.query
    const caller = await callerOf(ctx)
    const owner = ownerOf(caller, named)
    await requireAccess({ adapter, parts, caller, action: 'read' }, owner, 'OWNER_NOT_FOUND')
    const where = [
      { field: 'configId', value: owner.kind },
      { field: 'referenceId', value: owner.id },
    ]
    const [rows, total] = await Promise.all([
      adapter.findMany<StoredKey>({
        model: 'apikey',
        where,
        limit,
        offset,
        sortBy: { field: 'createdAt', direction: 'desc' },
      }),
      adapter.count({ model: 'apikey', where }),
    ])
    return ctx.json({ apiKeys: rows.map(viewOf), total, limit, offset })
  })
}
