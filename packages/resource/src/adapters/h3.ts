import { ProtocolError } from '@countersign/protocol'
import type { Middleware } from 'h3'
import type { VerifiedAgent } from '../agents/agent.ts'
import { errorResponse } from '../agents/challenge.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'

declare module 'h3' {
  interface H3EventContext {
    /** The agent that was let in; absent on routes without the guard. */
    agent?: VerifiedAgent
  }
}

/** Middleware that lets agents through; handlers find them as `event.context.agent`. */
export function agentGuard(guard: AgentGuard, options: ExecutionOptions = {}): Middleware {
  return async (event, next) => {
    try {
      event.context.agent = await guard.verifyAgentRequest(event.req, options)
    } catch (error) {
      if (error instanceof ProtocolError) return errorResponse(error)
      throw error
    }
    return next()
  }
}
