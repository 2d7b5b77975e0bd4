import { ProtocolError } from '@countersign/protocol'
import type { VerifiedAgent } from '../agent.ts'
import { errorResponse } from '../challenge.ts'
import type { ExecutionOptions } from '../execution.ts'
import type { AgentGuard } from '../guard.ts'

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
