import { DPOP_ALGORITHMS, PROTOCOL_VERSION } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import type { ProtocolRoute } from '../http.ts'

/** `GET /.well-known/agent-configuration`: what this server is and where its endpoints are (5.1). */
export const discovery: ProtocolRoute = {
  method: 'GET',
  path: '/.well-known/agent-configuration',
  handle: async ({ context }) => ({
    headers: { 'cache-control': 'public, max-age=3600' },
    body: discoveryDocument(context),
  }),
}

/** The discovery document. Endpoint paths are relative to the issuer. */
function discoveryDocument({ options, issuer, basePath, defaultLocation }: AgentAuthContext) {
  return {
    version: PROTOCOL_VERSION,
    provider_name: options.providerName,
    description: options.providerDescription,
    issuer,
    default_location: defaultLocation,
    algorithms: ['Ed25519'],
    modes: options.modes,
    approval_methods: options.approvalMethods.map(({ id }) => id),
    ...(options.dpop.mode !== 'off' && {
      dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
      dpop_bound_access_tokens_required: options.dpop.mode === 'required',
    }),
    endpoints: {
      register: `${basePath}/agent/register`,
      capabilities: `${basePath}/capability/list`,
      describe_capability: `${basePath}/capability/describe`,
      execute: `${basePath}/capability/execute`,
      batch_execute: `${basePath}/capability/batch-execute`,
      request_capability: `${basePath}/agent/request-capability`,
      status: `${basePath}/agent/status`,
      reactivate: `${basePath}/agent/reactivate`,
      revoke: `${basePath}/agent/revoke`,
      revoke_host: `${basePath}/host/revoke`,
      rotate_key: `${basePath}/agent/rotate-key`,
      rotate_host_key: `${basePath}/host/rotate-key`,
      enroll_host: `${basePath}/host/enroll`,
      claim_agent: `${basePath}/agent/claim`,
      introspect: `${basePath}/agent/introspect`,
    },
  }
}
