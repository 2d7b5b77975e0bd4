import type { ResolvedProviderOptions } from '../options.ts'
import { openScopes } from '../scopes.ts'
import { changeClient, findClient } from '../store/clients.ts'
import type { ProviderStore } from '../store/store.ts'
import type { Client } from './client.ts'
import { offering, scopesAfter } from './document.ts'

interface Parts {
  readonly store: ProviderStore
  readonly options: Pick<ResolvedProviderOptions, 'scopes'>
}

/**
 * A dynamic client with the scopes that were described here since it registered, which it could not
 * have named: it may ask for them as everybody may who registers now. Metadata documents get them when
 * they are fetched again; other clients have what they were given, and come back as they are.
 *
 * Null when it is no more.
 */
export async function withNewScopes(
  { store, options }: Parts,
  client: Client,
): Promise<Client | null> {
  const { clientId, registration, documentPin } = client
  if (registration !== 'dynamic' || documentPin === null) return client
  const open = openScopes(options.scopes)
  const pin = offering(documentPin, open)
  if (pin === documentPin) return client
  const change = { scopes: scopesAfter(client, open), documentPin: pin }
  // Whoever else does it in this moment does the same.
  await changeClient(store, clientId, { change, guard: { documentPin } })
  return findClient(store, clientId)
}
