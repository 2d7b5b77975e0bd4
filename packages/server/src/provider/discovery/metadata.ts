import { DPOP_ALGORITHMS } from '@countersign/protocol'
import { CLAIM_NAMES } from '../claims.ts'
import type { ResolvedProviderOptions } from '../options.ts'

/** What the documents are made of. */
export interface MetadataFacts {
  readonly issuer: string
  /** Such as `/api/auth`. */
  readonly basePath: string
  readonly options: Pick<
    ResolvedProviderOptions,
    'scopes' | 'resources' | 'dynamicRegistration' | 'metadataDocuments'
  >
  readonly grantTypes: readonly string[]
  /** Algorithms of `private_key_jwt`. */
  readonly assertionAlgorithms: readonly string[]
  /** Authentication context classes that can be asked for. */
  readonly acrValues: readonly string[]
}

const withSecret = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
const withoutSecret = [...withSecret, 'none']

/** What ID tokens say besides what is known of the person. */
const protocolClaims = 'iss sub aud exp iat auth_time nonce acr amr sid org_id'.split(' ')

/** The scope that only administrators use: who asks for all that is advertised does not get it. */
const unadvertised = 'oidc:admin'

/** The authorization server metadata of RFC 8414, and of the extensions that register with it. */
export function authorizationServerMetadata(facts: MetadataFacts) {
  const { issuer, basePath, options } = facts
  const at = (path: string) => `${issuer}${basePath}${path}`
  return {
    issuer,
    authorization_endpoint: at('/oauth2/authorize'),
    token_endpoint: at('/oauth2/token'),
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    ...(options.dynamicRegistration && { registration_endpoint: at('/oauth2/register') }),
    scopes_supported: [...options.scopes.keys()].filter((scope) => scope !== unadvertised),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: facts.grantTypes,
    token_endpoint_auth_methods_supported: withoutSecret,
    token_endpoint_auth_signing_alg_values_supported: facts.assertionAlgorithms,
    revocation_endpoint: at('/oauth2/revoke'),
    revocation_endpoint_auth_methods_supported: withoutSecret,
    revocation_endpoint_auth_signing_alg_values_supported: facts.assertionAlgorithms,
    introspection_endpoint: at('/oauth2/introspect'),
    introspection_endpoint_auth_methods_supported: withSecret,
    introspection_endpoint_auth_signing_alg_values_supported: facts.assertionAlgorithms,
    code_challenge_methods_supported: ['S256'],
    // RFC 9207, RFC 9126, RFC 9449, RFC 8628, OpenID Connect CIBA, RFC 9728.
    authorization_response_iss_parameter_supported: true,
    pushed_authorization_request_endpoint: at('/oauth2/par'),
    require_pushed_authorization_requests: false,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    device_authorization_endpoint: at('/oauth2/device_authorization'),
    backchannel_authentication_endpoint: at('/oauth2/bc-authorize'),
    backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    backchannel_user_code_parameter_supported: false,
    client_id_metadata_document_supported: options.metadataDocuments,
    ...(options.resources.length > 0 && {
      protected_resources: options.resources.map(({ identifier }) => identifier),
    }),
  }
}

/** The provider metadata of OpenID Connect Discovery, which has all of the other document as well. */
export function openidConfiguration(facts: MetadataFacts) {
  const { issuer, basePath } = facts
  return {
    ...authorizationServerMetadata(facts),
    userinfo_endpoint: `${issuer}${basePath}/oauth2/userinfo`,
    end_session_endpoint: `${issuer}${basePath}/oauth2/end-session`,
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    claim_types_supported: ['normal'],
    claims_supported: [...protocolClaims, ...CLAIM_NAMES],
    claims_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
    ...(facts.acrValues.length > 0 && { acr_values_supported: facts.acrValues }),
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  }
}
