import { ProtocolError } from '@countersign/protocol'
import type { AuthContext, BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { betterAuth } from 'better-auth/minimal'
import type { Auth as BetterAuth } from 'better-auth/types'
import { getIP } from '@better-auth/core/utils/ip'
// oxlint-disable-next-line no-restricted-imports -- this is where the plugins are composed
import { createAgentAuth } from './agent-auth/plugin.ts'
import { tellChanges } from './adapter/tell-changes.ts'
import { forgetApiKeys } from './api-keys/forget-keys.ts'
import { authenticate } from './authenticate/authenticate.ts'
import type { Principal } from './authenticate/principal.ts'
import type { AuthRequest, AuthServer } from './authenticate/server.ts'
import { betterAuthOptions, ipAddress } from './better-auth-options.ts'
import { connect } from './database/connect.ts'
import type { Connection } from './database/connection.ts'
import { checkSchema } from './database/drift.ts'
import { migrate } from './database/migrate.ts'
import * as schema from './database/schema.ts'
import { defaultParts, defaultPlugins } from './default-plugins.ts'
import type { DefaultParts } from './default-plugins.ts'
import { ConfigurationError } from './env.ts'
import { explainFailure } from './explain-failure.ts'
import { createHandler } from './handler.ts'
import { LookupCache } from './lookup/cache.ts'
import { Lookups } from './lookup/lookups.ts'
import { magicLinks, withInvitations } from './mail/better-auth.ts'
import { mailGuard } from './mail/guard.ts'
import { createMailer } from './mail/mailer.ts'
import { resolveOptions } from './options.ts'
import type { AuthOptions, ResolvedAuthOptions } from './options.ts'
import { organizationOf } from './organizations/context.ts'
import type { OrganizationQuery, OrgContext } from './organizations/context.ts'
import { forgetMembers } from './organizations/forget-members.ts'
import { forgetSessions } from './sessions/forget-sessions.ts'
import { isPlainGetSession } from './sessions/get-session.ts'
import { hashSecrets } from './sessions/hash-secrets.ts'
import { sessionEnding } from './sessions/session-ending.ts'
import { readWithAdapter, readWithSql } from './sessions/read-session.ts'
import { renewSession } from './sessions/renew-session.ts'
import { type SessionRecord, Sessions } from './sessions/sessions.ts'
import { socialSignIn } from './social/social.ts'
// oxlint-disable-next-line no-restricted-imports -- this is where the plugins are composed
import { createProvider } from './provider/plugin.ts'
import { verifyAccessToken } from './provider/tokens/verify-access-token.ts'
import type {
  AccessTokenNeeds,
  VerifiedAccessToken,
} from './provider/tokens/verify-access-token.ts'
import { observeAuthentication } from './telemetry/observe-authentication.ts'

type AgentAuthServer = ReturnType<typeof createAgentAuth>
type AgentAuthConnection = NonNullable<Parameters<typeof createAgentAuth>[1]>
type DefaultPlugins = ReturnType<typeof defaultPlugins>

/** The plugins of an instance: the default ones, unless they are skipped, and the caller's. */
export type AuthPlugins<
  Plugins extends BetterAuthPlugin[],
  Skip extends boolean,
> = Skip extends true ? Plugins : [...DefaultPlugins, ...Plugins]

/** What `createAuth` returns: Better Auth's instance, the front door, and its own lifetime. */
export interface Auth<
  Plugins extends BetterAuthPlugin[] = [],
  Skip extends boolean = false,
> extends Omit<BetterAuth<TypedOptions<Plugins, Skip>>, 'handler' | 'fetch' | '$context'> {
  /** Answers every request under `/api/auth` and for the discovery document. It never throws. */
  handler(request: Request): Promise<Response>
  /** Says who a request is, or throws a `ProtocolError` of status 401, 403, 429 or 503. */
  authenticate(request: AuthRequest): Promise<Principal>
  /**
   * Says what an access token of this server's provider means right now, for an API in the same
   * process. Throws a `ProtocolError` of status 401, 403 or 503.
   */
  verifyAccessToken(token: string, needs?: AccessTokenNeeds): Promise<VerifiedAccessToken>
  /**
   * Renews the session behind a principal when it is due. Returns the `Set-Cookie` values for the
   * answer to its request: none most of the time.
   */
  renewSession(request: AuthRequest, principal: Principal): Promise<readonly string[]>
  /** What a caller is in the organization that is active, or that the query names; null for none. */
  organizationOf(
    caller: AuthRequest | Principal,
    query?: OrganizationQuery,
  ): Promise<OrgContext | null>
  /** Better Auth's context, once the database is ready. */
  readonly $context: Promise<AuthContext>
  /** Resolves when the database answers and has the schema; rejects with one sentence why not. */
  readonly $ready: Promise<void>
  /** Our own database; absent with a `database` adapter. */
  readonly $connection: Connection | undefined
  /** Throws unless the database answers within two seconds. */
  $ping(): Promise<void>
  /** Closes the database. Requests after it are answered with 503. */
  $close(): Promise<void>
}

type TypedOptions<Plugins extends BetterAuthPlugin[], Skip extends boolean> = BetterAuthOptions & {
  plugins: AuthPlugins<Plugins, Skip>
}

/**
 * Creates the authority: Better Auth with people, organizations and keys, and the Agent Auth server.
 *
 * It returns at once and opens the database meanwhile; `auth.$ready` tells how that went.
 */
export function createAuth<
  const Plugins extends BetterAuthPlugin[] = [],
  const Skip extends boolean = false,
>(options: AuthOptions<Plugins> & { skipDefaultPlugins?: Skip } = {}): Auth<Plugins, Skip> {
  const resolved = resolveOptions(options)
  const connection = resolved.database ? undefined : connect(resolved)
  try {
    return assemble<Plugins, Skip>(resolved, connection, options.plugins ?? [])
  } catch (error) {
    // Options of a plugin that cannot work: the data directory is given back.
    connection?.close().catch(() => {})
    throw error
  }
}

function assemble<Plugins extends BetterAuthPlugin[], Skip extends boolean>(
  resolved: ResolvedAuthOptions,
  connection: Connection | undefined,
  plugins: readonly BetterAuthPlugin[],
): Auth<Plugins, Skip> {
  const lookups = connection && new Lookups(connection)
  const remembered = lookups && rememberSessions(lookups)
  const agents = agentsFor(resolved, connection && lookups && { sql: connection.sql, lookups })
  const parts = resolved.skipDefaultPlugins
    ? undefined
    : defaultParts(resolved, connection && lookups ? { sql: connection.sql, lookups } : null)
  const provider =
    resolved.provider && parts
      ? createProvider(resolved.provider, {
          keys: parts.keys,
          connection: connection && lookups ? { sql: connection.sql, lookups } : null,
          issuer: resolved.baseURL,
          agents: agents?.contextOf,
          organizations: parts.organizations,
        })
      : undefined
  const mailer = createMailer(resolved)
  const listeners = [
    ...(remembered ? [forgetSessions(remembered)] : []),
    ...(parts
      ? [forgetApiKeys(parts.apiKeys.keys), forgetMembers(parts.organizations.memberships.cache)]
      : []),
    ...(provider ? [provider.onChange] : []),
  ]
  const prepared = connection ? prepare(connection, resolved) : Promise.resolve()
  // Whoever needs to know awaits `$ready`; a rejection nobody awaits must not end the process.
  prepared.catch(() => {})
  const auth = betterAuth<BetterAuthOptions>(
    betterAuthOptions(resolved, {
      database: hashSecrets(tellChanges(resolved.database ?? adapterFor(connection), listeners)),
      shared: connection?.dialect !== 'embedded',
      mailer,
      plugins: [
        onDatabase(prepared, resolved),
        sessionEnding,
        mailGuard(),
        ...magicLinks(mailer),
        socialSignIn(resolved.socialProviders),
        ...(parts ? defaultPlugins(withInvitations(resolved, mailer), parts) : []),
        ...(agents ? [agents.plugin] : []),
        ...(provider ? [provider.plugin] : []),
        ...plugins,
      ],
    }),
  )

  const ready = auth.$context.then(() => {})
  ready.catch(() => {})
  const ping = () => pingWithin(2_000, connection, auth.$context)
  const server = auth.$context.then((context) =>
    authServer({ context, agents, ping, connection, lookups, remembered, resolved, parts }),
  )
  server.catch(() => {})

  const handler = createHandler({
    server,
    agents,
    provider,
    answersGetSession: connection !== undefined && isPlainGetSession(plugins),
    handler: auth.handler,
  })
  return {
    // The plugins are only known to the types of the caller.
    ...(auth as unknown as BetterAuth<TypedOptions<Plugins, Skip>>),
    $context: auth.$context,
    handler,
    authenticate: (request) =>
      observeAuthentication(
        async () => authenticate(await started(server), request),
        resolved.telemetry,
      ),
    verifyAccessToken: async (token, needs) => {
      if (!provider) throw new ConfigurationError('`verifyAccessToken` needs `provider`.')
      const current = await started(server)
      try {
        return await verifyAccessToken(provider.contextOf(current.context), token, needs)
      } catch (error) {
        throw await explainFailure(error, current)
      }
    },
    renewSession: async (request, principal) =>
      renewSession(await started(server), { request, principal }, handler),
    organizationOf: async (caller, query) => organizationOf(await started(server), caller, query),
    $ready: ready,
    $connection: connection,
    $ping: ping,
    $close: async () => {
      await prepared.catch(() => {})
      await mailer?.close()
      await parts?.apiKeys.keys.close()
      await agents?.close()
      await provider?.close()
      await lookups?.close()
      await connection?.close()
    },
  }
}

/** What is remembered of sessions, as long as the database tells what changes. */
function rememberSessions(lookups: Lookups): LookupCache<SessionRecord> {
  const cache = new LookupCache<SessionRecord>(({ session, user }) => [
    `session-id ${session.id}`,
    `user ${user.id}`,
  ])
  lookups.add(cache, { kind: 'session', groups: ['user'] })
  return cache
}

/** Brings the database to the schema of this version, or throws what to run. */
async function prepare(connection: Connection, options: ResolvedAuthOptions): Promise<void> {
  await connection.ping()
  if (options.migrate) await migrate(connection)
  await checkSchema(connection)
}

/**
 * Makes Better Auth's context, and with it every request and `auth.api` call, wait for the database.
 *
 * It also removes the API keys of a deleted person: they name their owner without a foreign key.
 */
function onDatabase(prepared: Promise<void>, { skipDefaultPlugins }: ResolvedAuthOptions) {
  return {
    id: 'countersign-database',
    async init({ adapter }) {
      await prepared
      if (skipDefaultPlugins) return {}
      const after = async ({ id }: { id: string }) => {
        await adapter.deleteMany({ model: 'apikey', where: [{ field: 'referenceId', value: id }] })
      }
      return { options: { databaseHooks: { user: { delete: { after } } } } }
    },
  } satisfies BetterAuthPlugin
}

function adapterFor(connection: Connection | undefined) {
  if (!connection) throw new TypeError('createAuth has neither a connection nor an adapter.')
  return drizzleAdapter(connection.db, { provider: 'pg', schema, transaction: true })
}

async function pingWithin(
  milliseconds: number,
  connection: Connection | undefined,
  context: Promise<Pick<AuthContext, 'adapter'>>,
): Promise<void> {
  const timeout = AbortSignal.timeout(milliseconds)
  const late = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(new ProtocolError('unavailable')))
  })
  const answer = connection ? connection.ping() : askAdapter(context)
  await Promise.race([answer, late])
}

