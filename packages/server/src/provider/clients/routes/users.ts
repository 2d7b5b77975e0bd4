import { endConnections, listConnections } from '../../store/consents.ts'
import { requireClient } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'
import { forgetFamilies } from '../forget.ts'

/** `GET /oidc/clients/{id}/users`: who lets an application in, and what it may do for them. */
export const listClientUsers = administrationRoute({
  method: 'GET',
  path: '/oidc/clients/:id/users',
  async handle({ context, caller, part }) {
    const { clientId } = await requireClient(context, caller, { name: part('id'), action: 'read' })
    await context.activity.flush()
    const connections = await listConnections(context.store, { clientId })
    const users = connections.map((connection) => ({
      user_id: connection.userId,
      name: connection.name,
      email: connection.email,
      organization_id: connection.organizationId,
      scopes: connection.scopes,
      granted_at: connection.grantedAt.toISOString(),
      last_used_at: connection.lastUsedAt?.toISOString() ?? null,
    }))
    return { body: { users } }
  },
})

/** `DELETE /oidc/clients/{id}/users`: ends what an application may do for everybody. */
export const endClientUsers = administrationRoute({
  method: 'DELETE',
  path: '/oidc/clients/:id/users',
  async handle({ context, caller, part }) {
    const { clientId } = await requireClient(context, caller, {
      name: part('id'),
      action: 'update',
    })
    const { connections, grantIds } = await endConnections(context.store, { clientId })
    forgetFamilies(context, grantIds)
    return { body: { revoked: connections } }
  },
})

/** `DELETE /oidc/clients/{id}/users/{user_id}`: ends what an application may do for one person. */
export const endClientUser = administrationRoute({
  method: 'DELETE',
  path: '/oidc/clients/:id/users/:user_id',
  async handle({ context, caller, part }) {
    const { clientId } = await requireClient(context, caller, {
      name: part('id'),
      action: 'update',
    })
    const userId = part('user_id')
    const { connections, grantIds } = await endConnections(context.store, { clientId, userId })
    forgetFamilies(context, grantIds)
    return { body: { revoked: connections } }
  },
})
