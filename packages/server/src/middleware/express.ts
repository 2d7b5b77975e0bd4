import type { IRouter, RequestHandler } from 'express'
import { answerAuth, authPath, type MountedAuth, originOf, wellKnownPaths } from './auth-routes.ts'
import { createGuard } from './guard.ts'
import { sendResponse, toAuthRequest, toFetchRequest } from './node.ts'
import { apiKeyOnly, type GuardOptions, type NamedGuardOptions, sessionOnly } from './options.ts'
import type { GuardedAuth, RequestAuth } from './request-auth.ts'

export type { GuardOptions, NamedGuardOptions, RequestAuth }

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how Express is extended
  namespace Express {
    interface Request {
      /** Who the request is; absent on routes without a guard. */
      auth?: RequestAuth
    }
  }
}

/** Puts the endpoints of the authority and its well-known documents into an application or router. */
export function mountAuthRoutes(app: IRouter, auth: MountedAuth): void {
  const paths = [`${authPath}/{*path}`, ...wellKnownPaths]
  const handler: RequestHandler = async (incoming, outgoing) => {
    const exchange = { incoming, outgoing, target: incoming.originalUrl, origin: originOf(auth) }
    await sendResponse(await answerAuth(auth, toFetchRequest(exchange)), outgoing)
  }
  for (const path of paths) {
    app.route(path).get(handler).post(handler).put(handler).delete(handler).options(handler)
  }
}

/** Middleware that lets through whom the options name; handlers find them as `request.auth`. */
export function guard(auth: GuardedAuth, options: GuardOptions = {}): RequestHandler {
  const admit = createGuard(auth, options)
  return async (incoming, outgoing, next) => {
    const target = incoming.originalUrl
    const request = toAuthRequest({ incoming, target, origin: originOf(auth) })
    const admitted = await admit(request, incoming.auth)
    if (!('auth' in admitted)) return sendResponse(admitted, outgoing)
    incoming.auth = admitted.auth
    if (admitted.cookies.length > 0) outgoing.append('set-cookie', [...admitted.cookies])
    next()
  }
}

/** Takes any credential that the options allow: `guard` under the name next to the others. */
export const createAuthMiddleware = guard

/** Takes the session of a person: its cookie, or a bearer token that stands for it. */
export const createSessionMiddleware = (
  auth: GuardedAuth,
  options: NamedGuardOptions = {},
): RequestHandler => guard(auth, sessionOnly(options))

/** Takes API keys alone. */
export const createApiKeyMiddleware = (
  auth: GuardedAuth,
  options: NamedGuardOptions = {},
): RequestHandler => guard(auth, apiKeyOnly(options))
