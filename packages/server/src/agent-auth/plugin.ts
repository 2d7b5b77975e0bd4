import type { AuthContext, BetterAuthPlugin } from '@better-auth/core'
import { type AgentAuthContext, createContext, type DirectConnection } from './context.ts'
import { type ProtocolRoute, serve } from './http.ts'
import { type AgentAuthOptions, resolveOptions } from './options.ts'
import { approveCapability } from './routes/approve-capability.ts'
import { challengeApproval } from './routes/challenge-approval.ts'
import { describeCapability } from './routes/describe-capability.ts'
import { discovery } from './routes/discovery.ts'
import { endHost } from './routes/end-host.ts'
import { execute } from './routes/execute.ts'
import { getAgent } from './routes/get-agent.ts'
import { introspect } from './routes/introspect.ts'
import { listActivity } from './routes/list-activity.ts'
import { listAgents } from './routes/list-agents.ts'
import { listApprovals } from './routes/list-approvals.ts'
import { listCapabilities } from './routes/list-capabilities.ts'
import { listHosts } from './routes/list-hosts.ts'
import { live } from './routes/live.ts'
import { pauseAgent } from './routes/pause-agent.ts'
import { reactivate } from './routes/reactivate.ts'
import { register } from './routes/register.ts'
import { requestCapability } from './routes/request-capability.ts'
import { revoke } from './routes/revoke.ts'
import { revokeAgent } from './routes/revoke-agent.ts'
import { revokeGrant } from './routes/revoke-grant.ts'
import { revokeHost } from './routes/revoke-host.ts'
import { rotateAgentKey } from './routes/rotate-agent-key.ts'
import { rotateHostKey } from './routes/rotate-host-key.ts'
import { showApproval } from './routes/show-approval.ts'
import { status } from './routes/status.ts'
import { updateAgent } from './routes/update-agent.ts'
import { agentAuthSchema } from './schema.ts'

/** Endpoints for agents, hosts and resource servers. Adding one: new file in routes/, new line here. */
const protocolRoutes: readonly ProtocolRoute[] = [
  discovery,
  listCapabilities,
  describeCapability,
  register,
  status,
  requestCapability,
  reactivate,
  revoke,
  revokeHost,
  rotateAgentKey,
  rotateHostKey,
  execute,
  introspect,
]

/** Endpoints that a signed-in person has too, on the same path: there a credential decides. */
const shared: readonly string[] = ['/agent/revoke', '/host/revoke']

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
  const routes = new Map(protocolRoutes.map((route) => [`${route.method} ${route.path}`, route]))
  let context: AgentAuthContext | undefined
  const contextOf = (auth: AuthContext) => (context ??= createContext(resolved, auth, connection))

  const answer: AgentAuthServer['serve'] = (request, auth) => {
    const current = contextOf(auth)
    const path = pathUnder(current.basePath, request.url)
    const route = routes.get(`${request.method} ${path}`)
    if (!route || (shared.includes(path) && !request.headers.has('authorization'))) return null
    return serve(route, request, current)
  }
  return {
    plugin: createPlugin(contextOf, answer),
    serve: answer,
    contextOf,
    close: async () => context?.close(),
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
  contextOf: (auth: AuthContext) => AgentAuthContext,
  answer: AgentAuthServer['serve'],
) {
  return {
    id: 'agent-auth',
    schema: agentAuthSchema,
    init(auth) {
      contextOf(auth)
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
      listActivity: listActivity(contextOf),
      updateAgent: updateAgent(contextOf),
      pauseAgent: pauseAgent(contextOf),
      revokeAgent: revokeAgent(contextOf),
      revokeGrant: revokeGrant(contextOf),
      listHosts: listHosts(contextOf),
      endHost: endHost(contextOf),
      live: live(contextOf),
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
