import type { OnChange } from './adapter/tell-changes.ts'
// oxlint-disable-next-line no-restricted-imports -- this is where the plugins are built
import { type AgentAuthServer, createAgentAuth } from './agent-auth/plugin.ts'
import { forgetApiKeys } from './api-keys/forget-keys.ts'
import { clientAddressOf } from './client-address.ts'
import type { Connection } from './database/connection.ts'
import { type DefaultParts, defaultParts } from './default-plugins.ts'
import type { LookupCache } from './lookup/cache.ts'
import { Lookups } from './lookup/lookups.ts'
import type { OwnDatabase } from './lookup/own-database.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import type { ResolvedAuthOptions } from './options.ts'
import { forgetMembers } from './organizations/forget-members.ts'
// oxlint-disable-next-line no-restricted-imports -- this is where the plugins are built
import { createProvider, type Provider } from './provider/plugin.ts'
import { forgetSessions } from './sessions/forget-sessions.ts'
import { rememberSessions } from './sessions/remember-sessions.ts'
import type { SessionRecord } from './sessions/sessions.ts'

/** What an instance is made of, beside Better Auth. */
export interface AuthParts {
  /** Null with an adapter of the caller. */
  readonly own: OwnDatabase | null
  /** What is remembered of sessions; absent where changes of the database are not told. */
  readonly sessions: LookupCache<SessionRecord> | undefined
  /** Absent when agents cannot register. */
  readonly agents: AgentAuthServer | undefined
  /** Absent without the default plugins. */
  readonly defaults: DefaultParts | undefined
  /** Absent when this server is no provider. */
  readonly provider: Provider | undefined
  /** Absent when no e-mails are sent. */
  readonly mailer: Mailer | undefined
}

/** Builds the parts. Throws for options of a part that cannot work. */
export function createParts(
  options: ResolvedAuthOptions,
  connection: Connection | undefined,
): AuthParts {
  const own = connection ? { sql: connection.sql, lookups: new Lookups(connection) } : null
  const sessions = own ? rememberSessions(own.lookups) : undefined
  const agents =
    options.agentAuth &&
    createAgentAuth({ clientAddress: clientAddressOf(options), ...options.agentAuth }, own)
  const defaults = options.skipDefaultPlugins ? undefined : defaultParts(options, own)
  const provider =
    options.provider &&
    defaults &&
    createProvider(options.provider, {
      keys: defaults.keys,
      connection: own,
      issuer: options.baseURL,
      agents: agents?.contextOf,
      organizations: defaults.organizations,
    })
  return { own, sessions, agents, defaults, provider, mailer: createMailer(options) }
}

/** Whoever remembers something, and so must be told what changes. */
export function listenersOf({ sessions, defaults, provider }: AuthParts): readonly OnChange[] {
  return [
    ...(sessions ? [forgetSessions(sessions)] : []),
    ...(defaults
      ? [
          forgetApiKeys(defaults.apiKeys.keys),
          forgetMembers(defaults.organizations.memberships.cache),
        ]
      : []),
    ...(provider ? [provider.onChange] : []),
  ]
}

/** Writes what is still in memory, and stops listening. Call it before the database goes away. */
export async function closeParts(parts: AuthParts): Promise<void> {
  await parts.mailer?.close()
  await parts.defaults?.apiKeys.keys.close()
  await parts.agents?.close()
  await parts.provider?.close()
  await parts.own?.lookups.close()
}
