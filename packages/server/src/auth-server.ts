import type { AuthContext } from '@better-auth/core'
import type { AuthParts } from './auth-parts.ts'
import type { AuthServer } from './authenticate/server.ts'
import { readWithAdapter, readWithSql } from './sessions/read-session.ts'
import { Sessions } from './sessions/sessions.ts'

interface Configured extends Pick<AuthServer, 'ping' | 'staticTokens'> {
  readonly parts: AuthParts
}

/** What the front door needs of an instance, once Better Auth has started. */
export function authServer(
  context: AuthContext,
  { parts: { own, sessions, agents, defaults }, ping, staticTokens }: Configured,
): AuthServer {
  const load = own ? readWithSql(own.sql, context.options) : readWithAdapter(context.adapter)
  return {
    context,
    ping,
    sessions: new Sessions({ context, load, cache: sessions }),
    tokens: defaults?.tokens,
    organizations: defaults?.organizations,
    lookups: own?.lookups,
    sql: own?.sql,
    staticTokens,
    agentAuth: agents?.contextOf(context),
    apiKeys: defaults?.apiKeys.keys,
  }
}
