import type { Context, Env, Handler, Hono, MiddlewareHandler } from 'hono'
import { cloneRawRequest } from 'hono/request'
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

/** What handlers behind a guard find: `new Hono<AuthEnv>()`. */
export interface AuthEnv {
  Variables: { auth: RequestAuth }
}

/** The handler of the authority, for a route of your own: `app.on(['GET', 'POST'], '/api/auth/*', …)`. */
export function mountAuthRoutes(auth: MountedAuth): Handler
/** Puts the endpoints of the authority and its well-known documents into an application. */
export function mountAuthRoutes<E extends Env>(app: Hono<E>, auth: MountedAuth): Handler
export function mountAuthRoutes(app: Hono | MountedAuth, mounted?: MountedAuth): Handler {
  const auth = mounted ?? (app as MountedAuth)
  const handler = async (c: Context) =>
    // A middleware before may have read the body; Hono keeps what it read.
    answerAuth(auth, c.req.raw.bodyUsed ? await cloneRawRequest(c.req) : c.req.raw)
  if (mounted) (app as Hono).on([...authMethods], [`${authPath}/*`, ...wellKnownPaths], handler)
  return handler
}

/** Middleware that lets through whom the options name; handlers find them as `c.var.auth`. */
export function guard(auth: GuardedAuth, options: GuardOptions = {}): MiddlewareHandler<AuthEnv> {
  const admit = createGuard(auth, options)
  return async (c, next): Promise<Response | void> => {
    const admitted = await admit(c.req.raw, c.get('auth'))
    if (!('auth' in admitted)) return admitted
    c.set('auth', admitted.auth)
    await next()
    for (const cookie of admitted.cookies) c.header('set-cookie', cookie, { append: true })
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
