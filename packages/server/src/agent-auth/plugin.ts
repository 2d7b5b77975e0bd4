import type { AuthContext, BetterAuthPlugin } from '@better-auth/core'
import { cleanUpRegularly } from './cleanup.ts'
import { type AgentAuthContext, createContext, type DirectConnection } from './context.ts'
import { type ProtocolRoute, serve } from './http.ts'
import type { AgentAuthOptions, ResolvedAgentAuthOptions } from './options.ts'
import { resolveOptions } from './resolve-options.ts'
import { userHooks } from './people.ts'
import { approvalEvents } from './routes/approval-events.ts'
import { approveCapability } from './routes/approve-capability.ts'
import { batchExecute } from './routes/batch-execute.ts'
import { challengeApproval } from './routes/challenge-approval.ts'
import { challengeGrant } from './routes/challenge-grant.ts'
import { claimAgent } from './routes/claim-agent.ts'
import { cleanUpAgents } from './routes/clean-up.ts'
import { createHost } from './routes/create-host.ts'
import { describeCapability } from './routes/describe-capability.ts'
import { discovery } from './routes/discovery.ts'
import { endHost } from './routes/end-host.ts'
import { enrollHost } from './routes/enroll-host.ts'
import { execute } from './routes/execute.ts'
import { getAgent } from './routes/get-agent.ts'
import { getAgentSession } from './routes/get-agent-session.ts'
import { grantCapability } from './routes/grant-capability.ts'
import { introspect } from './routes/introspect.ts'
import { jobStatus } from './routes/job-status.ts'
import { listActivity } from './routes/list-activity.ts'
import { listAgents } from './routes/list-agents.ts'
import { listApprovals } from './routes/list-approvals.ts'
import { listCapabilities } from './routes/list-capabilities.ts'
import { listGrantable } from './routes/list-grantable.ts'
import { listHosts } from './routes/list-hosts.ts'
import { live } from './routes/live.ts'
import { pauseAgent } from './routes/pause-agent.ts'
import { previewClaim } from './routes/preview-claim.ts'
import { reactivate } from './routes/reactivate.ts'
import { register } from './routes/register.ts'
import { requestCapability } from './routes/request-capability.ts'
import { revoke } from './routes/revoke.ts'
import { revokeAgent } from './routes/revoke-agent.ts'
import { revokeGrant } from './routes/revoke-grant.ts'
import { revokeHost } from './routes/revoke-host.ts'
import { rotateAgentKey } from './routes/rotate-agent-key.ts'
import { rotateHostKey } from './routes/rotate-host-key.ts'
import { searchDirectory } from './routes/search-directory.ts'
import { showApproval } from './routes/show-approval.ts'
import { status } from './routes/status.ts'
import { submitProvider } from './routes/submit-provider.ts'
import { switchHost } from './routes/switch-host.ts'
import { unlinkHost } from './routes/unlink-host.ts'
import { updateAgent } from './routes/update-agent.ts'
import { updateHost } from './routes/update-host.ts'
import { schemaNamed } from './schema.ts'

/** Endpoints for agents, hosts and resource servers. Adding one: new file in routes/, new line here. */
const protocolRoutes: readonly ProtocolRoute[] = [
  discovery,
  listCapabilities,
  describeCapability,
  register,
  status,
  approvalEvents,
  requestCapability,
  reactivate,
  revoke,
  claimAgent,
  enrollHost,
  revokeHost,
  rotateAgentKey,
  rotateHostKey,
  execute,
  batchExecute,
  jobStatus,
  introspect,
  searchDirectory,
]

/** Endpoints that a signed-in person has too, on the same path: there a credential decides. */
const shared: ReadonlySet<string> = new Set(['/agent/revoke', '/host/revoke'])

/** The Agent Auth server, and the door that answers before Better Auth's router. */
export interface AgentAuthServer {
  readonly plugin: ReturnType<typeof createPlugin>
  /** Answers a request for a protocol endpoint; `null` for every other request. */
  readonly serve: (request: Request, auth: AuthContext) => Promise<Response> | null
  /** What the routes work with, for the front door. */
  readonly contextOf: (auth: AuthContext) => AgentAuthContext
  /** Writes what is still in memory. Call it before the database goes away. */
  readonly close: () => Promise<void>
}

