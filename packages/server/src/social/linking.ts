import type { BetterAuthOptions } from '@better-auth/core'
import type { ResolvedProvider } from './options.ts'

/**
 * What Better Auth does with accounts of other providers.
 *
 * An account is linked to a person by the e-mail address when the provider says that it verified the
 * address, the address is verified here, and the provider has `linkByEmail`: all three. Otherwise
 * only somebody who is signed in links it. An empty `trustedProviders` makes Better Auth ask for the
 * first; a provider in that list would be believed without it. The third is asked in `social.ts`.
 */
export function accountSettings(providers: readonly ResolvedProvider[]) {
  return {
    encryptOAuthTokens: true,
    accountLinking: {
      enabled: true,
      trustedProviders: [],
      requireLocalEmailVerified: true,
      disableImplicitLinking: !providers.some(({ linkByEmail }) => linkByEmail),
    },
  } satisfies BetterAuthOptions['account']
}
