import type { AuthContext } from '@better-auth/core'
import { isBanned } from '../people/ban.ts'
import type { LookupCache } from '../lookup/cache.ts'
import { cookieValue } from './cookie.ts'
import { SignedValues } from './signed-value.ts'
import { storedToken } from './stored-token.ts'

/** A stored session and its person, with every field that their plugins gave them. */
export interface SessionRecord {
  readonly session: {
    readonly id: string
    readonly createdAt: Date
    readonly expiresAt: Date
    readonly activeOrganizationId?: string | null | undefined
  }
  readonly user: {
    readonly id: string
    readonly email: string
    readonly emailVerified: boolean
    readonly name: string
  }
}

/** A session as it is asked for: by its token, where that is known, and the stored form of it. */
export interface SessionName {
  readonly token: string | null
  readonly stored: string
}

/** Reads a session with its person from the database. */
export type LoadSession = (name: SessionName) => Promise<SessionRecord | null>

interface Parts {
  readonly context: Pick<AuthContext, 'authCookies' | 'secret' | 'sessionConfig'>
  readonly load: LoadSession
  /** Remembers sessions; absent where changes of the database are not told. */
  readonly cache: LookupCache<SessionRecord> | undefined
}

/** The sessions of people: one HMAC and one look-up say who is behind a signed token. */
export class Sessions {
  readonly #signed: SignedValues
  readonly #parts: Parts
  /** Name of the session cookie. */
  readonly cookieName: string

  constructor(parts: Parts) {
    this.#parts = parts
    this.#signed = new SignedValues(parts.context.secret)
    this.cookieName = parts.context.authCookies.sessionToken.name
  }

  /** The token in the session cookie, when its signature holds; else null. */
  tokenOf(headers: Headers): string | null {
    const header = headers.get('cookie')
    const signed = header === null ? null : cookieValue(header, this.cookieName)
    return signed === null ? null : this.open(signed)
  }

  /** The token in a signed one, when the signature holds; else null. */
  open(signed: string): string | null {
    return this.#signed.open(signed)
  }

  /** The session of a token, with its person: null when it is over or they may not come in. */
  find(token: string, now: number): Promise<SessionRecord | null> {
    return this.#find({ token, stored: storedToken(token) }, now)
  }

  /** The same by the stored form, for a JWT of ours that names it. */
  findStored(stored: string, now: number): Promise<SessionRecord | null> {
    return this.#find({ token: null, stored }, now)
  }

  /**
   * Whether a session is due for renewal: it then gets its whole lifetime again, and its cookie too.
   *
   * Never for a person who asked not to be remembered.
   */
  isDue(expiresAt: Date, headers: Headers, now: number): boolean {
    const { context } = this.#parts
    const { expiresIn, updateAge } = context.sessionConfig
    if (expiresAt.getTime() - (expiresIn - updateAge) * 1000 > now) return false
    const signed = cookieValue(
      headers.get('cookie') ?? '',
      context.authCookies.dontRememberToken.name,
    )
    return signed === null || this.open(signed) === null
  }

  async #find(name: SessionName, now: number): Promise<SessionRecord | null> {
    const { cache, load } = this.#parts
    const found =
      cache?.get(name.stored, now) ??
      (await (cache ? cache.read(name.stored, () => load(name)) : load(name)))
    if (!found || found.session.expiresAt.getTime() <= now) return null
    return isBanned(found.user, now) ? null : found
  }
}
