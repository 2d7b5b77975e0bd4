import { magicLink } from 'better-auth/plugins/magic-link'
import type { ResolvedAuthOptions } from '../options.ts'
import type { Invitation, Mailer } from './mailer.ts'

/** What Better Auth hands to whoever sends an e-mail. */
export interface Reader {
  readonly user: { readonly email: string }
  readonly url: string
}

/** How long, in seconds, a link in an e-mail works. The letters say so, too. */
const hour = 3600
const fiveMinutes = 300

/**
 * What Better Auth does with passwords and addresses; without a mailer it sends nothing.
 *
 * Every function here returns at once, so an answer takes as long with an e-mail as without.
 */
export function mailSettings(mailer: Mailer | undefined) {
  // Whoever resets a password may be getting rid of somebody.
  const password = { revokeSessionsOnPasswordReset: true }
  if (!mailer) return { password }
  return {
    password: {
      ...password,
      requireEmailVerification: mailer.options.requireVerification,
      resetPasswordTokenExpiresIn: hour,
      sendResetPassword: async ({ user, url }: Reader) => mailer.passwordReset(user.email, url),
      onExistingUserSignUp: async ({ user }: Pick<Reader, 'user'>) =>
        mailer.takenAddress(user.email),
    },
    verification: {
      expiresIn: hour,
      sendOnSignUp: true,
      sendOnSignIn: true,
      // The link proves the address. The person is proven by the password, which may be another's.
      autoSignInAfterVerification: false,
      sendVerificationEmail: async ({ user, url }: Reader) => mailer.verification(user.email, url),
    },
  }
}

/** Sign-in with a link, when there is a mailer and nobody turned it off. */
export function magicLinks(mailer: Mailer | undefined) {
  if (!mailer?.options.magicLink) return []
  const sendMagicLink = async ({ email, url }: { email: string; url: string }) =>
    mailer.magicLink(email, url)
  return [magicLink({ expiresIn: fiveMinutes, sendMagicLink })]
}

/** Options whose organizations invite by e-mail, unless they have a way of their own. */
export function withInvitations(
  options: ResolvedAuthOptions,
  mailer: Mailer | undefined,
): ResolvedAuthOptions {
  const { organizations } = options
  if (!mailer || organizations.sendInvitationEmail) return options
  const sendInvitationEmail = async (invitation: Invitation) => mailer.invitation(invitation)
  return { ...options, organizations: { ...organizations, sendInvitationEmail } }
}
