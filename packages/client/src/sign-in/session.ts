import { toBase64Url } from '../base64url.ts'
import { readCookies, serializeCookie } from './cookies.ts'
import { isSecure, ownOrigin } from './request.ts'
import { parseSession } from './session-user.ts'
import type { SignInContext } from './options.ts'
import type { SignInSession } from './session-user.ts'

const namespace = 'oauth-sessions'
/** Browsers drop cookies beyond 4096 bytes, without a word. */
const maxCookieLength = 3800

/** What a request's session cookie turned out to be. */
export type FoundSession =
  | { status: 'none' }
  | { status: 'invalid' }
  | { status: 'valid'; session: SignInSession }

/** Begins a session and returns the Set-Cookie value for it. */
export async function beginSession(
  context: SignInContext,
  request: Request,
  session: SignInSession,
): Promise<string> {
  const value = context.store
    ? await keep(context, context.store, session)
    : await sealForCookie(context, session)
  if (value.length > maxCookieLength) {
    throw new TypeError('createSignIn: the session is too large for a cookie, use `store`')
  }
  return serializeCookie({
    name: context.cookieName,
    value,
    maxAge: context.sessionTtl,
    secure: isSecure(ownOrigin(context, request)),
  })
}

/** The session of a request. Throws only when the store is away. */
export async function findSession(context: SignInContext, request: Request): Promise<FoundSession> {
  const value = readCookies(request).get(context.cookieName)
  if (value === undefined || value === '') return { status: 'none' }
  const sealed = context.store ? await fetchKept(context.store, value) : value
  const place = context.store ? await digest(value) : context.cookieName
  const opened = sealed === undefined ? undefined : await context.sessions().open(sealed, place)
  const session = parseSession(opened, Date.now())
  return session ? { status: 'valid', session } : { status: 'invalid' }
}

/** Ends a request's session on the server, where there is one. */
export async function endSession(context: SignInContext, request: Request): Promise<void> {
  const value = readCookies(request).get(context.cookieName)
  if (context.store && value) await context.store.delete(namespace, await digest(value))
}

/** A Set-Cookie value that removes the session cookie. */
export function forgetSession(context: SignInContext, request: Request): string {
  return serializeCookie({
    name: context.cookieName,
    value: '',
    maxAge: 0,
    secure: isSecure(ownOrigin(context, request)),
  })
}

type Store = NonNullable<SignInContext['store']>

async function keep(context: SignInContext, store: Store, session: SignInSession): Promise<string> {
  const id = toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
  // The store holds a digest and a sealed value: reading it yields neither cookies nor people.
  const key = await digest(id)
  const sealed = await context.sessions().seal(session, key)
  await store.set(namespace, key, sealed, { ttl: context.sessionTtl })
  return id
}

async function sealForCookie(context: SignInContext, session: SignInSession): Promise<string> {
  // An ID token would outgrow the cookie, and is nothing a browser should carry about.
  const { idToken: _onServerOnly, ...carried } = session
  return context.sessions().seal(carried, context.cookieName)
}

async function fetchKept(store: Store, id: string): Promise<string | undefined> {
  const found = await store.get(namespace, await digest(id))
  return found.exists ? found.data : undefined
}

async function digest(id: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id))
  return toBase64Url(new Uint8Array(hash))
}
