import type { Handle, RequestEvent } from '@sveltejs/kit'
import { answerAuth, isAuthPath, type MountedAuth, withCookies } from './auth-routes.ts'
import { createGuard } from './guard.ts'
import { apiKeyOnly, type GuardOptions, type NamedGuardOptions, sessionOnly } from './options.ts'
import type { GuardedAuth, RequestAuth } from './request-auth.ts'

export type { GuardOptions, NamedGuardOptions, RequestAuth }

/** `event.locals` behind a guard; put it into `App.Locals` of `src/app.d.ts`. */
export interface AuthLocals {
  auth?: RequestAuth
}

/** A `handle` hook that answers for the authority and its well-known documents, and passes on the rest. */
export function mountAuthRoutes(auth: MountedAuth): Handle {
  return ({ event, resolve }) =>
    isAuthPath(event.url.pathname) ? answerAuth(auth, event.request) : resolve(event)
}

/** A `handle` hook that lets through whom the options name, as `event.locals.auth`. */
export function guard(auth: GuardedAuth, options: GuardOptions = {}): Handle {
  const admit = createGuard(auth, options)
  return async ({ event, resolve }) => {
    const locals: AuthLocals = event.locals
    const admitted = await admit(event.request, locals.auth)
    if (!('auth' in admitted)) return admitted
    locals.auth = admitted.auth
    return withCookies(await resolve(event), admitted.cookies)
  }
}

/** A handler of `+server.ts` for whom the options name: a guard that no path can go around. */
export function withAuth<Event extends RequestEvent>(
  auth: GuardedAuth,
  options: GuardOptions,
  handler: (event: Event & { locals: { auth: RequestAuth } }) => Response | Promise<Response>,
): (event: Event) => Promise<Response> {
  const handle = guard(auth, options)
  // What the guard let through is in `locals` when it resolves.
  const resolve = async (event: RequestEvent) => handler(event as Parameters<typeof handler>[0])
  return async (event) => handle({ event, resolve })
}

/** Takes any credential that the options allow: `guard` under the name next to the others. */
export const createAuthMiddleware = guard

/** Takes the session of a person: its cookie, or a bearer token that stands for it. */
export const createSessionMiddleware = (auth: GuardedAuth, options: NamedGuardOptions = {}) =>
  guard(auth, sessionOnly(options))

/** Takes API keys alone. */
export const createApiKeyMiddleware = (auth: GuardedAuth, options: NamedGuardOptions = {}) =>
  guard(auth, apiKeyOnly(options))
