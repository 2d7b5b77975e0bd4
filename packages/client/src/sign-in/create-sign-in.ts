import { resolveSignInOptions } from './options.ts'
import { json } from './request.ts'
import { callback, login, logout, me } from './routes.ts'
import { findSession } from './session.ts'
import type { SignInContext, SignInOptions } from './options.ts'
import type { SignInSession } from './session-user.ts'

/** Answers one request. Needs no `this` and ignores further arguments, so frameworks can call it as it is. */
export type FetchHandler = (request: Request) => Promise<Response>

/** "Sign in with" one provider, as plain fetch handlers. */
export interface SignIn {
  /** All four routes under `basePath`; 404 for every other path. */
  handler: FetchHandler
  /** `GET`. Reads `returnTo`, a path of this application, and `prompt` from the query. */
  login: FetchHandler
  /** `GET`, where the provider sends the browser back to. */
  callback: FetchHandler
  /** `GET`. `{ authenticated: false }`, or `{ authenticated: true, user: { id, email, name } }`. */
  me: FetchHandler
  /** `POST`, from a page of this application. */
  logout: FetchHandler
  /** The session of a request, or null. Throws when the session store is away. */
  getSession: (request: Request) => Promise<SignInSession | null>
}

type Route = readonly [
  'GET' | 'POST',
  (context: SignInContext, request: Request) => Promise<Response>,
]

const routes = new Map<string, Route>([
  ['login', ['GET', login]],
  ['callback', ['GET', callback]],
  ['me', ['GET', me]],
  ['logout', ['POST', logout]],
])

/**
 * Sign-in with any OAuth or OpenID Connect provider, without a database: the session is an encrypted
 * cookie, or a record in `store`.
 *
 * Throws at once for options that can never work. What is missing in the environment is reported by
 * the first request, which then fails: nobody is ever let in by a broken configuration.
 */
export function createSignIn(options: SignInOptions = {}): SignIn {
  const context = resolveSignInOptions(options)
  const run = ([method, route]: Route): FetchHandler => {
    return async (request) =>
      request.method === method ? route(context, request) : methodNotAllowed(method)
  }
  return {
    handler: async (request) => {
      const { pathname } = new URL(request.url)
      const name = pathname.startsWith(`${context.basePath}/`)
        ? pathname.slice(context.basePath.length + 1)
        : ''
      const route = routes.get(name)
      return route ? run(route)(request) : json({ error: 'Not found' }, 404)
    },
    login: run(['GET', login]),
    callback: run(['GET', callback]),
    me: run(['GET', me]),
    logout: run(['POST', logout]),
    getSession: async (request) => {
      const found = await findSession(context, request)
      return found.status === 'valid' ? found.session : null
    },
  }
}

function methodNotAllowed(method: string): Response {
  const response = json({ error: 'Method not allowed' }, 405)
  response.headers.set('allow', method)
  return response
}
