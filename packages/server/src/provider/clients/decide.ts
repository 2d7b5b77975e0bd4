import { ProtocolError } from '@countersign/protocol'
import type { ResolvedProviderOptions } from '../options.ts'
import { judgeRedirectUri } from '../redirect-uri.ts'
import type { ResolvedScope } from '../scopes.ts'
import type { Client } from './client.ts'
import type { ClientInput } from './input.ts'
import { applicationTypeOf, hasSecret, publicGrantTypes, redirectHosts } from './rules.ts'

/** What an application is decided by, besides what is asked. */
export interface ClientRules {
  readonly scopes: ReadonlyMap<string, ResolvedScope>
  /** Private-use schemes without a dot that may be redirected to. */
  readonly schemes: readonly string[]
}

/** What applications of this server are decided by. */
export function rulesOf({
  scopes,
  redirectSchemes,
}: Pick<ResolvedProviderOptions, 'scopes' | 'redirectSchemes'>): ClientRules {
  return { scopes, schemes: redirectSchemes }
}

/** What only a person says of an application, never the application itself. */
export type AdministeredField =
  | 'description'
  | 'notificationEndpoint'
  | 'referenceId'
  | 'accessTokenLifetime'
  | 'refreshTokenLifetime'
  | 'allowedUsers'
  | 'disabled'

/** An application as people describe it: every field that is decided here. */
export type DescribedClient = Pick<
  Client,
  | AdministeredField
  | 'name'
  | 'uri'
  | 'icon'
  | 'policy'
  | 'tos'
  | 'tokenEndpointAuthMethod'
  | 'applicationType'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'backchannelLogoutUri'
  | 'backchannelLogoutSessionRequired'
  | 'grantTypes'
  | 'responseTypes'
  | 'scopes'
  | 'defaultScopes'
  | 'jwks'
  | 'jwksUri'
  | 'subjectType'
  | 'dpopBoundAccessTokens'
>

/** What an application is before anybody said anything about it. */
export function blankClient({ scopes }: ClientRules): DescribedClient {
  return {
    name: null,
    description: null,
    uri: null,
    icon: null,
    policy: null,
    tos: null,
    tokenEndpointAuthMethod: 'client_secret_basic',
    applicationType: 'web',
    redirectUris: [],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    backchannelLogoutSessionRequired: false,
    notificationEndpoint: null,
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    scopes: [...scopes.values()].filter((scope) => scope.default).map(({ name }) => name),
    defaultScopes: null,
    jwks: null,
    jwksUri: null,
    referenceId: null,
    accessTokenLifetime: null,
    refreshTokenLifetime: null,
    allowedUsers: null,
    subjectType: 'public',
    dpopBoundAccessTokens: false,
    disabled: false,
  }
}

/**
 * What an application becomes by what is asked of it: fields that are not given stay.
 *
 * Throws `invalid_request` with the name of the field that does not fit the others.
 */
export function describeClient(
  before: DescribedClient,
  input: ClientInput,
  rules: ClientRules,
): DescribedClient {
  const redirectUris = input.redirect_uris ?? before.redirectUris
  const after: DescribedClient = {
    name: input.name ?? before.name,
    description: given(input.description, before.description),
    uri: given(input.homepage_url, before.uri),
    icon: given(input.icon, before.icon),
    policy: given(input.policy_url, before.policy),
    tos: given(input.terms_url, before.tos),
    tokenEndpointAuthMethod: methodOf(before, input),
    applicationType: applicationTypeOf(redirectUris),
    redirectUris,
    postLogoutRedirectUris: input.post_logout_redirect_uris ?? before.postLogoutRedirectUris,
    backchannelLogoutUri: given(input.backchannel_logout_uri, before.backchannelLogoutUri),
    backchannelLogoutSessionRequired:
      input.backchannel_logout_session_required ?? before.backchannelLogoutSessionRequired,
    notificationEndpoint: notificationEndpointOf(before, input),
    grantTypes: input.grant_types ?? before.grantTypes,
    responseTypes: input.response_types ?? before.responseTypes,
    scopes: input.scopes ?? before.scopes,
    defaultScopes: given(input.default_scopes, before.defaultScopes),
    jwks: given(input.jwks, before.jwks),
    jwksUri: given(input.jwks_uri, before.jwksUri),
    referenceId: given(input.organization_id, before.referenceId),
    accessTokenLifetime: given(input.access_token_lifetime, before.accessTokenLifetime),
    refreshTokenLifetime: given(input.refresh_token_lifetime, before.refreshTokenLifetime),
    allowedUsers: given(input.allowed_users, before.allowedUsers),
    subjectType: input.subject_type ?? before.subjectType,
    dpopBoundAccessTokens: input.dpop_bound_access_tokens ?? before.dpopBoundAccessTokens,
    disabled: input.disabled ?? before.disabled,
  }
  check(after, input, rules)
  return after
}

