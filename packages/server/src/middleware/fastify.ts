import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import { answerAuth, authMethods, authPath, type MountedAuth } from './auth-routes.ts'
import { originOf, wellKnownPaths } from './auth-routes.ts'
import { createGuard } from './guard.ts'
import { toAuthRequest, toFetchRequest } from './node.ts'
import { apiKeyOnly, type GuardOptions, type NamedGuardOptions, sessionOnly } from './options.ts'
import type { GuardedAuth, RequestAuth } from './request-auth.ts'

export type { GuardOptions, NamedGuardOptions, RequestAuth }

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the request is; absent on routes without a guard. */
    auth?: RequestAuth
  }
}

/** Puts the endpoints of the authority and its well-known documents into an application. */
export function mountAuthRoutes(app: FastifyInstance, auth: MountedAuth): void {
  void app.register(async (scope) => {
    // Here alone bodies are left unread: they stream to the authority, whatever their type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const url of [`${authPath}/*`, ...wellKnownPaths]) {
      scope.route({
        method: [...authMethods],
        url,
        handler: async ({ raw: incoming, originalUrl: target }, reply) => {
          const exchange = { incoming, outgoing: reply.raw, target, origin: originOf(auth) }
          return reply.send(await answerAuth(auth, toFetchRequest(exchange)))
        },
      })
    }
  })
}

/** An `onRequest` hook that lets through whom the options name; handlers find them as `request.auth`. */
export function guard(auth: GuardedAuth, options: GuardOptions = {}): onRequestAsyncHookHandler {
  const admit = createGuard(auth, options)
  return async (request, reply) => {
    const { raw: incoming, originalUrl: target } = request
    const admitted = await admit(
      toAuthRequest({ incoming, target, origin: originOf(auth) }),
      request.auth,
    )
    if (!('auth' in admitted)) return reply.send(admitted)
    request.auth = admitted.auth
    for (const cookie of admitted.cookies) reply.header('set-cookie', cookie)
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
