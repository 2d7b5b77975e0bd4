import type { AuthContext } from '@better-auth/core'
import { apiKeyHeader } from './authenticate/credential.ts'
import type { AuthServer } from './authenticate/server.ts'
import { explainFailure, unavailable } from './explain-failure.ts'
import { errorResponse, refusalResponse } from './http-errors.ts'
import { refusalOf } from './organizations/refusal.ts'
import { pathOf } from './request-path.ts'
import { withAuthToken } from './sessions/auth-token.ts'
import { answerGetSession, getSessionPath } from './sessions/get-session.ts'
import { withOneCredential } from './sessions/one-credential.ts'

interface Doors {
  readonly server: Promise<AuthServer>
  /** Answers the protocol endpoints of agents, or null; absent when agents cannot register. */
  readonly agents:
    | { serve(request: Request, auth: AuthContext): Promise<Response> | null }
    | undefined
  /** Answers the endpoints of clients, or null; absent when this server is no provider. */
  readonly provider:
    | { serve(request: Request, auth: AuthContext): Promise<Response> | null }
    | undefined
  /** Whether `get-session` may be answered without Better Auth. */
  readonly answersGetSession: boolean
  /** Better Auth's own handler. */
  readonly handler: (request: Request) => Promise<Response>
}

/**
 * The handler of the whole authority: hot routes first, then Better Auth.
 *
 * A database that is away is a 503. Better Auth says 401 or 500 then, and a 401 signs people out.
 */
export function createHandler(doors: Doors) {
  return async (request: Request): Promise<Response> => {
    let server: AuthServer
    try {
      server = await doors.server
    } catch (cause) {
      return refusalResponse(unavailable(cause))
    }
    const { logger } = server.context
    const log = (message: string, error: unknown) => logger.error(message, error)
    try {
      const path = pathOf(request.url)
      if (!hasOneSpelling(path)) return new Response(null, { status: 404 })
      const hot = isGetSession(doors, path, request)
        ? await answerGetSession(server, request)
        : null
      return hot ?? (await correct(await answer(doors, server, request), { server, request, log }))
    } catch (error) {
      return errorResponse(await explainFailure(refusalOf(error) ?? error, server), log)
    }
  }
}

/** Exactly as sent, with the query that Better Auth would look at: then it is Better Auth's. */
function isGetSession({ answersGetSession }: Doors, path: string, request: Request): boolean {
  return (
    answersGetSession &&
    path === getSessionPath &&
    request.method === 'GET' &&
    !request.url.includes('?') &&
    !request.headers.has('authorization') &&
    !request.headers.has(apiKeyHeader)
  )
}

async function answer(
  { agents, provider, handler }: Doors,
  server: AuthServer,
  request: Request,
): Promise<Response> {
  const { context } = server
  const answered = agents?.serve(request, context) ?? provider?.serve(request, context)
  if (answered) return answered
  const response = await handler(withOneCredential(server, request))
  return withAuthToken(server.sessions, request, response)
}

/**
 * Whether a path is written in the one way that guards and limits know.
 *
 * Encoded dots and slashes, doubled slashes and one at the end are other names of the same thing to
 * some router, proxy or rule (GHSA-x732-6j76-qmhm).
 */
function hasOneSpelling(path: string): boolean {
  return path === '/' || !/\/\/|\/$|\\|%(?:00|25|2e|2f|5c)/i.test(path)
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
    if (signedOut && (await isStillSignedIn(response, answered))) throw new Error('look-up failed')
  } catch (cause) {
    return refusalResponse(unavailable(cause))
  }
  if (!failed || (await hasErrorCode(response))) return response
  return errorResponse(new Error(`Better Auth answered ${response.status}`), log)
}

/**
 * Whether Better Auth found no session where there is one: its look-up failed, and the database was
 * back before anybody could see it away.
 */
async function isStillSignedIn(
  response: Response,
  { server, request }: Answered,
): Promise<boolean> {
  const { headers } = request
  if (headers.has('authorization') || headers.has(apiKeyHeader)) return false
  const token = server.sessions.tokenOf(headers)
  if (token === null || (await bodyOf(response))?.['code'] !== 'UNAUTHORIZED') return false
  return (await server.sessions.find(token, Date.now())) !== null
}

/** Errors of our own routes are already in the form of the error table. */
async function hasErrorCode(response: Response): Promise<boolean> {
  return (await bodyOf(response))?.['error'] !== undefined
}

async function bodyOf(response: Response): Promise<Readonly<Record<string, unknown>> | null> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  return typeof body === 'object' ? (body as Readonly<Record<string, unknown>> | null) : null
}
