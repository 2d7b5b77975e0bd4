import { ProtocolError } from '@countersign/protocol'
import { administrationRoute } from '../clients/endpoint.ts'
import { forgetFamilies } from '../clients/forget.ts'
import { pathName } from '../clients/view.ts'
import { findClientByName } from '../store/clients.ts'
import { endConnections, listConnections } from '../store/consents.ts'

/** `GET /oidc/user/consent`: the applications that the person lets in. */
export const listConsents = administrationRoute({
  method: 'GET',
  path: '/oidc/user/consent',
  async handle({ context, caller }) {
    await context.activity.flush()
    const connections = await listConnections(context.store, { userId: caller.userId })
    const consents = []
    for (const connection of connections) {
      const client = await context.clients.stored(connection.clientId)
      if (!client) continue
      consents.push({
        id: pathName(client),
        client_id: client.clientId,
        name: client.name,
        homepage_url: client.uri,
        icon: client.icon,
        registration: client.registration,
        scopes: connection.scopes.map((name) => ({
          name,
          title: context.options.scopes.get(name)?.title ?? name,
        })),
        granted_at: connection.grantedAt.toISOString(),
        last_used_at: connection.lastUsedAt?.toISOString() ?? null,
        organization_id: connection.organizationId,
      })
    }
    return { body: { consents } }
  },
})

/** `DELETE /oidc/user/consent/{client_id}`: ends what an application may do for the person, at once. */
export const endConsent = administrationRoute({
  method: 'DELETE',
  path: '/oidc/user/consent/:client_id',
  async handle({ context, caller, part }) {
    const { userId } = caller
    const client = await findClientByName(context.store, part('client_id'))
    const { clientId } = client ?? { clientId: '' }
    const { connections, grantIds } = await endConnections(context.store, { clientId, userId })
    forgetFamilies(context, grantIds)
    // The same for what nobody knows and what this person did not let in.
    if (connections === 0) throw new ProtocolError('client_not_found')
    return { body: { revoked: true } }
  },
})
