import { isPublic } from '../clients/client.ts'
import { confirmationOf } from '../dpop.ts'
import { OAuthError } from '../oauth-error.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { issueTokens } from '../tokens/issue.ts'
import { defaultScopesOf, isOfPerson, narrowScopes, scopesFor } from '../tokens/scopes.ts'
import type { GrantHandler } from './grant-handler.ts'

/** The client credentials grant (OAuth 2.1 section 4.2): a client acts for itself. */
export const clientCredentials: GrantHandler = {
  type: 'client_credentials',
  async handle(request, client) {
    const { context, parameters, now } = request
    if (isPublic(client)) {
      throw new OAuthError(
        'unauthorized_client',
        'A client without a secret cannot act for itself.',
      )
    }
    const confirmation = await confirmationOf(request, client)
    const resources = [...new Set(parameters.getAll('resource'))]
    const targets = resourcesOf(context, resources)
    const allowed = scopesFor(client.scopes, targets).filter((scope) => !isOfPerson(scope))
    const defaults = defaultScopesOf(context, client).filter((scope) => allowed.includes(scope))
    return issueTokens(context, {
      client,
      grant: null,
      person: null,
      scopes: narrowScopes(parameters.get('scope'), allowed, defaults),
      resources,
      confirmation,
      refresh: false,
      now,
    })
  },
}
