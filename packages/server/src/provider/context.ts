import type { AuthContext } from '@better-auth/core'
import type { AgentAuthContext } from '../agent-auth/context.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { SigningKeys } from '../signing-keys/signing-keys.ts'
import type { OrganizationParts } from '../organizations/organization-plugin.ts'
import { DpopNonces } from '../agent-auth/dpop/nonces.ts'
import type { ProviderConnection } from './connection.ts'
import { ClientKeys } from './client-keys.ts'
import { ClientActivity } from './clients/activity.ts'
import { Clients } from './clients/clients.ts'
import { ClientDocuments } from './clients/documents.ts'
import { RegistrationLimits } from './clients/registration-limits.ts'
import { ProviderLimits } from './limits.ts'
import type { ResolvedProviderOptions } from './options.ts'
import { PendingLimits } from './pending/pending-limits.ts'
import { ProviderStore } from './store/store.ts'
import { KnownTokens } from './tokens/known-tokens.ts'
import { TrustedIssuers } from './trusted-issuers/trusted-issuers.ts'

/** What every route of the provider works with. */
export interface ProviderContext {
  /** Better Auth's context: adapter, internal adapter, secret, logger. */
  readonly auth: AuthContext
  readonly options: ResolvedProviderOptions
  /** The configured origin, exactly as it stands in `iss`. */
  readonly issuer: string
  /** The base path of Better Auth, such as `/api/auth`. */
  readonly basePath: string
  readonly keys: SigningKeys
  readonly clients: Clients
  /** The keys of clients that prove who they are with one. */
  readonly clientKeys: ClientKeys
  readonly dpopNonces: DpopNonces
  /** Slows down whoever asks too often. */
  readonly limits: ProviderLimits
  /** Slows down guessing of codes, and asking of people. */
  readonly pendingLimits: PendingLimits
  /** Slows down whoever makes new clients. */
  readonly registrations: RegistrationLimits
  /** Counts what clients do. */
  readonly activity: ClientActivity
  /** Who belongs to which organization, as what; absent inside somebody else's `betterAuth()`. */
  readonly organizations?: OrganizationParts | undefined
  /** The tokens that were given out, as long as they count. */
  readonly tokens: KnownTokens
  readonly trustedIssuers: TrustedIssuers
  /** The Agent Auth server beside it: its agents may act in exchanged tokens. */
  readonly agents: AgentAuthContext | null
  readonly store: ProviderStore
  readonly connection: ProviderConnection | null
  /** Sessions of people, when the front door is ours too. */
  readonly sessions?: Sessions | undefined
}

interface ContextParts {
  readonly agents?: ((auth: AuthContext) => AgentAuthContext) | undefined
  readonly options: ResolvedProviderOptions
  readonly keys: SigningKeys
  readonly connection: ProviderConnection | null
  readonly issuer: string
  readonly organizations?: OrganizationParts | undefined
}

/** Builds the context once Better Auth has started. */
export function createProviderContext(auth: AuthContext, parts: ContextParts): ProviderContext {
  const { options, keys, connection, issuer } = parts
  const store = new ProviderStore(auth, connection)
  const context: ProviderContext = {
    auth,
    options,
    issuer,
    basePath: auth.options.basePath ?? '/api/auth',
    keys,
    clients: new Clients(store, connection, options),
    clientKeys: new ClientKeys(options.dangerouslyAllowLoopback ?? false),
    dpopNonces: new DpopNonces(auth.secret),
    limits: new ProviderLimits(auth, options.rateLimit, connection),
    pendingLimits: new PendingLimits(store),
    registrations: new RegistrationLimits(store),
    activity: new ClientActivity(store, auth),
    organizations: parts.organizations,
    tokens: new KnownTokens(store, connection),
    agents: parts.agents?.(auth) ?? null,
    trustedIssuers: new TrustedIssuers(
      options.trustedIssuers,
      options.dangerouslyAllowLoopback ?? false,
    ),
    store,
    connection,
  }
  const documents = new ClientDocuments(context)
  context.clients.resolveDocumentsWith((clientId) => documents.resolve(clientId))
  return context
}
