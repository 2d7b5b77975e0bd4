import { ProtocolError } from '@countersign/protocol'
import type { VerifiedAgent } from '../agents/agent.ts'
import { errorResponse } from '../agents/challenge.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'
import type { AccessToken } from '../oauth/access-token.ts'
import type { McpAuth } from '../oauth/mcp.ts'

/** Answers a request of an agent that was let in. */
export type AgentHandler = (request: Request, agent: VerifiedAgent) => Response | Promise<Response>

/** A Fetch handler for agents alone; whoever is refused gets the error as a response. */
export function withAgent(
  guard: AgentGuard,
  options: ExecutionOptions,
  handler: AgentHandler,
): (request: Request) => Promise<Response> {
  return async (request) => {
    let agent: VerifiedAgent
    try {
      agent = await guard.verifyAgentRequest(request, options)
    } catch (error) {
      if (error instanceof ProtocolError) return errorResponse(error)
      throw error
    }
    return handler(request, agent)
  }
}

/** Answers a request of somebody whose access token counts. */
export type AccessTokenHandler = (
  request: Request,
  accessToken: AccessToken,
) => Response | Promise<Response>

/** A Fetch handler for holders of access tokens alone. It answers for the metadata document too. */
export function withMcpAuth(
  auth: McpAuth,
  handler: AccessTokenHandler,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const document = auth.answerMetadata(request)
    if (document) return document
    const { accessToken, response } = await auth.admit(request)
    if (response) return response
    const answer = await handler(request, accessToken)
    const headers = new Headers(answer.headers)
    for (const [name, value] of Object.entries(auth.corsHeaders)) headers.set(name, value)
    const { status, statusText } = answer
    return new Response(answer.body, { status, statusText, headers })
  }
}
