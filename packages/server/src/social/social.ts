import type { AuthContext, BetterAuthPlugin } from '@better-auth/core'
import { APIError } from '@better-auth/core/error'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import { appendQueryParams } from '@better-auth/core/utils/url'
import { getOAuthState } from 'better-auth/api'
import { finishFlow, startFlow } from './flow.ts'
import { githubProvider } from './github-provider.ts'
import { oidcProvider } from './oidc-provider.ts'
import type { ResolvedProvider } from './options.ts'
import { unlinkAccount } from './unlink-account.ts'

/** Sign-in through other providers, with the checks their answers need. */
export function socialSignIn(providers: readonly ResolvedProvider[]) {
  return {
    id: 'countersign-social',
    endpoints: { unlinkAccount },
    init: (context) => ({
      context: {
        socialProviders: [
          ...providers.map((config) => create(config, context)),
          ...context.socialProviders,
        ],
      },
      options: { databaseHooks: { account: { create: withoutIdToken, update: withoutIdToken } } },
    }),
    hooks: {
      before: [
        { matcher: ({ path }) => path === '/sign-in/social', handler: startFlow },
        { matcher: ({ path }) => path === '/link-social', handler: startFlow },
        {
          matcher: ({ path, query }) => path === '/callback/:id' && query?.['state'] !== undefined,
          handler: finishFlow,
        },
      ],
    },
  } satisfies BetterAuthPlugin
}

function create(config: ResolvedProvider, context: AuthContext): OAuthProvider {
  const { id, issuer } = config
  const log = (message: string, error: unknown) => context.logger.error(message, error)
  const provider =
    issuer === undefined ? githubProvider(config) : oidcProvider({ ...config, issuer }, log)
  const { getUserInfo } = provider
  provider.getUserInfo = async (tokens) => {
    const found = await getUserInfo(tokens)
    if (!found) return null
    const accountId = String(await provider.accountSubject({ tokens, profile: found.data }))
    const { internalAdapter } = context
    if (await internalAdapter.findAccountByKey({ providerId: id, accountId })) return found

    const { email, emailVerified } = found.user
    // Before anybody looks whether the address has an account: the answer must not tell.
    if (!emailVerified) throw await redirectWithError('email_not_verified')
    const isAsked = (await getOAuthState())?.link !== undefined
    if (isAsked || config.linkByEmail || !email) return found
    if (await internalAdapter.findUserByEmail(email)) {
      throw await redirectWithError('account_not_linked')
    }
    return found
  }
  return provider
}

async function redirectWithError(error: string): Promise<APIError> {
  const errorURL = (await getOAuthState())?.errorURL ?? '/'
  const location = appendQueryParams(errorURL, new URLSearchParams({ error }))
  return new APIError('FOUND', undefined, new Headers({ location }))
}

/** It has done its work, and it names a person; Better Auth would keep it readable. */
const withoutIdToken = {
  before: async <Changed extends object>(account: Changed) =>
    'idToken' in account ? { data: { ...account, idToken: null } } : undefined,
}