/** The method that fits the type, where only one of them is given. */
function methodOf(
  { tokenEndpointAuthMethod: before }: DescribedClient,
  { client_type: type, token_endpoint_auth_method: method }: ClientInput,
): DescribedClient['tokenEndpointAuthMethod'] {
  if (method !== undefined) {
    if (type !== undefined && (type === 'public') !== (method === 'none')) {
      throw refused('token_endpoint_auth_method', 'does not fit the `client_type`')
    }
    return method
  }
  if (type === 'public') return 'none'
  if (type === 'confidential' && before === 'none') return 'client_secret_basic'
  return before
}

/** Where pings go: a client has an endpoint for them, or polls (CIBA Core section 4). */
function notificationEndpointOf(
  { notificationEndpoint: before }: DescribedClient,
  {
    backchannel_token_delivery_mode: mode,
    backchannel_client_notification_endpoint: endpoint,
  }: ClientInput,
): string | null {
  const field = 'backchannel_client_notification_endpoint'
  if (mode === 'poll' && endpoint) throw refused(field, 'is for the delivery mode ping')
  const after = mode === 'poll' ? null : given(endpoint, before)
  if (mode === 'ping' && after === null) throw refused(field, 'is needed for the mode ping')
  return after
}

function check(after: DescribedClient, input: ClientInput, rules: ClientRules): void {
  checkUris(after, input, rules)
  checkScopes(after, input, rules)
  const { tokenEndpointAuthMethod: method } = after
  const unfit = after.grantTypes.find((grant) => method === 'none' && !publicGrantTypes.has(grant))
  if (unfit !== undefined) throw refused('grant_types', `${unfit} needs a confidential application`)
  const hasKeys = after.jwks !== null || after.jwksUri !== null
  if (after.jwks !== null && after.jwksUri !== null) {
    throw refused('jwks', 'and `jwks_uri` exclude each other')
  }
  if (method === 'private_key_jwt' && !hasKeys) {
    throw refused('jwks', 'or `jwks_uri` is needed for private_key_jwt')
  }
  if (after.subjectType === 'pairwise' && redirectHosts(after.redirectUris).length > 1) {
    throw refused('subject_type', 'pairwise needs redirect URIs of one host')
  }
}

function checkUris(after: DescribedClient, input: ClientInput, { schemes }: ClientRules): void {
  const lists = {
    redirect_uris: input.redirect_uris,
    post_logout_redirect_uris: input.post_logout_redirect_uris,
  }
  for (const [field, list = []] of Object.entries(lists)) {
    for (const [index, uri] of list.entries()) {
      const verdict = judgeRedirectUri(uri, schemes)
      if (!verdict.ok) throw refused(`${field}[${index}]`, verdict.reason)
    }
  }
  if (after.grantTypes.includes('authorization_code') && after.redirectUris.length === 0) {
    throw refused('redirect_uris', 'needs at least one for the grant authorization_code')
  }
}

function checkScopes(after: DescribedClient, input: ClientInput, { scopes }: ClientRules): void {
  const unknown = input.scopes?.find((name) => !scopes.has(name))
  if (unknown !== undefined) throw refused('scopes', `names ${unknown}, which is not a scope here`)
  const beyond = after.defaultScopes?.find((name) => !after.scopes.includes(name))
  if (beyond !== undefined) {
    throw refused('default_scopes', `names ${beyond}, which is not among its \`scopes\``)
  }
}

/** Whether an application of this description has a secret. */
export function needsSecret({ tokenEndpointAuthMethod }: DescribedClient): boolean {
  return hasSecret(tokenEndpointAuthMethod)
}

function given<Value>(value: Value | undefined, before: Value): Value {
  return value === undefined ? before : value
}

function refused(field: string, reason: string): ProtocolError {
  return new ProtocolError('invalid_request', { message: `${field}: ${reason}.` })
}
