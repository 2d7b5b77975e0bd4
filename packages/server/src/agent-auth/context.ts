import { createHmac } from 'node:crypto'
import { getIPFromHeader } from '@better-auth/core/utils/ip'
import type { AuthContext } from '@better-auth/core'
import type { VerifySignatureSync } from '@countersign/protocol'
import type { Connection } from '../database/connection.ts'
import { ApprovalStreams } from './approval/stream.ts'
import { ApprovalWatch } from './approval/watch.ts'
import type { AgentEvent } from './domain/event.ts'
import { createGuardedFetch, type GuardedFetch } from '../guarded-fetch/guarded-fetch.ts'
import { DpopNonces } from './dpop/nonces.ts'
import { Directory } from './directory/directory.ts'
import { resolveDirectory } from './directory/options.ts'
import { Events } from './events.ts'
import { JobPulse } from './execution/job-pulse.ts'
import { Running } from './execution/running.ts'
import { FetchBudget } from './keys/key-url.ts'
import { PublishedKeys } from './keys/published-keys.ts'
import { Limits } from './limits.ts'
import { LiveRelay } from './live-relay.ts'
import { LiveStreams } from './live-streams.ts'
import { limitEvent } from './limits/rates.ts'
import type { ResolvedAgentAuthOptions } from './options.ts'
import { CapabilitySchemas } from './schemas.ts'
import { AgentLoader } from './store/agents.ts'
import { ArrivalLoader } from './store/arrivals.ts'
import { Inserter } from './store/insert.ts'
import type { Database } from './store/database.ts'
import type { Lookups } from '../lookup/lookups.ts'
import { HostLoader } from './store/hosts.ts'
import { Journal } from './store/journal.ts'
import { type LastUsed, rememberLastUse } from './store/last-used.ts'
import { ReplayGuard } from './store/replay.ts'
import { createVerifySignature } from './verify-signature.ts'

/** Our own connection to PostgreSQL, beside Better Auth's adapter, and what keeps caches current. */
export interface DirectConnection extends Pick<Connection, 'sql'> {
  readonly lookups: Lookups
}

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
  readonly inserter: Inserter
  readonly replay: ReplayGuard
  readonly lastUsed: LastUsed
  readonly limits: Limits
  readonly dpopNonces: DpopNonces
  readonly events: Events
  /** Hosts that listen for a decision. */
  readonly approvalStreams: ApprovalStreams
  /** Pages of people that listen for changes. */
  readonly liveStreams: LiveStreams
  /** Jobs and streams, which go on after their request was answered. */
  readonly running: Running
  readonly jobs: JobPulse
  readonly schemas: CapabilitySchemas
  readonly verifySignature: VerifySignatureSync
  /** Fetches what callers name, within the rules of section 8.12. */
  readonly fetchJson: GuardedFetch
  readonly publishedKeys: PublishedKeys
  readonly fetchBudget: FetchBudget
  /** `null`: this server is no directory. */
  readonly directory: Directory | null
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
  const outbound = openOutbound({ options, db, warn: (message) => auth.logger.warn(message), lost })
  const journal = db.sql && new Journal(db.sql)
  const events = new Events({
    db,
    journal,
    onEvent: options.onEvent,
    onLost: lost('an event is lost'),
    onFailed: lost('`onEvent` failed'),
  })
  const approvalWatch = new ApprovalWatch(db, events)
  const approvalStreams = new ApprovalStreams(approvalWatch)
  const relay = connection && new LiveRelay(connection, lost('other processes are not told'))
  const liveStreams = new LiveStreams(events, relay)
  const limits = new Limits({
    limits: options.rateLimit,
    sql: db.sql,
    onReached: (reached) => events.emit(limitEvent(reached)),
    onError: lost('limits are not shared'),
  })
  const lastUsed = rememberLastUse(db, lost('a last use is not stored'))
  const agents = new AgentLoader(db)
  events.listen((event) => forgetWhatChanged(agents, event))
  const interval = options.revocationCheckInterval
  const running = new Running({ agents, events, lifetimes: options, interval })
  const jobs = new JobPulse(db, lost('jobs cannot be said to be alive'))
  connection?.lookups.add(agents.cache, { kind: 'agent', groups: ['host', 'user'] })
  return {
    options: options.trustProxy ? { ...options, clientAddress: proxiedAddress(auth) } : options,
    db,
    issuer: base.origin,
    basePath,
    defaultLocation: `${base.origin}${basePath}/capability/execute`,
    agents,
    hosts: new HostLoader(db),
    arrivals: new ArrivalLoader(db),
    inserter: new Inserter(db),
    replay: new ReplayGuard(db, journal, lost('old JWT ids are not removed')),
    lastUsed,
    limits,
    dpopNonces: new DpopNonces(auth.secret),
    events,
    approvalStreams,
    liveStreams,
    running,
    jobs,
    schemas: new CapabilitySchemas(),
    verifySignature: createVerifySignature(),
    ...outbound,
    digestCode: (code) => createHmac('sha256', auth.secret).update(code).digest('base64url'),
    logError,
    close: async () => {
      jobs.close()
      await running.close()
      approvalStreams.close()
      await liveStreams.close()
      approvalWatch.close()
      await limits.close()
      await outbound.directory?.close()
      await lastUsed.flush()
    },
  }
}

/** Reads callers' addresses where Better Auth is told that they are. */
function proxiedAddress({ options }: AuthContext): (request: Request) => string | null {
  const { ipAddressHeaders = ['x-forwarded-for'], ...rest } = options.advanced?.ipAddress ?? {}
  return ({ headers }) => {
    const addresses = ipAddressHeaders.map((name) => getIPFromHeader(headers.get(name) ?? '', rest))
    return addresses.find((address) => address !== null) ?? null
  }
}

/** Makes a change count here before it is answered; other processes are told by the database. */
function forgetWhatChanged({ cache }: AgentLoader, event: AgentEvent): void {
  const { type, outcome, agentId, hostId, userId } = event
  // What was refused changed nothing; forgetting would let a refused caller cost a read each time.
  if (type.startsWith('capability.') || outcome !== 'success') return
  if (agentId) cache.forget(agentId)
  if (hostId && type.startsWith('host.')) cache.forgetGroup(`host ${hostId}`)
  if (userId && type.startsWith('user.')) cache.forgetGroup(`user ${userId}`)
}

interface OutboundParts {
  readonly options: ResolvedAgentAuthOptions
  readonly db: Database
  readonly warn: (message: string) => void
  readonly lost: (what: string) => (error: unknown) => void
}

/** Everything that fetches what others name, behind one guarded fetcher. */
function openOutbound({ options, db, warn, lost }: OutboundParts) {
  const fetchJson = createGuardedFetch(options.outboundFetch)
  const publishedKeys = new PublishedKeys({
    fetch: fetchJson,
    onRefused: (url, { message }) => {
      const { origin, pathname } = new URL(url)
      warn(`agentAuth: no keys from ${origin}${pathname}: ${message}`)
    },
  })
  const listing = resolveDirectory(options.directory)
  const onError = lost('the directory is not checked')
  const directory = listing && new Directory({ options: listing, db, fetchJson, onError })
  directory?.start()
  return { fetchJson, publishedKeys, fetchBudget: new FetchBudget(), directory }
}
