import { createAuthEndpoint } from '@better-auth/core/api'
import { z } from 'zod'
import { intersect, unite } from '../../organizations/roles.ts'
import { type ApiKeyParts, callerOf, ownerFields, ownerOf, requireAccess } from '../access.ts'
import { among } from '../permissions.ts'

/** `GET /api-key/permissions`: what the caller may let a new key of this owner reach. */
export function listApiKeyPermissions(parts: ApiKeyParts) {
  const query = z.object(ownerFields).default({})
  return createAuthEndpoint('/api-key/permissions', { method: 'GET', query }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const attempt = { adapter, parts, caller, action: 'create' } as const
    const role = await requireAccess(attempt, ownerOf(caller, ctx.query), 'OWNER_NOT_FOUND')
    const { permissions } = parts.options
    if (!role) return ctx.json({ permissions })
    // What roles decide about is given no further than the caller's own role goes.
    const decided = among(permissions, unite([...parts.organizations.matrix.values()]))
    const rest = Object.entries(permissions).filter(([name]) => !Object.hasOwn(decided, name))
    return ctx.json({ permissions: { ...Object.fromEntries(rest), ...intersect(decided, role) } })
  })
}
