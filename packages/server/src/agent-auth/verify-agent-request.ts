import type { AgentSession, AgentSessionQuery } from './agent-session.ts'

/** What {@link verifyAgentRequest} needs of an instance: the plugin's own endpoint. */
export interface AgentSessionApi {
  readonly api: {
    getAgentSession(input: {
      headers: Headers
      query?: AgentSessionQuery
    }): Promise<AgentSession | null>
  }
}

/**
 * The agent behind a request to a route of your own in the same process, or `null` when no agent that
 * may act sent it. With `capability` it also decides: the capability's `location` has to be this URL.
 *
 * Throws a `ProtocolError`: 403 with what is missing, 429, or 503 when the database is away.
 */
export async function verifyAgentRequest(
  request: Request,
  auth: AgentSessionApi,
  options: Omit<AgentSessionQuery, 'url' | 'method'> = {},
): Promise<AgentSession | null> {
  const { headers, method, url } = request
  return auth.api.getAgentSession({ headers, query: { ...options, url, method } })
}
