import { hash } from 'node:crypto'
import { LookupCache } from '../../lookup/cache.ts'
import type { ProviderConnection } from '../connection.ts'
import { findToken } from '../store/known-tokens.ts'
import type { ProviderStore } from '../store/store.ts'
import { isLive, type KnownToken } from './known-token.ts'

/** The characters of RFC 6750 section 2.1, and no longer than any token of ours. */
const tokenForm = /^[\w.~+/-]{1,8192}=*$/

/** What a token depends on: whatever changes there, it is looked up again. */
type Dependency = 'oauth-grant' | 'oauth-client' | 'user' | 'oauth-session' | 'oauth-resource'

/** The group of all tokens that somebody exchanged: few, and looked up again whenever anything ends. */
const EXCHANGED = 'oauth-exchanged all'

/**
 * Finds tokens by their hash. Access tokens are remembered while the database tells what changes.
 *
 * What was never stored is never found: an altered token, whatever its signature says, is unknown.
 */
export class KnownTokens {
  readonly #store: ProviderStore
  readonly #cache = new LookupCache<KnownToken>(dependenciesOf)

  constructor(store: ProviderStore, connection: ProviderConnection | null) {
    this.#store = store
    connection?.lookups.add(this.#cache, {
      kind: 'access-token',
      groups: ['oauth-grant', 'oauth-client', 'user', 'oauth-resource'],
    })
  }

  /** The token, if it counts at the moment `now`, in milliseconds; else null. */
  async live(token: string, now: number): Promise<KnownToken | null> {
    const found = await this.find(token, now)
    return found && isLive(found, now) ? found : null
  }

  /** The token, whether it still counts or not; null for one this server does not know. */
  async find(token: string, now: number): Promise<KnownToken | null> {
    if (!tokenForm.test(token)) return null
    const key = tokenHash(token)
    // Its prefix says what it is; hints of callers are not needed (RFC 7662 section 2.1).
    if (token.startsWith('cs_rt_')) return findToken(this.#store, 'refresh', key)
    const known = this.#cache.get(key, now)
    return known ?? this.#cache.read(key, () => findToken(this.#store, 'access', key))
  }

  /** Forgets one access token that was changed here. */
  forget(key: string): void {
    this.#cache.forget(key)
  }

  /** Forgets every access token that depends on what was changed here. */
  forgetOf(kind: Dependency, id: string): void {
    this.#cache.forgetGroup(`${kind} ${id}`)
    // What was exchanged ends with what it came from, which need not be remembered here.
    this.#cache.forgetGroup(EXCHANGED)
  }

  forgetAll(): void {
    this.#cache.forgetAll()
  }
}

/** Under what a token is stored: base64url SHA-256 of all of it. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url')
}

function dependenciesOf({ client, userId, familyId, family, resources }: KnownToken): string[] {
  return [
    `oauth-client ${client.clientId}`,
    ...(userId === null ? [] : [`user ${userId}`]),
    ...(familyId === null ? [] : [`oauth-grant ${familyId}`]),
    ...(family?.sessionId ? [`oauth-session ${family.sessionId}`] : []),
    ...(family?.actor ? [EXCHANGED] : []),
    // Who speaks for them is remembered with the token.
    ...(resources.length === 0 ? [] : ['oauth-resource all']),
  ]
}
