import type { AuthContext } from '@better-auth/core'
import { createGuardedFetch, type GuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import type { ResolvedProviderOptions } from '../options.ts'
import type { ProviderStore } from '../store/store.ts'
import type { KnownTokens } from '../tokens/known-tokens.ts'
import { changeClient, findClient, insertClient } from '../store/clients.ts'
import { endConnections } from '../store/consents.ts'
import { rulesOf } from './decide.ts'
import type { Client } from './client.ts'
import { asksAgain, lifetimeOfDocument, parseDocument, pinOf, scopesAfter } from './document.ts'
import { DOCUMENT_DISCOVERY, isDocumentId } from './document-id.ts'
import { forgetClient, forgetFamilies } from './forget.ts'
import type { Clients } from './clients.ts'
import type { ClientMetadata } from './metadata.ts'
import type { RegistrationLimits } from './registration-limits.ts'

/** The largest document, in bytes. */
const MAX_BYTES = 65_536

/** How long, in milliseconds, a document that cannot be fetched is not asked for again. */
const PAUSE = 60_000

/** How long, in milliseconds, the last good copy counts while its server fails. */
const GRACE = 86_400_000

/** How many failures are remembered, and how many documents are fetched at the same time. */
const MAX_FAILURES = 10_000
const MAX_FETCHES = 50

interface Fetched {
  readonly metadata: ClientMetadata
  /** In seconds. */
  readonly lifetime: number
}

/** What documents are looked after with. */
interface DocumentParts {
  readonly auth: Pick<AuthContext, 'logger'>
  readonly clients: Clients
  readonly options: ResolvedProviderOptions
  readonly registrations: RegistrationLimits
  readonly store: ProviderStore
  readonly tokens: KnownTokens
}

/** Finds clients whose `client_id` is the URL of a document about them, and keeps what it says. */
export class ClientDocuments {
  readonly #parts: DocumentParts
  readonly #fetch: GuardedFetch
  readonly #underWay = new Map<string, Promise<Client | null>>()
  readonly #failedAt = new Map<string, number>()

  constructor(parts: DocumentParts) {
    this.#parts = parts
    this.#fetch = createGuardedFetch({
      dangerouslyAllowLoopback: parts.options.dangerouslyAllowLoopback ?? false,
      maxBytes: MAX_BYTES,
      maxRedirects: 0,
    })
  }

  /** Whether a `client_id` is looked for at its URL. */
  matches(clientId: string): boolean {
    const { metadataDocuments, dangerouslyAllowLoopback } = this.#parts.options
    return metadataDocuments && isDocumentId(clientId, dangerouslyAllowLoopback ?? false)
  }

  /**
   * The client a document describes, or null. What is stored counts as long as the document's server
   * says; while that fails, for a day more. Requests that arrive together fetch once.
   */
  async resolve(clientId: string): Promise<Client | null> {
    if (!this.matches(clientId)) return null
    const stored = await this.#parts.clients.stored(clientId)
    const now = Date.now()
    if (stored && (stored.disabled || isFresh(stored, now))) return stored
    if (this.#isPaused(clientId, now)) return stored && isUsable(stored, now) ? stored : null
    const known = this.#underWay.get(clientId)
    if (known) return known
    if (this.#underWay.size >= MAX_FETCHES) return stored && isUsable(stored, now) ? stored : null
    const fetching = this.#refresh(clientId, stored).finally(() => this.#underWay.delete(clientId))
    this.#underWay.set(clientId, fetching)
    return fetching
  }

  async #refresh(clientId: string, stored: Client | null): Promise<Client | null> {
    const fetched = await this.#read(clientId, stored)
    if (!fetched) return stored && isUsable(stored, Date.now()) ? stored : null
    await (stored ? this.#change(stored, fetched) : this.#insert(clientId, fetched))
    return findClient(this.#parts.store, clientId)
  }

  /** Fetches and checks a document; null when that failed, which is not tried again for a while. */
  async #read(clientId: string, stored: Client | null): Promise<Fetched | null> {
    const { auth, options, registrations } = this.#parts
    try {
      if (!stored) await registrations.count('document', hostOf(clientId))
      const { body, headers } = await this.#fetch(clientId)
      if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) {
        throw new Error('not application/json')
      }
      const metadata = parseDocument(body, clientId, rulesOf(options))
      this.#failedAt.delete(clientId)
      return { metadata, lifetime: lifetimeOfDocument(headers.get('cache-control')) }
    } catch (error) {
      this.#pause(clientId)
      // Anybody can name a URL: one line, and nothing of what stands there.
      const reason = error instanceof Error ? error.message : 'it failed'
      auth.logger.warn(
        `provider: a metadata document of ${hostOf(clientId)} is not taken: ${reason}`,
      )
      return null
    }
  }

  async #insert(clientId: string, { metadata, lifetime }: Fetched): Promise<void> {
    // Another process may have been first: then its row is as good.
    await insertClient(this.#parts.store, {
      ...metadata,
      clientId,
      registration: 'metadata_document',
      clientDiscoveryId: DOCUMENT_DISCOVERY,
      documentExpiresAt: new Date(Date.now() + lifetime * 1000),
      documentPin: pinOf(metadata),
    })
    this.#parts.clients.forget(clientId)
  }

  /** Takes over what changed. What administrators decided, such as its scopes, stays. */
  async #change(stored: Client, { metadata, lifetime }: Fetched): Promise<void> {
    const { store } = this.#parts
    const { clientId } = stored
    const { scopes: open, defaultScopes: _, ...described } = metadata
    const pin = pinOf(metadata)
    if (asksAgain(stored, pin)) {
      // First the consents: nobody may use the new description with an approval of the old one.
      const { grantIds } = await endConnections(store, { clientId })
      forgetFamilies(this.#parts, grantIds)
    }
    await changeClient(store, clientId, {
      change: {
        ...described,
        scopes: scopesAfter(stored, open),
        documentExpiresAt: new Date(Date.now() + lifetime * 1000),
        documentPin: pin,
      },
    })
    forgetClient(this.#parts, clientId)
  }

  #isPaused(clientId: string, now: number): boolean {
    const failedAt = this.#failedAt.get(clientId)
    return failedAt !== undefined && now - failedAt < PAUSE
  }

  #pause(clientId: string): void {
    this.#failedAt.delete(clientId)
    this.#failedAt.set(clientId, Date.now())
    if (this.#failedAt.size <= MAX_FAILURES) return
    const [oldest] = this.#failedAt.keys()
    if (oldest !== undefined) this.#failedAt.delete(oldest)
  }
}

function hostOf(clientId: string): string {
  return new URL(clientId).host
}

function isFresh({ documentExpiresAt }: Client, now: number): boolean {
  return documentExpiresAt !== null && documentExpiresAt.getTime() > now
}

function isUsable({ documentExpiresAt }: Client, now: number): boolean {
  return documentExpiresAt !== null && documentExpiresAt.getTime() + GRACE > now
}
