import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { defaultScopesOf, narrowScopes, scopesFor } from '../tokens/scopes.ts'
import { type PendingAuthorization, POLL_INTERVAL } from './pending.ts'

/** What a client may ask a person for: its scopes, for resources of this server. */
export function askedFor(
  { context, parameters }: MachineRequest,
  client: Client,
): Pick<PendingAuthorization, 'scopes' | 'resources'> {
  const resources = [...new Set(parameters.getAll('resource'))]
  const targets = resourcesOf(context, resources)
  const defaults = defaultScopesOf(context, client)
  const asked = narrowScopes(parameters.get('scope'), client.scopes, defaults)
  const scopes = scopesFor(asked, targets)
  if (scopes.length > 0) return { scopes, resources }
  throw new OAuthError('invalid_scope', 'Name a `scope`: the client has no default scopes.')
}

/** A request that begins now, as it is stored; what is left out is empty. */
export function newPending(
  pending: Pick<PendingAuthorization, 'kind' | 'secretHash' | 'clientId' | 'scopes' | 'resources'> &
    Partial<PendingAuthorization>,
  { now, lifetime }: { readonly now: number; readonly lifetime: number },
): Omit<PendingAuthorization, 'id'> {
  return {
    userCodeHash: null,
    userId: null,
    sessionId: null,
    referenceId: null,
    bindingMessage: null,
    acrValues: null,
    amr: null,
    authTime: null,
    notificationToken: null,
    ...pending,
    status: 'pending',
    interval: POLL_INTERVAL,
    nextPollAt: new Date(now),
    createdAt: new Date(now),
    expiresAt: new Date(now + lifetime * 1000),
  }
}
