import { type Client, isPublic } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { AuthorizationQuery } from '../engine.ts'
import { redirectTarget } from '../redirect-uri.ts'
import { parseScope } from '../scopes.ts'
import { type Consent, findConsent } from '../store/consent-coverage.ts'
import { isOfPerson } from '../tokens/scopes.ts'

interface Question {
  readonly client: Client
  readonly query: AuthorizationQuery
  readonly person: { readonly user: { readonly id: string } }
  readonly organizationId: string | null
}

/**
 * Whether a person has to be asked before a client gets what it asks for.
 *
 * Always for clients that registered themselves, for sensitive scopes, and for what any program on the
 * same computer can ask in the name of a client (RFC 8252 section 8.6); never for those that an
 * administrator trusts; else unless they allowed all of it before, for the same organization.
 */
export async function needsConsent(
  { store, options }: Pick<ProviderContext, 'store' | 'options'>,
  { client, query, person, organizationId }: Question,
): Promise<boolean> {
  const scopes = parseScope(typeof query['scope'] === 'string' ? query['scope'] : '')
  if (client.registration === 'dynamic' || isAnybodys(client, query)) return true
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
    !isWithin({ scopes, resources }, consent)
  )
}

/** Nobody vouched for a client of a document, and one without keys on a device proves nothing itself. */
function isAnybodys(client: Client, query: AuthorizationQuery): boolean {
  if (client.registration !== 'metadata_document' || !isPublic(client)) return false
  return redirectTarget(String(query['redirect_uri']))?.kind !== 'web'
}

/** Whether all that is asked for is for what was allowed: no resource at all is limited to nothing. */
function isWithin(
  { scopes, resources }: Pick<Consent, 'scopes' | 'resources'>,
  consent: Consent,
): boolean {
  const isUnlimited = resources.length === 0 && consent.resources.length > 0
  if (isUnlimited) return scopes.every(isOfPerson)
  return resources.every((resource) => consent.resources.includes(resource))
}
