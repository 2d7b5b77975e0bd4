import { DPOP_ALGORITHMS } from '@countersign/protocol'
import type { ProtectedResource, ResolvedProviderOptions } from '../options.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

interface Facts {
  readonly issuer: string
  readonly options: Pick<ResolvedProviderOptions, 'resources' | 'scopes'>
}

/** The metadata of one resource (RFC 9728 section 2): who authorizes access, and with which scopes. */
function resourceMetadata({ issuer, options }: Facts, resource: ProtectedResource) {
  const { identifier, name, scopes, requireDpop } = resource
  return {
    resource: identifier,
    authorization_servers: [issuer],
    ...(scopes && { scopes_supported: scopes.filter((scope) => options.scopes.has(scope)) }),
    bearer_methods_supported: ['header'],
    ...(name !== undefined && { resource_name: name }),
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    ...(requireDpop && { dpop_bound_access_tokens_required: true }),
  }
}

/**
 * The documents of the resources at this origin, by path: the path of the resource behind the
 * well-known one (section 3.1), and at the root the resource that is the origin, or else the first.
 *
 * A resource that is told apart by a query has none: what answers here goes by the path.
 */
export function resourceDocuments(facts: Facts): ReadonlyMap<string, object> {
  const documents = new Map<string, object>()
  for (const resource of facts.options.resources) {
    const { origin, pathname, search } = new URL(resource.identifier)
    if (origin !== facts.issuer || search !== '') continue
    const document = resourceMetadata(facts, resource)
    const path = wellKnown + pathname.replace(/\/$/, '')
    if (!documents.has(path)) documents.set(path, document)
  }
  const [first] = documents.values()
  if (first && !documents.has(wellKnown)) documents.set(wellKnown, first)
  return documents
}
