import type { AuthRequest } from '../authenticate/server.ts'
import { answerAuth, type MountedAuth, originOf, withCookies } from './auth-routes.ts'
import { createGuard } from './guard.ts'
import type { GuardOptions } from './options.ts'
import { requestAuth } from './request-auth.ts'
import type { GuardedAuth, RequestAuth } from './request-auth.ts'

export type { GuardOptions, RequestAuth }

/** A route handler of the App Router that also gets who calls, next to `params`. */
export type AuthRouteHandler<Incoming extends Request, Context> = (
  request: Incoming,
  context: Context & { readonly auth: RequestAuth },
) => Response | Promise<Response>

/** The handlers of `app/api/auth/[...all]/route.ts`, and of the well-known documents. */
export function mountAuthRoutes(auth: MountedAuth) {
  const handler = (request: Request) => answerAuth(auth, request)
  return { GET: handler, POST: handler, PUT: handler, DELETE: handler, OPTIONS: handler }
}

/** A route handler for whom the options name: `export const POST = withAuth(auth, options, handler)`. */
export function withAuth<Incoming extends Request = Request, Context = object>(
  auth: GuardedAuth,
  options: GuardOptions,
  handler: AuthRouteHandler<Incoming, Context>,
): (request: Incoming, context: Context) => Promise<Response> {
  const admit = createGuard(auth, options)
  return async (request, context) => {
    const admitted = await admit(request)
    if (!('auth' in admitted)) return admitted
    const response = await handler(request, { ...context, auth: admitted.auth })
    return withCookies(response, admitted.cookies)
  }
}

/**
 * Who is behind the headers of a server component or a server action, or null for nobody.
 *
 * It verifies the credential itself: nothing that a middleware wrote into a header counts. It throws
 * a `ProtocolError` for a bad credential, and with status 503 while the database is away.
 */
export async function getSession(
  auth: GuardedAuth,
  headers: Pick<Headers, 'get' | 'has' | 'forEach'>,
): Promise<RequestAuth | null> {
  // Headers do not tell the method. A browser names the origin of whatever may change something, and
  // one that is named has to be ours.
  const method = headers.has('origin') ? 'POST' : 'GET'
  const request: AuthRequest = { method, url: originOf(auth), headers: copyOf(headers) }
  const principal = await auth.authenticate(request)
  if (principal.kind === 'anonymous') return null
  return requestAuth({ auth, principal, headers: request.headers, organizationId: undefined })
}

function copyOf(headers: Pick<Headers, 'forEach'>): Headers {
  const copy = new Headers()
  headers.forEach((value, name) => copy.append(name, value))
  return copy
}
