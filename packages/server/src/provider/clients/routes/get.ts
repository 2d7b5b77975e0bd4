import { requireClient } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'
import { currentView } from '../view.ts'

/** `GET /oidc/clients/{id}`: one application. */
export const getClient = administrationRoute({
  method: 'GET',
  path: '/oidc/clients/:id',
  async handle({ context, caller, part }) {
    const { clientId } = await requireClient(context, caller, { name: part('id'), action: 'read' })
    await context.activity.flush()
    return { body: await currentView(context, clientId) }
  },
})
