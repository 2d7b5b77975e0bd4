import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { agentSession, type AgentSessionQuery } from '../agent-session.ts'
import type { AgentAuthContext } from '../context.ts'
import { unexpected } from '../http.ts'

/**
 * `auth.api.getAgentSession({ headers })`: who an agent's request to a route of your own comes from, or
 * `null`. It tells of the person, so code of the server alone can call it; it has no URL.
 */
export function getAgentSession(contextOf: (auth: AuthContext) => AgentAuthContext) {
  const options = {
    method: 'GET',
    requireHeaders: true,
    query: z.custom<AgentSessionQuery>().optional(),
  } as const
  return createAuthEndpoint.serverOnly(options, async ({ context: auth, headers, query = {} }) => {
    const context = contextOf(auth)
    try {
      return await agentSession(context, auth, {
        headers: new Headers(headers),
        query,
        now: Date.now(),
      })
    } catch (error) {
      throw error instanceof ProtocolError ? error : unexpected(error, context)
    }
  })
}
