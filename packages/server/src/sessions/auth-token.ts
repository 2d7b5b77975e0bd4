import type { Sessions } from './sessions.ts'

/**
 * Adds the signed session token of a sign-in as `set-auth-token`, for a client that keeps no cookies.
 *
 * Never for a browser, whose every `POST` carries an `Origin`: there the cookie is hidden from scripts,
 * and so must the token be.
 */
export function withAuthToken(
  { cookieName }: Sessions,
  request: Request,
  response: Response,
): Response {
  const { headers, method } = request
  if (method !== 'POST' || headers.has('origin') || headers.has('sec-fetch-site')) return response
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith(`${cookieName}=`))
  const signed = cookie?.slice(cookieName.length + 1, cookie.indexOf(';'))
  if (!signed) return response
  const answer = new Response(response.body, response)
  answer.headers.set('set-auth-token', decodeURIComponent(signed))
  return answer
}
