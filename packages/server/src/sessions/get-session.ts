import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import { parseSessionOutput, parseUserOutput } from 'better-auth/db'
import type { AuthServer } from '../authenticate/server.ts'
import type { SessionRecord } from './sessions.ts'

/** Path of the endpoint, under the origin. */
export const getSessionPath = '/api/auth/get-session'

const headers = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  pragma: 'no-cache',
}

/** Says whether `get-session` answers as Better Auth alone does: no plugin stands in its way. */
export function isPlainGetSession(plugins: readonly BetterAuthPlugin[]): boolean {
  return !plugins.some(
    ({ endpoints = {}, hooks = {}, onRequest, onResponse }) =>
      onRequest ||
      onResponse ||
      [...(hooks.before ?? []), ...(hooks.after ?? [])].some(({ matcher }) => mayMatch(matcher)) ||
      Object.values(endpoints).some(({ path }) => path === '/get-session'),
  )
}

function mayMatch(matcher: (context: never) => boolean): boolean {
  const request = new Request(`http://localhost${getSessionPath}`)
  try {
    const context = { path: '/get-session', method: 'GET', headers: request.headers, request }
    return matcher(context as never)
  } catch {
    return true
  }
}

/**
 * Answers `GET /get-session` as Better Auth does, without its set-up for each request.
 *
 * Null hands the request on: parameters, a credential other than the cookie, a session that is gone
 * or due for renewal, and cookies that want to be removed are Better Auth's.
 */
export async function answerGetSession(
  { sessions, context }: AuthServer,
  request: Request,
): Promise<Response | null> {
  const cookie = request.headers.get('cookie')
  if (cookie?.includes(context.authCookies.sessionData.name)) return null
  const token = sessions.tokenOf(request.headers)
  if (token === null) return new Response('null', { headers })
  const now = Date.now()
  const found = await sessions.find(token, now)
  if (!found || sessions.isDue(found.session.expiresAt, request.headers, now)) return null
  return new Response(bodyOf(found, token, context.options), { headers })
}

const bodies = new WeakMap<SessionRecord, string>()

function bodyOf(found: SessionRecord, token: string, options: BetterAuthOptions): string {
  const known = bodies.get(found)
  if (known !== undefined) return known
  // What is stored of the token is its hash; who sent the token gets it back.
  const session = parseSessionOutput(options, { ...found.session, token } as never)
  const user = parseUserOutput(options, { ...found.user } as never)
  const body = JSON.stringify({ session, user })
  bodies.set(found, body)
  return body
}