/** A look-up that finds nothing: the one statement every adapter can run. */
async function askAdapter(context: Promise<Pick<AuthContext, 'adapter'>>): Promise<void> {
  const { adapter } = await context
  await adapter.findOne({ model: 'user', where: [{ field: 'id', value: '' }] })
}

/** The server once it has started; a start that failed is a 503 to whoever calls. */
function started(server: Promise<AuthServer>): Promise<AuthServer> {
  return server.catch((cause: unknown) => {
    throw new ProtocolError('unavailable', { cause, headers: { 'retry-after': '5' } })
  })
}

/** The Agent Auth server, with SQL of its own when the database is ours. */
function agentsFor(
  options: ResolvedAuthOptions,
  connection: AgentAuthConnection | undefined,
): AgentAuthServer | undefined {
  if (!options.agentAuth) return undefined
  const addresses = { advanced: { ipAddress: ipAddress(options) } }
  // Without a source for addresses Better Auth makes one up in development: nobody is limited by it.
  const known = options.clientAddressHeader !== undefined || options.trustProxy.length > 0
  const clientAddress = known ? (request: Request) => getIP(request, addresses) : () => null
  return createAgentAuth({ clientAddress, ...options.agentAuth }, connection ?? null)
}

interface ServerParts {
  readonly context: AuthContext
  readonly agents: AgentAuthServer | undefined
  readonly ping: () => Promise<void>
  readonly connection: Connection | undefined
  readonly lookups: Lookups | undefined
  readonly remembered: LookupCache<SessionRecord> | undefined
  readonly resolved: ResolvedAuthOptions
  readonly parts: DefaultParts | undefined
}

function authServer(parts: ServerParts): AuthServer {
  const { context, agents, connection, resolved } = parts
  const load = connection
    ? readWithSql(connection.sql, context.options)
    : readWithAdapter(context.adapter)
  return {
    context,
    ping: parts.ping,
    sessions: new Sessions({ context, load, cache: parts.remembered }),
    tokens: parts.parts?.tokens,
    organizations: parts.parts?.organizations,
    lookups: parts.lookups,
    sql: connection?.sql,
    staticTokens: resolved.staticTokens,
    agentAuth: agents?.contextOf(context),
    apiKeys: parts.parts?.apiKeys.keys,
  }
}
