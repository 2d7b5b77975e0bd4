import { ProtocolError } from '@countersign/protocol'
import type { NextFunction, Request, Response } from 'express'
import type { VerifiedAgent } from '../agent.ts'
import type { ExecutionOptions } from '../execution.ts'
import type { AgentGuard } from '../guard.ts'
import { toFetchRequest } from './node-request.ts'

/**
 * Middleware that lets agents through; handlers find them as `response.locals.agent`.
 *
 * Put `express.json()` before it where the capability or its arguments are in the body.
 */
export function agentGuard(guard: AgentGuard, options: ExecutionOptions = {}) {
  return async (
    request: Request,
    response: Response<unknown, { agent?: VerifiedAgent }>,
    next: NextFunction,
  ): Promise<void> => {
    try {
      const { originalUrl: url, body } = request
      const fetched = toFetchRequest({ raw: request, url, body: body as unknown })
      response.locals.agent = await guard.verifyAgentRequest(fetched, options)
    } catch (error) {
      if (!(error instanceof ProtocolError)) return next(error)
      response.status(error.status).set({ 'cache-control': 'no-store', ...error.headers })
      response.json(error.toJSON())
      return
    }
    next()
  }
}
