import { createAuthEndpoint } from '@better-auth/core/api'
import { z } from 'zod'
import { type ApiKeyParts, callerOf, findService, requireAccess, type Service } from '../access.ts'
import { requireOwner } from '../owners.ts'
import { refuse } from '../refusal.ts'

const organizationId = z.string()

/**
 * `POST /api-key/create-service`: a named owner of keys in an organization. Only code on this server
 * makes one that belongs to no organization.
 */
export function createService(parts: ApiKeyParts) {
  const body = z.object({
    name: z.string().trim().min(1).max(100),
    organizationId: organizationId.optional(),
  })
  return createAuthEndpoint('/api-key/create-service', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const { name, organizationId: id = null } = ctx.body
    if (caller && id === null) throw refuse('INVALID_OWNER')
    if (id !== null) {
      const owner = { kind: 'organization', id } as const
      await requireAccess({ adapter, parts, caller, action: 'create' }, owner, 'OWNER_NOT_FOUND')
      await requireOwner(adapter, owner)
    }
    const now = new Date()
    const data = { name, organizationId: id, createdAt: now, updatedAt: now }
    const service = await adapter.create<Omit<Service, 'id'>, Service>({
      model: 'serviceAccount',
      data,
    })
    return ctx.json(service)
  })
}

/** `GET /api-key/list-services`: the services of an organization; of the deployment, for code here. */
export function listServices(parts: ApiKeyParts) {
  const query = z.object({ organizationId: organizationId.optional() }).default({})
  return createAuthEndpoint('/api-key/list-services', { method: 'GET', query }, async (ctx) => {
    const { adapter } = ctx.context
    const caller = await callerOf(ctx)
    const { organizationId: id = null } = ctx.query
    if (caller && id === null) throw refuse('INVALID_OWNER')
    if (id !== null) {
      const owner = { kind: 'organization', id } as const
      await requireAccess({ adapter, parts, caller, action: 'read' }, owner, 'OWNER_NOT_FOUND')
    }
    const services = await adapter.findMany<Service>({
      model: 'serviceAccount',
      where: [{ field: 'organizationId', value: id }],
      sortBy: { field: 'createdAt', direction: 'asc' },
    })
    return ctx.json({ services })
  })
}

/** `POST /api-key/delete-service`: ends a service and all its keys. */
export function deleteService(parts: ApiKeyParts) {
  const body = z.object({ serviceId: z.string() })
  return createAuthEndpoint('/api-key/delete-service', { method: 'POST', body }, async (ctx) => {
    const { adapter } = ctx.context
    const { serviceId: id } = ctx.body
    const caller = await callerOf(ctx)
    const attempt = { adapter, parts, caller, action: 'delete' } as const
    await requireAccess(attempt, { kind: 'service', id }, 'OWNER_NOT_FOUND')
    if (!(await findService(adapter, id))) throw refuse('OWNER_NOT_FOUND')
    // First the service: without it every key of it is dead, also one that is made meanwhile.
    await adapter.deleteMany({ model: 'serviceAccount', where: [{ field: 'id', value: id }] })
    await adapter.deleteMany({
      model: 'apikey',
      where: [
        { field: 'configId', value: 'service' },
        { field: 'referenceId', value: id },
      ],
    })
    return ctx.json({ success: true })
  })
}
