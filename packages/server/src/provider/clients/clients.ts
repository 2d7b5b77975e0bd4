import { LookupCache } from '../../lookup/cache.ts'
import type { ProviderConnection } from '../connection.ts'
import type { ResolvedProviderOptions } from '../options.ts'
import { findClient, insertClient } from '../store/clients.ts'
import type { ProviderStore } from '../store/store.ts'
import { builtInClients } from './built-in.ts'
import type { Client } from './client.ts'
import { withNewScopes } from './new-scopes.ts'

/** What is looked up before the database: clients that describe themselves at a URL. */
export type ResolveClient = (clientId: string) => Promise<Client | null>

/** Finds clients by `client_id`: remembered while the database tells what changes about them. */
export class Clients {
  readonly #store: ProviderStore
  readonly #cache = new LookupCache<Client>(() => [])
  readonly #options: ResolvedProviderOptions
  #resolveDocument: ResolveClient | undefined

  constructor(
    store: ProviderStore,
    connection: ProviderConnection | null,
    options: ResolvedProviderOptions,
  ) {
    this.#store = store
    this.#options = options
    connection?.lookups.add(this.#cache, { kind: 'oauth-client' })
  }

  /** Takes over client ids that are URLs of metadata documents. */
  resolveDocumentsWith(resolve: ResolveClient): void {
    this.#resolveDocument = resolve
  }

  /** A client by its id, disabled ones included; null when nobody has that id. */
  async find(clientId: string): Promise<Client | null> {
    if (clientId === '' || clientId.length > 2048) return null
    if (this.#resolveDocument && /^https?:\/\//.test(clientId)) {
      return this.#resolveDocument(clientId)
    }
    return this.stored(clientId)
  }

  /** A client as it is stored, without looking at any document. */
  async stored(clientId: string): Promise<Client | null> {
    const known = this.#cache.get(clientId, Date.now())
    if (known) return known
    return this.#cache.read(clientId, () => this.#read(clientId))
  }

  /** Forgets a client that was changed here. */
  forget(clientId: string): void {
    this.#cache.forget(clientId)
  }

  async #read(clientId: string): Promise<Client | null> {
    const found = await findClient(this.#store, clientId)
    const builtIn = found ? undefined : builtInClients.get(clientId)
    const parts = { store: this.#store, options: this.#options }
    if (!builtIn) return found && withNewScopes(parts, found)
    // Whoever comes second finds what the first one stored.
    await insertClient(this.#store, builtIn)
    return findClient(this.#store, clientId)
  }
}
