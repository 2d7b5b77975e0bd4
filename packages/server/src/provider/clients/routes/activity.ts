import * as z from 'zod'
import { listClientUses } from '../../store/client-use.ts'
import { reachOf, requireClient } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'

const input = z.object({ days: z.coerce.number().int().min(1).max(366).default(30) })

/** `GET /oidc/clients/{id}/activity?days=`: how often an application got tokens, by day. */
export const getClientActivity = administrationRoute({
  method: 'GET',
  path: '/oidc/clients/:id/activity',
  input,
  async handle({ context, caller, input: { days }, part, now }) {
    const { clientId } = await requireClient(context, caller, { name: part('id'), action: 'read' })
    return { body: { activity: await context.activity.days([clientId], days, now) } }
  },
})

/** `GET /oidc/clients/activity?days=`: the same for all that the caller looks after, together. */
export const getActivity = administrationRoute({
  method: 'GET',
  path: '/oidc/clients/activity',
  input,
  async handle({ context, caller, input: { days }, now }) {
    const reach = await reachOf(context, caller, 'read')
    if (reach === 'everything') {
      return { body: { activity: await context.activity.days(null, days, now) } }
    }
    const uses = await listClientUses(context.store, { organizationIds: [...reach] })
    const clientIds = uses.map(({ client }) => client.clientId)
    return { body: { activity: await context.activity.days(clientIds, days, now) } }
  },
})
