import { ProtocolError } from '@countersign/protocol'
import { changeClient } from '../../store/clients.ts'
import { revokeExchangedFrom } from '../../store/families.ts'
import { requireClient } from '../access.ts'
import { checkAssigned } from '../assigned.ts'
import { CLI_CLIENT_ID } from '../built-in.ts'
import type { Client } from '../client.ts'
import { type DescribedClient, describeClient, needsSecret, rulesOf } from '../decide.ts'
import { administrationRoute } from '../endpoint.ts'
import { forgetClient } from '../forget.ts'
import { clientChangeSchema, type ClientInput } from '../input.ts'
import { withNewScopes } from '../new-scopes.ts'
import { newSecret } from '../secret.ts'
import { currentView } from '../view.ts'

/**
 * `PUT /oidc/clients/{id}`: changes the fields that are given, and no others. An application that
 * becomes confidential gets a secret, which is in this answer and never again; one that becomes public
 * loses its secrets at once.
 */
export const updateClient = administrationRoute({
  method: 'PUT',
  path: '/oidc/clients/:id',
  input: clientChangeSchema,
  async handle({ context, caller, input, part }) {
    const found = await requireClient(context, caller, { name: part('id'), action: 'update' })
    // First what is new here, so that what is taken away now stays away.
    const before = await withNewScopes(context, found)
    if (!before) throw new ProtocolError('client_not_found')
    checkFields(before, input)
    const after = describeClient(before, input, rulesOf(context.options))
    await checkAssigned(context, caller, { before, after })
    const made = needsSecret(after) && before.clientSecret === null ? newSecret() : null
    const secrets = made
      ? { clientSecret: made.stored }
      : !needsSecret(after) && { clientSecret: null, previousSecret: null }
    const isChanged = await changeClient(context.store, before.clientId, {
      change: { ...differences(before, after), ...secrets },
      // Of two that change the type together, one makes the secret.
      guard: made || secrets ? { clientSecret: before.clientSecret } : {},
    })
    if (isChanged) await revokeExchangedFrom(context.store, { ...before, ...after })
    forgetClient(context, before.clientId)
    if (!isChanged) throw changedMeanwhile()
    const client = await currentView(context, before.clientId)
    return { body: made ? { client, client_secret: made.secret } : { client } }
  },
})

/** What may be changed about an application whose description is not ours. */
const ofDocuments = new Set([
  'disabled',
  'scopes',
  'default_scopes',
  'allowed_users',
  'access_token_lifetime',
  'refresh_token_lifetime',
])
const ofBuiltIn = new Set(['disabled', 'access_token_lifetime', 'refresh_token_lifetime'])

function checkFields({ clientId, registration }: Client, input: ClientInput): void {
  const changeable =
    clientId === CLI_CLIENT_ID
      ? ofBuiltIn
      : registration === 'metadata_document'
        ? ofDocuments
        : null
  const fixed = changeable && Object.keys(input).find((field) => !changeable.has(field))
  if (!fixed) return
  const owner = changeable === ofBuiltIn ? 'this server' : 'the metadata document'
  throw new ProtocolError('invalid_request', { message: `${fixed}: is decided by ${owner}.` })
}

/** The fields that change: what somebody else changes in this moment stays theirs. */
function differences(before: Client, after: DescribedClient): Partial<DescribedClient> {
  const fields = Object.entries(after) as [keyof DescribedClient, unknown][]
  return Object.fromEntries(
    fields.filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field])),
  )
}

function changedMeanwhile(): ProtocolError {
  const message = 'Somebody else changed the application in this moment. Look at it and try again.'
  return new ProtocolError('invalid_request', { message })
}
