import { type Change, namedBy, type OnChange } from '../adapter/tell-changes.ts'
import { isBanned } from '../people/ban.ts'
import type { ProviderContext } from './context.ts'
import { type FamilyFilter, removeTokensOf, revokeFamilies } from './store/families.ts'
import type { KnownTokens } from './tokens/known-tokens.ts'

type EndingContext = Pick<ProviderContext, 'store' | 'tokens'>

/**
 * Ends families of tokens, and those that were exchanged from them: from here on no token of theirs
 * counts. Returns how many ended. Doing it again changes nothing.
 */
export async function endFamilies(
  { store, tokens }: EndingContext,
  filter: FamilyFilter,
): Promise<number> {
  try {
    const ended = await revokeFamilies(store, filter)
    for (const id of ended) tokens.forgetOf('oauth-grant', id)
    return ended.length
  } catch (error) {
    // The answer of the database may be lost, and the change not.
    tokens.forgetAll()
    throw error
  }
}

/**
 * What happens to tokens when Better Auth ends a session, or bans or deletes a person.
 *
 * Our own database does it by itself, whoever changes it; elsewhere it is done here, before the
 * change is answered. A session that expired was not ended: its tokens live as long as they live.
 */
export function endingHooks(contextOf: () => EndingContext) {
  return {
    session: {
      delete: {
        after: async ({ id, expiresAt }: { id: string; expiresAt: Date }) => {
          if (expiresAt.getTime() <= Date.now()) return
          const context = contextOf()
          context.tokens.forgetOf('oauth-session', id)
          if (!context.store.sql) await endFamilies(context, { sessionId: id, offline: false })
        },
      },
    },
    user: {
      update: {
        after: async (user: { id: string } | null) => {
          // Where many are updated at once Better Auth passes their number.
          if (typeof user !== 'object' || !user || !isBanned(user, Date.now())) return
          const context = contextOf()
          if (!context.store.sql) await endFamilies(context, { userId: user.id })
        },
      },
      delete: {
        after: async ({ id }: { id: string }) => {
          const { store } = contextOf()
          if (!store.sql) await removeTokensOf(store, id)
        },
      },
    },
  }
}

/** Forgets remembered tokens when something changes here that they depend on. */
export function forgetTokens(tokensOf: () => KnownTokens | undefined): OnChange {
  return (change) => {
    const tokens = tokensOf()
    if (!tokens || !Object.hasOwn(dependencies, change.model)) return
    if (change.model === 'oauthAccessToken') {
      const key = namedBy(change, 'token')
      if (key !== undefined) return tokens.forget(key)
    }
    for (const [field, kind] of dependencies[change.model] ?? []) {
      const id = namedBy(change, field)
      if (id !== undefined) return tokens.forgetOf(kind, id)
    }
    tokens.forgetAll()
  }
}

type Kind = Parameters<KnownTokens['forgetOf']>[0]

/** What tokens depend on, by the model and the field that a change names it with. */
const dependencies: Readonly<Record<Change['model'], readonly (readonly [string, Kind])[]>> = {
  user: [['id', 'user']],
  member: [['userId', 'user']],
  oauthClient: [['clientId', 'oauth-client']],
  oauthClientResource: [],
  oauthGrant: [
    ['id', 'oauth-grant'],
    ['userId', 'user'],
    ['clientId', 'oauth-client'],
    ['sessionId', 'oauth-session'],
  ],
  oauthAccessToken: [
    ['authorizationCodeId', 'oauth-grant'],
    ['userId', 'user'],
    ['clientId', 'oauth-client'],
  ],
  oauthConsent: [
    ['userId', 'user'],
    ['clientId', 'oauth-client'],
  ],
}
