import { ProtocolError } from '@countersign/protocol'
import type { MiddlewareHandler } from 'hono'
import { cloneRawRequest } from 'hono/request'
import type { VerifiedAgent } from '../agents/agent.ts'
import { errorResponse } from '../agents/challenge.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'
import type { AccessToken } from '../oauth/access-token.ts'
import type { McpAuth } from '../oauth/mcp.ts'

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

/** Middleware that lets holders of access tokens through; handlers find them as `c.var.accessToken`. */
export function mcpAuth(
  auth: McpAuth,
): MiddlewareHandler<{ Variables: { accessToken: AccessToken } }> {
  return async (c, next) => {
    const request = c.req.raw.bodyUsed ? await cloneRawRequest(c.req) : c.req.raw
    const { accessToken, response } = await auth.admit(request)
    if (response) return response
    c.set('accessToken', accessToken)
    await next()
    for (const [name, value] of Object.entries(auth.corsHeaders)) c.header(name, value)
    return undefined
  }
}

/** Middleware that answers for the metadata document of the resource. Put it before every route. */
export function mcpMetadata(auth: McpAuth): MiddlewareHandler {
  return async (c, next) => auth.answerMetadata(c.req.raw) ?? next()
}
