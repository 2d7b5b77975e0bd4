import type { AuthContext } from '@better-auth/core'
import type { AgentAuthContext } from '../agent-auth/context.ts'
import type { ApiKeys } from '../api-keys/api-keys.ts'
import type { Sql } from '../database/connection.ts'
import type { Lookups } from '../lookup/lookups.ts'
import type { OrganizationParts } from '../organizations/organization-plugin.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Tokens } from '../signing-keys/tokens.ts'
import type { StaticToken } from './static-token.ts'

/** What the front door reads of a request; a framework need not build a whole one. */
export type AuthRequest = Pick<Request, 'headers' | 'method' | 'url'>

/** What the front door needs of the server behind it. */
export interface AuthServer {
  /** Better Auth's context: adapter, options, trusted origins. */
  readonly context: AuthContext
  /** The sessions of people: verifies signed tokens and finds who is behind them. */
  readonly sessions: Sessions
  /** Makes and verifies our own JWTs; absent without the default plugins. */
  readonly tokens?: Tokens | undefined
  /** Who belongs to which organization; absent without the default plugins. */
  readonly organizations?: OrganizationParts | undefined
  /** Keeps caches current; absent when the database is not ours. */
  readonly lookups?: Lookups | undefined
  /** Statements in SQL, for the hot paths; absent when the database is not ours. */
  readonly sql?: Sql | undefined
  /** Tokens from the configuration, for programs. */
  readonly staticTokens: readonly StaticToken[]
  /** Checks API keys; absent without the default plugins. */
  readonly apiKeys?: ApiKeys | undefined
  /** The Agent Auth server; absent when agents cannot register. */
  readonly agentAuth?: AgentAuthContext | undefined
  /** Throws when the database is away. */
  ping(): Promise<void>
}
