import { isObject } from '../http.ts'
import type { OAuthUserInfo } from '../types.ts'

/** The person in a session. `id` is the provider's `sub` unless `onSignIn` chose another. */
export interface SessionUser {
  id: string
  email: string | null
  name: string | null
}

/** A session after sign-in. */
export interface SignInSession {
  user: SessionUser
  /** Who vouched for the person: with several providers, `user.id` is unique only together with it. */
  issuer: string
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** For the provider's logout page. Only in a session kept on the server. */
  idToken?: string
}

/** The person as the application sees them. */
export function toSessionUser(info: OAuthUserInfo): SessionUser {
  return { id: info.sub, email: textOrNull(info.email), name: textOrNull(info.name) }
}

/** A session read from a cookie or a store, or undefined where its shape is wrong or its time is over. */
export function parseSession(value: unknown, now: number): SignInSession | undefined {
  if (!isObject(value) || !isObject(value['user'])) return undefined
  const { issuer, expiresAt, idToken } = value
  const { id, email, name } = value['user']
  if (typeof id !== 'string' || id === '' || !isTextOrNull(email) || !isTextOrNull(name)) {
    return undefined
  }
  if (typeof issuer !== 'string' || typeof expiresAt !== 'number' || expiresAt <= now) {
    return undefined
  }
  const user = { id, email, name }
  return { user, issuer, expiresAt, ...(typeof idToken === 'string' ? { idToken } : {}) }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
