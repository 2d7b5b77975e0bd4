import { isObject, textIn } from '../../account/request.ts'
import type { JsonObject } from '../../account/request.ts'
import { plain } from '../../output.ts'
import { table, textOf } from '../../table.ts'

const labels: readonly (readonly [string, string])[] = [
  ['client_id', 'Client id'],
  ['name', 'Name'],
  ['description', 'Description'],
  ['homepage_url', 'Page'],
  ['client_type', 'Type'],
  ['registration', 'Registration'],
  ['token_endpoint_auth_method', 'Proves itself by'],
  ['redirect_uris', 'Redirect URIs'],
  ['post_logout_redirect_uris', 'After sign-out'],
  ['backchannel_logout_uri', 'Told of sign-outs'],
  ['grant_types', 'Grants'],
  ['scopes', 'Scopes'],
  ['default_scopes', 'Default scopes'],
  ['organization_id', 'Organization'],
  ['access_token_lifetime', 'Access tokens (s)'],
  ['refresh_token_lifetime', 'Refresh tokens (s)'],
  ['allowed_users', 'Allowed users'],
  ['subject_type', 'Subjects'],
  ['dpop_bound_access_tokens', 'Bound to a key'],
  ['disabled', 'Disabled'],
  ['user_count', 'Users'],
  ['last_activity', 'Last used'],
  ['created_at', 'Created'],
  ['updated_at', 'Changed'],
]

/** An application, one member on each line. A secret is no member, whatever a server sends. */
export function clientLines(client: JsonObject): string[] {
  return table(
    labels.flatMap(([member, label]) =>
      client[member] === undefined || client[member] === null
        ? []
        : [[`${label}:`, textOf(client[member])]],
    ),
  )
}

/** An application without what a server must not send with it (O25). */
export function withoutSecret(client: JsonObject): JsonObject {
  const { client_secret: _secret, ...rest } = client
  return rest
}

/** The client of an answer. */
export function clientIn(answer: JsonObject): JsonObject {
  const { client } = answer
  return withoutSecret(isObject(client) ? client : answer)
}

/** What an application needs to know, ready to paste. The secret is in no other answer. */
export function environmentLines(
  issuer: string,
  clientId: string,
  secret: string | undefined,
): string[] {
  return [
    '',
    '# .env',
    `OAUTH_ISSUER=${issuer}`,
    `OAUTH_CLIENT_ID=${plain(clientId)}`,
    ...(secret === undefined ? [] : [`OAUTH_CLIENT_SECRET=${plain(secret)}`]),
    '',
    ...(secret === undefined
      ? ['It has no secret: PKCE protects its codes.']
      : ['The secret is shown this once. Lost? countersign oidc rotate-secret makes another.']),
  ]
}

/** The secret of an answer that makes one. */
export function secretIn(answer: JsonObject): string | undefined {
  return textIn(answer, 'client_secret')
}