/** Builds the Agent Auth server. With a connection, the hot path uses PostgreSQL directly. */
export function createAgentAuth(
  options: AgentAuthOptions,
  connection: DirectConnection | null,
): AgentAuthServer {
  const resolved = resolveOptions(options)
  if (connection && resolved.schema) {
    throw new TypeError(
      'agentAuth: `schema` is for a database of your own; here the tables are ours',
    )
  }
  const offered = protocolRoutes.filter((route) => route !== searchDirectory || resolved.directory)
  const routes = new Map(offered.map((route) => [`${route.method} ${route.path}`, route]))
  let context: AgentAuthContext | undefined
  let stopCleaning: (() => Promise<void>) | undefined
  const contextOf = (auth: AuthContext) => {
    if (context) return context
    context = createContext(resolved, auth, connection)
    stopCleaning = cleanUpRegularly(context)
    return context
  }

  const answer: AgentAuthServer['serve'] = (request, auth) => {
    const current = contextOf(auth)
    const path = pathUnder(current.basePath, request.url)
    const route = routes.get(`${request.method} ${path}`)
    if (!route || (shared.has(path) && !request.headers.has('authorization'))) return null
    return serve(route, request, current)
  }
  return {
    plugin: createPlugin(resolved, contextOf, answer),
    serve: answer,
    contextOf,
    close: async () => {
      await stopCleaning?.()
      await context?.close()
    },
  }
}

/**
 * Better Auth plugin: the Agent Auth protocol server, on any database.
 *
 * Throws a `TypeError` for options that cannot work.
 */
export function agentAuth(options: AgentAuthOptions = {}) {
  return createAgentAuth(options, null).plugin
}

function createPlugin(
  options: ResolvedAgentAuthOptions,
  contextOf: (auth: AuthContext) => AgentAuthContext,
  answer: AgentAuthServer['serve'],
) {
  return {
    id: 'agent-auth',
    schema: schemaNamed(options.schema),
    init(auth) {
      contextOf(auth)
      return { options: { databaseHooks: userHooks(() => contextOf(auth)) } }
    },
    async onRequest(request, auth) {
      const response = await answer(request, auth)
      return response ? { response } : undefined
    },
    // Ours count by agent and host; Better Auth's would put all agents behind one address together.
    rateLimit: [
      {
        pathMatcher: (path) => protocolRoutes.some((route) => route.path === path),
        window: 1,
        max: 1_000_000,
      },
    ],
    endpoints: {
      showApproval: showApproval(contextOf),
      challengeApproval: challengeApproval(contextOf),
      approveCapability: approveCapability(contextOf),
      listApprovals: listApprovals(contextOf),
      listAgents: listAgents(contextOf),
      getAgent: getAgent(contextOf),
      getAgentSession: getAgentSession(contextOf),
      listActivity: listActivity(contextOf),
      updateAgent: updateAgent(contextOf),
      pauseAgent: pauseAgent(contextOf),
      revokeAgent: revokeAgent(contextOf),
      grantCapability: grantCapability(contextOf),
      challengeGrant: challengeGrant(contextOf),
      listGrantable: listGrantable(contextOf),
      revokeGrant: revokeGrant(contextOf),
      previewClaim: previewClaim(contextOf),
      createHost: createHost(contextOf),
      updateHost: updateHost(contextOf),
      unlinkHost: unlinkHost(contextOf),
      switchHost: switchHost(contextOf),
      listHosts: listHosts(contextOf),
      endHost: endHost(contextOf),
      live: live(contextOf),
      submitProvider: submitProvider(contextOf),
      cleanUpAgents: cleanUpAgents(contextOf),
    },
  } satisfies BetterAuthPlugin
}

/**
 * The path of a URL under the base path, exactly as sent; empty when it is not under it.
 *
 * Discovery also answers at the origin (specification, 5.1).
 */
function pathUnder(basePath: string, url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  if (start < 0) return ''
  const end = url.slice(start).search(/[?#]/)
  const path = end < 0 ? url.slice(start) : url.slice(start, start + end)
  if (path === discovery.path) return path
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : ''
}
