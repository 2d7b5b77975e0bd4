import * as z from 'zod'

const endpointSchema = z.string().min(1)

/** The endpoints of a server, as paths relative to its issuer. Unknown ones are kept. */
const discoveryEndpointsSchema = z
  .object({
    register: endpointSchema,
    capabilities: endpointSchema,
    describe_capability: endpointSchema.optional(),
    execute: endpointSchema.optional(),
    /** Several executions in one request; not of the specification. */
    batch_execute: endpointSchema.optional(),
    request_capability: endpointSchema.optional(),
    status: endpointSchema,
    reactivate: endpointSchema.optional(),
    revoke: endpointSchema.optional(),
    revoke_host: endpointSchema.optional(),
    rotate_key: endpointSchema.optional(),
    rotate_host_key: endpointSchema.optional(),
    /** With a token of a person; not of the specification. */
    enroll_host: endpointSchema.optional(),
    /** Hands autonomous agents over to a person; not of the specification. */
    claim_agent: endpointSchema.optional(),
    introspect: endpointSchema.optional(),
  })
  .catchall(z.unknown())

/** `GET /.well-known/agent-configuration`. Agent Auth section 5.1. */
export const discoveryDocumentSchema = z.object({
  version: z.string().regex(/^\d+\.\d+(-draft)?$/, 'a version such as 1.0-draft is required'),
  provider_name: z.string().min(1),
  description: z.string(),
  issuer: z.url(),
  default_location: z.url().optional(),
  algorithms: z.array(z.string()),
  modes: z.array(z.string()),
  approval_methods: z.array(z.string()),
  endpoints: discoveryEndpointsSchema,
  jwks_uri: z.url().optional(),
  /** Algorithms of DPoP proofs; present where JWTs can be bound to a key (RFC 9449 section 5.1). */
  dpop_signing_alg_values_supported: z.array(z.string()).optional(),
  /** Whether every agent JWT must be bound to a DPoP key (RFC 9728 section 2). */
  dpop_bound_access_tokens_required: z.boolean().optional(),
})

/** What a server says about itself. */
export type DiscoveryDocument = z.infer<typeof discoveryDocumentSchema>
