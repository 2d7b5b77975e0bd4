import { ProtocolError } from '@countersign/protocol'
import type { AuthContext } from '@better-auth/core'
import type { AuthServer } from './authenticate/server.ts'
import { errorResponse } from './http-errors.ts'

interface Doors {
  readonly server: Promise<AuthServer>
  /** Answers the protocol endpoints of agents, or null; absent when agents cannot register. */
  readonly agents:
    | { serve(request: Request, auth: AuthContext): Promise<Response> | null }
    | undefined
  /** Better Auth's own handler. */
  readonly handler: (request: Request) => Promise<Response>
}

/**
 * The handler of the whole authority: hot agent routes first, then Better Auth.
 *
 * A database that is away is a 503. Better Auth says 401 or 500 then, and a 401 signs people out.
 */
export function createHandler({ server, agents, handler }: Doors) {
  return async (request: Request): Promise<Response> => {
    let authServer: AuthServer
    try {
      authServer = await server
    } catch (cause) {
      return errorResponse(unavailable(cause), () => {})
    }
    const { logger } = authServer.context
    const log = (message: string, error: unknown) => logger.error(message, error)
    try {
      const response = await (agents?.serve(request, authServer.context) ?? handler(request))
      return await correct(response, { server: authServer, request, log })
    } catch (error) {
      return errorResponse(await explain(authServer, error), log)
    }
  }
}

interface Answered {
  readonly server: AuthServer
  readonly request: Request
  readonly log: (message: string, error: unknown) => void
}

async function correct(response: Response, answered: Answered): Promise<Response> {
  const { server, request, log } = answered
  const failed = response.status >= 500
  const signedOut = response.status === 401 && request.headers.has('cookie')
  if (!failed && !signedOut) return response
  try {
    await server.ping()
  } catch (cause) {
    return errorResponse(unavailable(cause), log)
  }
  if (!failed || (await hasErrorCode(response))) return response
  return errorResponse(new Error(`Better Auth answered ${response.status}`), log)
}

/** Errors of our own routes are already in the form of the error table. */
async function hasErrorCode(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  return typeof body === 'object' && body !== null && 'error' in body
}

async function explain(server: AuthServer, error: unknown): Promise<unknown> {
  if (error instanceof ProtocolError) return error
  return server.ping().then(
    () => error,
    (cause: unknown) => unavailable(cause),
  )
}

function unavailable(cause: unknown): ProtocolError {
  return new ProtocolError('unavailable', { cause, headers: { 'retry-after': '5' } })
}
