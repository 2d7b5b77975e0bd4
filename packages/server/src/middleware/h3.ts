import type { H3, Middleware } from 'h3'
import {
  answerAuth,
  authMethods,
  authPath,
  type MountedAuth,
  wellKnownPaths,
} from './auth-routes.ts'
import { createGuard } from './guard.ts'
import { apiKeyOnly, type GuardOptions, type NamedGuardOptions, sessionOnly } from './options.ts'
import type { GuardedAuth, RequestAuth } from './request-auth.ts'

export type { GuardOptions, NamedGuardOptions, RequestAuth }

declare module 'h3' {
  interface H3EventContext {
    /** Who the request is; absent on routes without a guard. */
    auth?: RequestAuth
  }
}

/** Puts the endpoints of the authority and its well-known documents into an application. */
export function mountAuthRoutes(app: H3, auth: MountedAuth): void {
  for (const method of authMethods) {
    for (const path of [`${authPath}/**`, ...wellKnownPaths]) {
      app.on(method, path, (event) => answerAuth(auth, event.req))
    }
  }
}

/** Middleware that lets through whom the options name; handlers find them as `event.context.auth`. */
export function guard(auth: GuardedAuth, options: GuardOptions = {}): Middleware {
  const admit = createGuard(auth, options)
  return async (event, next) => {
    const admitted = await admit(event.req, event.context.auth)
    if (!('auth' in admitted)) return admitted
    event.context.auth = admitted.auth
    for (const cookie of admitted.cookies) event.res.headers.append('set-cookie', cookie)
    return next()
  }
}

/** Takes any credential that the options allow: `guard` under the name next to the others. */
export const createAuthMiddleware = guard

/** Takes the session of a person: its cookie, or a bearer token that stands for it. */
export const createSessionMiddleware = (auth: GuardedAuth, options: NamedGuardOptions = {}) =>
  guard(auth, sessionOnly(options))

/** Takes API keys alone. */
export const createApiKeyMiddleware = (auth: GuardedAuth, options: NamedGuardOptions = {}) =>
  guard(auth, apiKeyOnly(options))
