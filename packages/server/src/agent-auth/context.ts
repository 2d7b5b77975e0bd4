import { createHmac } from 'node:crypto'
import type { AuthContext } from '@better-auth/core'
import type { VerifySignature } from '@countersign/protocol'
import type { Connection } from '../database/connection.ts'
import { keepCurrent } from '../lookup/invalidation.ts'
import type { AgentEvent } from './domain/event.ts'
import { Events } from './events.ts'
import { Limits } from './limits.ts'
import type { ResolvedAgentAuthOptions } from './options.ts'
import { CapabilitySchemas } from './schemas.ts'
import { AgentLoader } from './store/agents.ts'
import { ArrivalLoader } from './store/arrivals.ts'
import type { Database } from './store/database.ts'
import { HostLoader } from './store/hosts.ts'
import { LastUsed } from './store/last-used.ts'
import { ReplayGuard } from './store/replay.ts'
import { createVerifySignature } from './verify-signature.ts'

/** Our own connection to PostgreSQL, beside Better Auth's adapter. */
export type DirectConnection = Pick<Connection, 'sql' | 'listen'>

/** What every route of the Agent Auth server works with. Built once per Better Auth instance. */
export interface AgentAuthContext {
  readonly options: ResolvedAgentAuthOptions
  readonly db: Database
  /** The configured origin, also the audience of JWTs for every endpoint but execute. */
  readonly issuer: string
  /** Path under which Better Auth answers, such as `/api/auth`. */
  readonly basePath: string
  /** URL of the execute endpoint, and the audience of JWTs for it. */
  readonly defaultLocation: string
  readonly agents: AgentLoader
  readonly hosts: HostLoader
  readonly arrivals: ArrivalLoader
  readonly replay: ReplayGuard
  readonly lastUsed: LastUsed
  readonly limits: Limits
  readonly events: Events
  readonly schemas: CapabilitySchemas
  readonly verifySignature: VerifySignature
  /** Keyed digest for what people type: short codes must not be found by trying offline. */
  readonly digestCode: (code: string) => string
  /** Writes what is still in memory and stops listening. */
  readonly close: () => Promise<void>
  readonly logError: (message: string, error: unknown) => void
}

/**
 * Builds the context. The issuer comes from configuration alone, never from a request.
 *
 * Throws a `TypeError` when `baseURL` is missing.
 */
export function createContext(
  options: ResolvedAgentAuthOptions,
  auth: AuthContext,
  connection: DirectConnection | null,
): AgentAuthContext {
  if (!auth.baseURL) {
    throw new TypeError('agentAuth: set `baseURL`; audiences are never read from a request')
  }
  const base = new URL(auth.baseURL)
  const basePath = base.pathname.replace(/\/+$/, '')
  const db = { adapter: auth.adapter, sql: connection?.sql ?? null }
  const logError = (message: string, error: unknown) => auth.logger.error(message, error)
  const lost = (what: string) => (error: unknown) => logError(`agentAuth: ${what}`, error)
  const events = new Events({ db, onEvent: options.onEvent, onError: lost('an event is lost') })
  const lastUsed = new LastUsed(db, lost('a last use is not stored'))
  const agents = new AgentLoader(db)
  events.listen((event) => forgetWhatChanged(agents, event))
  const subscription = connection && keepCurrent(agents.cache, connection)
  return {
    options,
    db,
    issuer: base.origin,
    basePath,
    defaultLocation: `${base.origin}${basePath}/capability/execute`,
    agents,
    hosts: new HostLoader(db),
    arrivals: new ArrivalLoader(db),
    replay: new ReplayGuard(db, lost('old JWT ids are not removed')),
    lastUsed,
    limits: new Limits(options.rateLimit, async (limit, key) => {
      const who = limit === 'agent' ? { agentId: key } : limit === 'userCode' ? { userId: key } : {}
      const details = { limit, ...(limit === 'host' && { thumbprint: key }) }
      await events.emit({
        type: 'rate.limited',
        outcome: 'refused',
        code: 'rate_limited',
        ...who,
        details,
      })
    }),
    events,
    schemas: new CapabilitySchemas(),
    verifySignature: createVerifySignature(),
    digestCode: (code) => createHmac('sha256', auth.secret).update(code).digest('base64url'),
    logError,
    close: async () => {
      await subscription?.close()
      await lastUsed.flush()
    },
  }
}

/** Makes a change count here before it is answered; other processes are told by the database. */
function forgetWhatChanged({ cache }: AgentLoader, event: AgentEvent): void {
  const { type, agentId, hostId, userId } = event
  if (type.startsWith('capability.')) return
  if (agentId) cache.forget(agentId)
  if (hostId && type.startsWith('host.')) cache.forgetGroup(`host ${hostId}`)
  if (userId && type.startsWith('user.')) cache.forgetGroup(`user ${userId}`)
}
