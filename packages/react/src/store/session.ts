import { isRecord, textOf } from '../http/json.ts'

/** A person, as pages see them. Fields that the server adds are kept. */
export interface AuthUser {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  /** Address of a picture. */
  readonly image: string | null
  /** Whether sign-in also asks for a code. */
  readonly twoFactorEnabled: boolean
  readonly [field: string]: unknown
}

/** A session, as pages see it: without its token. */
export interface AuthSession {
  readonly id: string
  /** ISO 8601. */
  readonly expiresAt: string
  /** The organization the person works in; null for none. */
  readonly activeOrganizationId: string | null
}

/** Who is signed in, and by which session. */
export interface SessionView {
  readonly user: AuthUser
  readonly session: AuthSession
}

/**
 * Picks from an answer of `get-session` what a page may know, without the session's token.
 *
 * Call it on the server before `initialSession` is written into a page. Null means that nobody is
 * signed in; undefined that this was no answer.
 */
export function publicSession(answer: unknown): SessionView | null | undefined {
  if (answer === null) return null
  if (!isRecord(answer) || !isRecord(answer['user']) || !isRecord(answer['session']))
    return undefined
  const user = userOf(answer['user'])
  const session = sessionOf(answer['session'])
  return user && session && { user, session }
}

function userOf(user: Readonly<Record<string, unknown>>): AuthUser | undefined {
  const id = textOf(user, 'id')
  const email = textOf(user, 'email')
  if (id === null || email === null) return undefined
  return {
    ...user,
    id,
    email,
    name: textOf(user, 'name') ?? email,
    emailVerified: user['emailVerified'] === true,
    image: textOf(user, 'image'),
    twoFactorEnabled: user['twoFactorEnabled'] === true,
  }
}

function sessionOf(session: Readonly<Record<string, unknown>>): AuthSession | undefined {
  const id = textOf(session, 'id')
  const { expiresAt } = session
  const expiry = expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt
  if (id === null || typeof expiry !== 'string') return undefined
  return {
    id,
    expiresAt: expiry,
    activeOrganizationId: textOf(session, 'activeOrganizationId'),
  }
}
