import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { AuthorizationQuery } from '../engine.ts'
import { parseScope } from '../scopes.ts'
import { findConsent } from '../store/consent-coverage.ts'

interface Question {
  readonly client: Client
  readonly query: AuthorizationQuery
  readonly person: { readonly user: { readonly id: string } }
  readonly organizationId: string | null
}

/**
 * Whether a person has to be asked before a client gets what it asks for.
 *
 * Always for clients that registered themselves, and for sensitive scopes; never for those that an
 * administrator trusts; else unless they allowed all of it before, for the same organization.
 */
export async function needsConsent(
  { store, options }: Pick<ProviderContext, 'store' | 'options'>,
  { client, query, person, organizationId }: Question,
): Promise<boolean> {
  const scopes = parseScope(typeof query['scope'] === 'string' ? query['scope'] : '')
  if (client.registration === 'dynamic') return true
  if (scopes.some((name) => options.scopes.get(name)?.sensitive)) return true
  if (client.skipConsent) return false
  const consent = await findConsent(store, {
    clientId: client.clientId,
    userId: person.user.id,
    referenceId: organizationId,
  })
  if (!consent) return true
  const resources = [query['resource'] ?? []].flat()
  return (
    scopes.some((name) => !consent.scopes.includes(name)) ||
    resources.some((resource) => !consent.resources.includes(resource))
  )
}
