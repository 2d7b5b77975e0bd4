import { claimsOf } from '../claims.ts'
import { authenticateClient } from '../client-authentication.ts'
import { type Client, isPublic } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { required } from '../grants/grant-handler.ts'
import type { MachineRoute } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProtectedResource } from '../options.ts'
import { subjectOf } from '../subjects.ts'
import type { KnownToken } from '../tokens/known-token.ts'

/**
 * `POST /oauth2/introspect`: what a token means right now (RFC 7662).
 *
 * A client asks about its own tokens, and about access tokens for a resource that it serves: one that
 * names it in `provider.resources`, or is linked to it in `oauth_client_resource`. Whatever else it
 * asks about is not active.
 */
export const introspect: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/introspect',
  handle: async (request) => {
    const { context, now } = request
    const caller = await authenticateClient(request)
    if (isPublic(caller)) {
      throw new OAuthError('invalid_client', 'Introspection takes a client that proves who it is.')
    }
    const token = await context.tokens.live(required(request, 'token'), now)
    const isTheirs = token !== null && mayAsk(context, caller, token)
    return { body: isTheirs ? introspectionOf(context, token) : { active: false } }
  },
}

/** A refresh token is the business of its client alone: no API is called with it. */
function mayAsk({ options }: ProviderContext, { clientId }: Client, token: KnownToken): boolean {
  if (token.client.clientId === clientId) return true
  if (token.kind !== 'access') return false
  const serves = ({ identifier, resourceServers = [] }: ProtectedResource) =>
    token.resources.includes(identifier) && resourceServers.includes(clientId)
  return token.resourceServers.includes(clientId) || options.resources.some(serves)
}

/**
 * The answer of RFC 7662 section 2.2, with `acr` and `auth_time` for step-up (RFC 9470 section 6.2),
 * and for an API with what the scopes give of the person.
 */
function introspectionOf(context: ProviderContext, token: KnownToken) {
  const { kind, client, userId, person, resources } = token
  const { confirmation, family, organizationId } = token
  const [resource] = resources
  return {
    ...(kind === 'access' && person && claimsOf(person, token.scopes)),
    active: true,
    iss: context.issuer,
    sub: userId === null ? client.clientId : subjectOf(context, client, userId),
    client_id: client.clientId,
    scope: token.scopes.join(' '),
    ...(resource !== undefined && { aud: resources.length === 1 ? resource : resources }),
    exp: seconds(token.expiresAt),
    iat: seconds(token.issuedAt),
    ...(kind === 'access' && { token_type: confirmation ? 'DPoP' : 'Bearer' }),
    ...(confirmation && { cnf: { jkt: confirmation.jkt } }),
    ...(family?.actor && { act: family.actor }),
    ...(family?.acr && { acr: family.acr }),
    ...(family?.authTime && { auth_time: seconds(family.authTime) }),
    ...(organizationId !== null && { org_id: organizationId }),
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}
