import { type Client, isPublic } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { confirmationOf } from '../dpop.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { parseScope } from '../scopes.ts'
import { useOnce } from '../store/once.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { issueTokens } from '../tokens/issue.ts'
import type { TokenResponse } from '../tokens/model.ts'
import { defaultScopesOf, narrowResources, narrowScopes, scopesFor } from '../tokens/scopes.ts'
import { linkedPerson } from '../trusted-issuers/linked-person.ts'
import {
  AssertionRefused,
  CLOCK_TOLERANCE,
  type TrustedAssertion,
} from '../trusted-issuers/trusted-issuers.ts'
import { type GrantHandler, invalidGrant, required } from './grant-handler.ts'
import { ownToken, requireWorkload } from './own-token.ts'
import { requirePerson } from './person.ts'
import { ID_JAG, isIdJag } from './token-types.ts'

/** The longest, in seconds, that an ID-JAG may be good for. */
const MAX_LIFETIME = 600

/**
 * The JWT bearer grant (RFC 7523 section 2.1), for JWTs of trusted issuers: a workload gets its
 * client's own token, an ID-JAG one for a person.
 */
export const jwtBearer: GrantHandler = {
  type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  async handle(request, client) {
    const assertion = required(request, 'assertion')
    if (isIdJag(assertion)) return forPerson(request, client, assertion)
    const known = { jwt: assertion, refuse: invalidGrant }
    return ownToken(request, await requireWorkload(request, client, known))
  },
}

/**
 * An ID-JAG for an access token (draft-ietf-oauth-identity-assertion-authz-grant section 4.4): once,
 * by the client it names, for the person whose account is linked, with no more than it says.
 */
async function forPerson(
  request: MachineRequest,
  client: Client,
  jwt: string,
): Promise<TokenResponse> {
  const { context, now } = request
  if (isPublic(client)) {
    throw new OAuthError('unauthorized_client', 'An ID-JAG takes a client that proves who it is.')
  }
  const assertion = await verify(request, client, jwt)
  const userId = await linkedPerson(context, assertion)
  if (userId === null) throw invalidGrant('No account here is linked to that subject.')
  const person = await requirePerson(context, client, userId)
  const confirmation = await confirmationOf(request, client)
  const extent = extentOf(request, client, assertion)
  await useUp(context, assertion)
  const { id_token: _, ...response } = await issueTokens(context, {
    client,
    // A new assertion is asked for when it is over: the other authority decides again.
    grant: { kind: 'jwt-bearer', userId: person.id, ...extent },
    person,
    ...extent,
    confirmation,
    refresh: false,
    now,
  })
  return response
}

async function verify(
  { context, now }: MachineRequest,
  client: Client,
  jwt: string,
): Promise<TrustedAssertion> {
  const expected = { audience: () => context.issuer, type: ID_JAG, now }
  const assertion = await context.trustedIssuers.verify(jwt, expected).catch((error: unknown) => {
    throw error instanceof AssertionRefused ? invalidGrant(error.message) : error
  })
  const { issuer, claims } = assertion
  if (!issuer.identityAssertions) throw invalidGrant('Its issuer does not vouch for people here.')
  if (claims['client_id'] !== client.clientId) throw invalidGrant('It is for another client.')
  const { exp = 0, iat, jti } = claims
  if (typeof iat !== 'number' || exp - iat > MAX_LIFETIME) {
    throw invalidGrant(`An ID-JAG says when it was made and is good for ${MAX_LIFETIME} seconds.`)
  }
  if (typeof jti !== 'string' || jti === '') throw invalidGrant('An ID-JAG has a `jti`.')
  return assertion
}

/** What the token allows: of what the assertion says, what the client may have and asked for. */
function extentOf({ context, parameters }: MachineRequest, client: Client, of: TrustedAssertion) {
  const { scope, resource } = of.claims
  const said = [resource ?? []].flat()
  if (!said.every((one) => typeof one === 'string')) throw invalidGrant('`resource` is malformed.')
  const asked = parameters.getAll('resource')
  const resources = said.length === 0 ? [...new Set(asked)] : narrowResources(asked, said)
  const targets = resourcesOf(context, resources)
  const granted = typeof scope === 'string' ? parseScope(scope) : defaultScopesOf(context, client)
  const allowed = scopesFor(granted, targets).filter(
    (name) => client.scopes.includes(name) && name !== 'offline_access',
  )
  return { scopes: narrowScopes(parameters.get('scope'), allowed), resources }
}

async function useUp({ store }: ProviderContext, { issuer, claims }: TrustedAssertion) {
  const { jti = '', exp = 0 } = claims
  const key = `id-jag ${JSON.stringify([issuer.issuer, jti])}`
  // As long as any clock that is accepted says that it is still good.
  if (await useOnce(store, key, new Date((exp + CLOCK_TOLERANCE) * 1000))) return
  throw invalidGrant('The ID-JAG was used already.')
}
