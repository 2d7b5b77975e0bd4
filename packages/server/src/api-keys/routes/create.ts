import { createAuthEndpoint } from '@better-auth/core/api'
import { z } from 'zod'
import {
  type ApiKeyParts,
  callerOf,
  checkPermissions,
  ownerFields,
  ownerOf,
  requireAccess,
} from '../access.ts'
import { checkServerFields, keyFields, serverFields } from '../input.ts'
import { insertKey, lifetimeOf, type NewKey, viewOf } from '../key-row.ts'
import type { ResolvedApiKeyOptions } from '../options.ts'
import { requireOwner } from '../owners.ts'
import { refuse } from '../refusal.ts'

const body = z.object({ ...keyFields, ...serverFields, ...ownerFields })

/** `POST /api-key/create`: makes a key for the caller, their organization or one of its services. */
export function createApiKey(parts: ApiKeyParts) {
  return createAuthEndpoint('/api-key/create', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const owner = ownerOf(caller, ctx.body)
    checkServerFields(caller, ctx.body)
    const attempt = { adapter, parts, caller, action: 'create' } as const
    const role = await requireAccess(attempt, owner, 'OWNER_NOT_FOUND')
    const { name = null, permissions = {}, remaining = null } = ctx.body
    checkPermissions(attempt, permissions, role)
    await requireOwner(adapter, owner)

    const lifetime = lifetimeOf(ctx.body.expiresIn ?? null, parts.options)
    if (!lifetime) throw refuse('EXPIRES_IN_IS_TOO_LARGE')
    const { row, key } = await insertKey(adapter, parts.options.prefix, {
      owner,
      name,
      permissions,
      remaining,
      ...lifetime,
      ...limitFor(ctx.body, parts.options),
    })
    ctx.setHeader('cache-control', 'no-store')
    return ctx.json({ ...viewOf(row), key })
  })
}

type Limit = Pick<NewKey, 'rateLimitEnabled' | 'rateLimitMax' | 'rateLimitTimeWindow'>
type Said = { [Field in keyof Limit]?: Limit[Field] | undefined }

/** The limit of a new key: as it is said, else as the options have it, else none. */
function limitFor(said: Said, { rateLimit }: ResolvedApiKeyOptions): Limit {
  const rateLimitMax = said.rateLimitMax ?? rateLimit?.max ?? null
  return {
    rateLimitEnabled: said.rateLimitEnabled !== false && rateLimitMax !== null,
    rateLimitMax,
    rateLimitTimeWindow: said.rateLimitTimeWindow ?? (rateLimit ? rateLimit.window * 1000 : null),
  }
}
