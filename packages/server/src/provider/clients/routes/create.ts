import { ProtocolError } from '@countersign/protocol'
import { insertClient } from '../../store/clients.ts'
import { isWithin, notAllowed, type Reach, reachOf } from '../access.ts'
import type { Caller } from '../caller.ts'
import { blankClient, describeClient, needsSecret, rulesOf } from '../decide.ts'
import { administrationRoute } from '../endpoint.ts'
import { newClientSchema } from '../input.ts'
import { checkAssigned } from '../assigned.ts'
import { newClientId, newSecret } from '../secret.ts'
import { currentView } from '../view.ts'

/**
 * `POST /oidc/clients`: makes an application. A confidential one gets a secret, which is in this
 * answer and never again.
 */
export const createClient = administrationRoute({
  method: 'POST',
  path: '/oidc/clients',
  input: newClientSchema,
  async handle({ context, caller, input }) {
    const reach = await reachOf(context, caller, 'create')
    const organizationId = input.organization_id ?? ownerFor(caller, reach)
    if (!isWithin(reach, organizationId)) throw notAllowed()
    const rules = rulesOf(context.options)
    const described = describeClient(
      blankClient(rules),
      { ...input, organization_id: organizationId },
      rules,
    )
    await checkAssigned(context, caller, { before: null, after: described })
    const made = needsSecret(described) ? newSecret() : null
    const clientId = newClientId()
    await insertClient(context.store, {
      ...described,
      clientId,
      clientSecret: made?.stored ?? null,
      registration: 'manual',
    })
    const client = await currentView(context, clientId)
    return { status: 201, body: { client, client_secret: made?.secret ?? null } }
  },
})

/** Whose an application is that nobody said: the server's, or the organization worked in. */
function ownerFor({ activeOrganizationId }: Caller, reach: Reach): string | null {
  if (reach === 'everything') return null
  if (activeOrganizationId !== null && reach.has(activeOrganizationId)) return activeOrganizationId
  const [only, ...others] = reach
  if (only !== undefined && others.length === 0) return only
  const message = 'organization_id: say which of your organizations the application is for.'
  throw new ProtocolError('invalid_request', { message })
}
