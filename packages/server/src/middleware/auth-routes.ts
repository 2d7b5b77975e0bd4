import { refusalResponse } from '../http-errors.ts'
import { bodyTooLarge, limitBody } from './body-limit.ts'
import type { GuardedAuth } from './request-auth.ts'

/** Where the endpoints of the authority stand. */
export const authPath = '/api/auth'

/** Methods the endpoints answer. */
export const authMethods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const

/** Documents that stand at the origin (RFC 8615). Adding one: a new line here. */
export const wellKnownPaths = [
  '/.well-known/agent-configuration',
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  `/.well-known/oauth-authorization-server${authPath}`,
  '/.well-known/openid-configuration',
  `/.well-known/openid-configuration${authPath}`,
] as const

/** What mounting the routes needs of an authority. */
export type MountedAuth = Pick<GuardedAuth, 'handler' | 'options'>

/** The configured origin of an authority: the one it is known by, whatever a `Host` header says. */
export function originOf({ options }: Pick<GuardedAuth, 'options'>): string {
  const { baseURL } = options
  if (typeof baseURL !== 'string') throw new TypeError('The authority has no base URL.')
  return new URL(baseURL).origin
}

/** Whether a path belongs to the authority. */
export function isAuthPath(path: string): boolean {
  return path.startsWith(`${authPath}/`) || wellKnownPaths.some((known) => known === path)
}

/**
 * Answers a request for the authority: a 413 for a body of more than a megabyte, before it is read.
 *
 * Nothing about accounts is kept by a cache unless the route says so itself.
 */
export async function answerAuth(auth: MountedAuth, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { method, headers: sent, signal } = request
  const { body, isExceeded } = limitBody(request)
  if (isExceeded()) return refusalResponse(bodyTooLarge())
  // Frameworks build the URL from the `Host` header; the authority is known by its own origin.
  const url = `${originOf(auth)}${pathname}${search}`
  const init = { method, headers: sent, signal, ...(body && { body, duplex: 'half' }) }
  const response = await auth.handler(new Request(url, init))
  if (isExceeded()) return refusalResponse(bodyTooLarge())
  const isPublic = !pathname.startsWith(`${authPath}/`)
  if (isPublic || response.headers.has('cache-control')) return response
  return withHeaders(response, (headers) => headers.set('cache-control', 'no-store'))
}

/** Adds cookies to an answer. */
export function withCookies(response: Response, cookies: readonly string[]): Response {
  if (cookies.length === 0) return response
  return withHeaders(response, (headers) => {
    for (const cookie of cookies) headers.append('set-cookie', cookie)
  })
}

/** The same answer with other headers: its own may be read-only. */
function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  const { status, statusText, body } = response
  const headers = new Headers(response.headers)
  change(headers)
  return new Response(body, { status, statusText, headers })
}
