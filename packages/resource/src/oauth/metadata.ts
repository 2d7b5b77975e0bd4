import { DPOP_ALGORITHMS } from '@countersign/protocol'

/** The metadata document of a protected resource (RFC 9728 section 2). */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported: readonly string[]
  readonly bearer_methods_supported: readonly string[]
  readonly dpop_signing_alg_values_supported: readonly string[]
  readonly resource_name?: string
  readonly resource_documentation?: string
}

/** What the document of one resource says. */
export interface MetadataInput {
  readonly issuer: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly name?: string | undefined
  readonly documentation?: string | undefined
}

/** Makes the document. `resource` is exactly what tokens must name as their audience. */
export function resourceMetadata(input: MetadataInput): ProtectedResourceMetadata {
  return {
    resource: input.resource,
    authorization_servers: [input.issuer],
    scopes_supported: input.scopes,
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    ...(input.name !== undefined && { resource_name: input.name }),
    ...(input.documentation !== undefined && { resource_documentation: input.documentation }),
  }
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * Where the document stands: inserted before the path of the resource (RFC 9728 section 3.1), and at
 * the root, where clients look next.
 */
export function metadataPaths(resource: string): readonly [string, ...string[]] {
  const { pathname } = new URL(resource)
  const path = pathname.replace(/\/$/, '')
  return path === '' ? [WELL_KNOWN] : [WELL_KNOWN + path, WELL_KNOWN]
}

/** The absolute URL of the document, for challenges. */
export function metadataUrl(resource: string): string {
  const { origin, search } = new URL(resource)
  return origin + metadataPaths(resource)[0] + search
}
