import { apiKeyHeader } from '../authenticate/credential.ts'
import type { AuthServer } from '../authenticate/server.ts'
import { withoutCookie } from './cookie.ts'

/**
 * The request as Better Auth may see it: with the one credential that decides.
 *
 * A signed session token in `Authorization` becomes the session cookie; any other explicit credential
 * leaves no cookie to fall back to; a session cookie whose signature does not hold is none.
 */
export function withOneCredential(server: AuthServer, request: Request): Request {
  const { headers } = request
  const authorization = headers.get('authorization')
  if (authorization !== null || headers.has(apiKeyHeader)) {
    return withExplicit(server, request, authorization ?? '')
  }
  const cookie = headers.get('cookie')
  if (cookie === null) return request
  const { cookieName } = server.sessions
  const isForged = cookie.includes(cookieName) && server.sessions.tokenOf(headers) === null
  return isForged ? withHeaders(request, { cookie: withoutCookie(cookie, cookieName) }) : request
}

function withExplicit(
  { sessions, context }: AuthServer,
  request: Request,
  authorization: string,
): Request {
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1]
  if (token === undefined || sessions.open(token) === null) {
    return request.headers.has('cookie') ? withHeaders(request, { cookie: null }) : request
  }
  return withHeaders(request, {
    authorization: null,
    cookie: `${sessions.cookieName}=${encodeURIComponent(token)}`,
    // No page can send this header for somebody else, so there is no forgery to guard against.
    origin: new URL(context.baseURL).origin,
  })
}

function withHeaders(request: Request, changes: Readonly<Record<string, string | null>>): Request {
  const headers = new Headers(request.headers)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') headers.delete(name)
    else headers.set(name, value)
  }
  return new Request(request, { headers })
}
