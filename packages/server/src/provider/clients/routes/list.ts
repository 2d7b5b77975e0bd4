import { listClientUses } from '../../store/client-use.ts'
import { reachOf } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'
import { viewOfClient } from '../view.ts'

/** `GET /oidc/clients`: the applications that the caller looks after, newest first. */
export const listClients = administrationRoute({
  method: 'GET',
  path: '/oidc/clients',
  async handle({ context, caller }) {
    const reach = await reachOf(context, caller, 'read')
    await context.activity.flush()
    const filter = reach === 'everything' ? {} : { organizationIds: [...reach] }
    const uses = await listClientUses(context.store, filter)
    return { body: { clients: uses.map((use) => viewOfClient(context, use)) } }
  },
})
