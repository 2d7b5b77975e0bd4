import { isObject } from '../http.ts'
import { readCookies, serializeCookie } from './cookies.ts'
import { isSecure, ownOrigin } from './request.ts'
import type { SignInAttempt } from '../attempt.ts'
import type { SignInContext } from './options.ts'

/** An attempt as its cookie keeps it. */
export interface RememberedAttempt extends SignInAttempt {
  returnTo: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

const cookiePrefix = 'countersign_oauth_state'
/** Seconds a person has to sign in at the provider. */
const lifetime = 600
/** Tabs that may be signing in at the same time; more would outgrow the request's header. */
const maxAttempts = 8

/** Set-Cookie values that remember one more attempt, each in a cookie of its own, named by its state. */
export async function rememberAttempt(
  context: SignInContext,
  request: Request,
  attempt: SignInAttempt & { returnTo: string },
): Promise<readonly string[]> {
  const secure = isSecure(ownOrigin(context, request))
  const name = cookieName(attempt.state)
  const remembered: RememberedAttempt = { ...attempt, expiresAt: Date.now() + lifetime * 1000 }
  const value = await context.attempts().seal(remembered, name)
  const dropped = await tooMany(context, request)
  return [
    ...dropped.map((old) => serializeCookie({ name: old, value: '', maxAge: 0, secure })),
    serializeCookie({ name, value, maxAge: lifetime, secure }),
  ]
}

/** This browser's attempt of that state, or undefined where it made none or took too long. */
export async function recallAttempt(
  context: SignInContext,
  request: Request,
  state: string,
): Promise<RememberedAttempt | undefined> {
  const name = cookieName(state)
  const value = readCookies(request).get(name)
  const attempt = value === undefined ? undefined : await context.attempts().open(value, name)
  if (!isAttempt(attempt) || attempt.state !== state) return undefined
  return attempt.expiresAt > Date.now() ? attempt : undefined
}

/** A Set-Cookie value that ends the attempt of a state, whether there is one or not. */
export function forgetAttempt(
  context: SignInContext,
  request: Request,
  state: string | null,
): string {
  // A state that is none of ours must not choose the name of a cookie.
  const name = state !== null && /^[\w-]{43}$/.test(state) ? cookieName(state) : cookiePrefix
  return serializeCookie({
    name,
    value: '',
    maxAge: 0,
    secure: isSecure(ownOrigin(context, request)),
  })
}

function cookieName(state: string): string {
  return `${cookiePrefix}.${state}`
}

/** Names of the attempts to drop for a new one: those that end first. */
async function tooMany(context: SignInContext, request: Request): Promise<readonly string[]> {
  const cookies = [...readCookies(request)].filter(([name]) => name.startsWith(`${cookiePrefix}.`))
  if (cookies.length < maxAttempts) return []
  const dated = cookies.map(async ([name, value]) => {
    const attempt = await context.attempts().open(value, name)
    return { name, expiresAt: isAttempt(attempt) ? attempt.expiresAt : 0 }
  })
  const oldestFirst = (await Promise.all(dated)).sort(
    (one, other) => one.expiresAt - other.expiresAt,
  )
  return oldestFirst.slice(0, cookies.length - maxAttempts + 1).map(({ name }) => name)
}

function isAttempt(value: unknown): value is RememberedAttempt {
  return (
    isObject(value) &&
    ['state', 'nonce', 'codeVerifier', 'redirectUri', 'provider', 'returnTo'].every(
      (field) => typeof value[field] === 'string',
    ) &&
    typeof value['expiresAt'] === 'number'
  )
}
