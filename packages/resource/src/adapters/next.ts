import { ProtocolError } from '@countersign/protocol'
import type { VerifiedAgent } from '../agents/agent.ts'
import { errorResponse } from '../agents/challenge.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'

/** A route handler of the App Router that also gets the agent, next to `params`. */
export type AgentRouteHandler<Incoming extends Request, Context> = (
  request: Incoming,
  context: Context & { readonly agent: VerifiedAgent },
) => Response | Promise<Response>

/** A route handler for agents alone: `export const POST = withAgent(guard, options, handler)`. */
export function withAgent<Incoming extends Request = Request, Context = object>(
  guard: AgentGuard,
  options: ExecutionOptions,
  handler: AgentRouteHandler<Incoming, Context>,
): (request: Incoming, context: Context) => Promise<Response> {
  return async (request, context) => {
    let agent: VerifiedAgent
    try {
      agent = await guard.verifyAgentRequest(request, options)
    } catch (error) {
      if (error instanceof ProtocolError) return errorResponse(error)
      throw error
    }
    return handler(request, { ...context, agent })
  }
}
