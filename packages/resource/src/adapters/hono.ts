import { ProtocolError } from '@countersign/protocol'
import type { MiddlewareHandler } from 'hono'
import { cloneRawRequest } from 'hono/request'
import type { VerifiedAgent } from '../agent.ts'
import { errorResponse } from '../challenge.ts'
import type { ExecutionOptions } from '../execution.ts'
import type { AgentGuard } from '../guard.ts'

/** Middleware that lets agents through; handlers find them as `c.var.agent`. */
export function agentGuard(
  guard: AgentGuard,
  options: ExecutionOptions = {},
): MiddlewareHandler<{ Variables: { agent: VerifiedAgent } }> {
  return async (c, next) => {
    // A middleware before may have read the body; Hono keeps what it read.
    const request = c.req.raw.bodyUsed ? await cloneRawRequest(c.req) : c.req.raw
    try {
      c.set('agent', await guard.verifyAgentRequest(request, options))
    } catch (error) {
      if (error instanceof ProtocolError) return errorResponse(error)
      throw error
    }
    return next()
  }
}
