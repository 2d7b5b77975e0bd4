import type { Principal } from '../authenticate/principal.ts'
import type { AuthRequest, AuthServer } from '../authenticate/server.ts'
import { getSessionPath } from './get-session.ts'

/**
 * Renews the session of an authenticated request when it is due, and returns the `Set-Cookie` values
 * that its answer has to carry: none most of the time.
 *
 * Without it a person who never asks for `get-session` is signed out in the middle of their work.
 */
export async function renewSession(
  { sessions, context }: AuthServer,
  { request, principal }: { request: AuthRequest; principal: Principal },
  handler: (request: Request) => Promise<Response>,
): Promise<readonly string[]> {
  if (principal.method !== 'session' || !principal.session) return []
  if (!sessions.isDue(principal.session.expiresAt, request.headers, Date.now())) return []
  const { origin } = new URL(context.baseURL)
  const cookie = request.headers.get('cookie') ?? ''
  const response = await handler(new Request(`${origin}${getSessionPath}`, { headers: { cookie } }))
  return response.ok ? response.headers.getSetCookie() : []
}
