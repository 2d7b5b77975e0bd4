import type { BetterAuthPlugin } from '@better-auth/core'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { refuseMagicLink } from './refuse-magic-link.ts'
import { useCodeOnce } from './use-code-once.ts'

/**
 * A second factor for people who sign in with a password: codes of an authenticator app, and codes to
 * keep for the day it is lost.
 *
 * Passkeys are two factors by themselves, and other providers have their own. A link in an e-mail
 * is one factor, so it does not sign in somebody who wants two.
 */
export function secondFactor(issuer: string) {
  const plugin = twoFactor({ issuer })
  return {
    ...plugin,
    hooks: {
      before: [
        { matcher: ({ path }) => path === '/two-factor/verify-totp', handler: useCodeOnce },
        { matcher: ({ path }) => path === '/two-factor/verify-backup-code', handler: useCodeOnce },
      ],
      after: [
        ...plugin.hooks.after,
        { matcher: ({ path }) => path === '/magic-link/verify', handler: refuseMagicLink },
      ],
    },
  } satisfies BetterAuthPlugin
}
