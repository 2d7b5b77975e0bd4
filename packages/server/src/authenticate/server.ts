import type { AuthContext } from '@better-auth/core'
import type { AgentAuthContext } from '../agent-auth/context.ts'

/** What the front door needs of the server behind it. */
export interface AuthServer {
  /** Better Auth's context: adapter, options, trusted origins. */
  readonly context: AuthContext
  /** The session of a cookie, read from the database, or null. */
  getSession(headers: Headers): Promise<SessionRecord | null>
  /** Counts one use of an API key and returns it; absent when API keys are not in use. */
  readonly verifyApiKey?: ((key: string) => Promise<ApiKeyVerification>) | undefined
  /** The Agent Auth server; absent when agents cannot register. */
  readonly agentAuth?: AgentAuthContext | undefined
  /** Throws when the database is away. */
  ping(): Promise<void>
}

/** A session and its person, as Better Auth returns them. */
export interface SessionRecord {
  session: {
    id: string
    createdAt: Date
    expiresAt: Date
    activeOrganizationId?: string | null | undefined
  }
  user: { id: string; email: string; emailVerified: boolean; name: string }
}

/** The answer of Better Auth's API-key check. */
export interface ApiKeyVerification {
  valid: boolean
  error: { code?: unknown; details?: { tryAgainIn?: unknown } | undefined } | null
  key: { id: string; referenceId: string; permissions?: unknown } | null
}
