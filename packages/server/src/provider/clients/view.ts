import { ProtocolError } from '@countersign/protocol'
import type { ProviderContext } from '../context.ts'
import { type ClientUse, listClientUses } from '../store/client-use.ts'
import { type Client, isPublic } from './client.ts'

/** An application as those who look after it see it; never with a secret. */
export function viewOfClient(
  { issuer, options }: ProviderContext,
  { client, userCount, lastActivity }: ClientUse,
) {
  const name = pathName(client)
  return {
    id: name,
    client_id: client.clientId,
    name: client.name,
    description: client.description,
    homepage_url: client.uri,
    icon: client.icon,
    policy_url: client.policy,
    terms_url: client.tos,
    client_type: isPublic(client) ? ('public' as const) : ('confidential' as const),
    registration: client.registration,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    backchannel_logout_uri: client.backchannelLogoutUri,
    backchannel_logout_session_required: client.backchannelLogoutSessionRequired,
    backchannel_token_delivery_mode: client.notificationEndpoint === null ? 'poll' : 'ping',
    backchannel_client_notification_endpoint: client.notificationEndpoint,
    grant_types: client.grantTypes,
    response_types: client.responseTypes,
    scopes: client.scopes,
    default_scopes: client.defaultScopes,
    jwks: client.jwks === null ? null : (JSON.parse(client.jwks) as unknown),
    jwks_uri: client.jwksUri,
    organization_id: client.referenceId,
    access_token_lifetime: client.accessTokenLifetime,
    refresh_token_lifetime: client.refreshTokenLifetime,
    allowed_users: client.allowedUsers,
    subject_type: client.subjectType,
    dpop_bound_access_tokens: client.dpopBoundAccessTokens,
    disabled: client.disabled,
    previous_secret_expires_at: client.previousSecretExpiresAt?.toISOString() ?? null,
    user_count: userCount,
    last_activity: lastActivity?.toISOString() ?? null,
    created_at: client.createdAt?.toISOString() ?? null,
    updated_at: client.updatedAt?.toISOString() ?? null,
    link: `${issuer}${options.pages.applications}/${encodeURIComponent(name)}`,
  }
}

/** An application as it is stored now. Throws `client_not_found`. */
export async function currentView(context: ProviderContext, clientId: string) {
  const [use] = await listClientUses(context.store, { clientId })
  if (!use) throw new ProtocolError('client_not_found')
  return viewOfClient(context, use)
}

/**
 * What stands for an application in a path: its `client_id`, or the id of its row where that is a URL,
 * because an encoded slash is another name of a slash.
 */
export function pathName({ clientId, id }: Pick<Client, 'clientId' | 'id'>): string {
  return clientId.includes('/') ? id : clientId
}
