import { ProtocolError } from '@countersign/protocol'
import type { NextFunction, Request, Response } from 'express'
import type { VerifiedAgent } from '../agents/agent.ts'
import type { ExecutionOptions } from '../agents/execution.ts'
import type { AgentGuard } from '../agents/guard.ts'
import type { AccessToken } from '../oauth/access-token.ts'
import type { McpAuth } from '../oauth/mcp.ts'
import { toFetchRequest } from './node-request.ts'
import { writeResponse } from './node-response.ts'

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

/**
 * Middleware that lets holders of access tokens through; handlers find them as
 * `response.locals.accessToken`.
 *
 * Put `express.json()` before it: what a tool needs depends on the body.
 */
export function mcpAuth(auth: McpAuth) {
  return async (
    request: Request,
    response: Response<unknown, { accessToken?: AccessToken }>,
    next: NextFunction,
  ): Promise<void> => {
    try {
      const { originalUrl: url, body } = request
      const fetched = toFetchRequest({ raw: request, url, body: body as unknown })
      const admission = await auth.admit(fetched)
      if (admission.response) return await writeResponse(response, admission.response)
      response.locals.accessToken = admission.accessToken
      response.set(auth.corsHeaders)
    } catch (error) {
      return next(error)
    }
    next()
  }
}

/** Middleware that answers for the metadata document of the resource. Put it before every route. */
export function mcpMetadata(auth: McpAuth) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const { originalUrl: url } = request
    const document = auth.answerMetadata(toFetchRequest({ raw: request, url, body: undefined }))
    return document ? writeResponse(response, document) : next()
  }
}
