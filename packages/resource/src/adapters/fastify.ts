import { ProtocolError } from '@countersign/protocol'
import type { preHandlerAsyncHookHandler } from 'fastify'
import type { VerifiedAgent } from '../agents/agent.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'
import { toFetchRequest } from './node-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The agent that was let in; absent on routes without the guard. */
    agent?: VerifiedAgent
  }
}

/** A `preHandler` hook that lets agents through; handlers find them as `request.agent`. */
export function agentGuard(
  guard: AgentGuard,
  options: ExecutionOptions = {},
): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    try {
      const { raw, originalUrl: url, body } = request
      request.agent = await guard.verifyAgentRequest(toFetchRequest({ raw, url, body }), options)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      const headers = { 'cache-control': 'no-store', ...error.headers }
      return reply.status(error.status).headers(headers).send(error.toJSON())
    }
  }
}
