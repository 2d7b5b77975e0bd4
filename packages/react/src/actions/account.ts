import { isRecord } from '../http/json.ts'
import { absolute, currentPage } from './addresses.ts'
import type { ActionContext } from './context.ts'

/** What is typed to create an account. */
export interface NewAccount {
  readonly name: string
  readonly email: string
  readonly password: string
  /** Where the link of the verification e-mail ends. @default '/' */
  readonly verifiedURL?: string | undefined
}

/** What comes after sign-up: a session, or a look into the inbox. */
export type SignUpStep = 'signed-in' | 'verify-email'

/** An e-mail to be sent, and where its link ends. */
export interface MailRequest {
  readonly email: string
  /** Absolute, or a path of this origin. @default the current page, for a password the server's */
  readonly returnTo?: string | undefined
}

/** Making accounts, and getting back into them. */
export function accountActions({ http, store }: ActionContext) {
  return {
    /** Creates an account. */
    async signUp({ name, email, password, verifiedURL = '/' }: NewAccount): Promise<SignUpStep> {
      const account = { name: name.trim(), email: email.trim(), password }
      const callbackURL = absolute(verifiedURL)
      const answer = await http.post('/sign-up/email', { ...account, callbackURL })
      if (!isRecord(answer) || typeof answer['token'] !== 'string') return 'verify-email'
      await store.changed()
      return 'signed-in'
    },

    /** Sends a link for a new password; succeeds whether or not there is such an account. */
    async requestPasswordReset({ email, returnTo }: MailRequest): Promise<void> {
      const redirectTo = returnTo === undefined ? {} : { redirectTo: absolute(returnTo) }
      await http.post('/request-password-reset', { email: email.trim(), ...redirectTo })
    },

    /** Sets the password that the token of an e-mail allows; every session ends. */
    async resetPassword(reset: { token: string; newPassword: string }): Promise<void> {
      await http.post('/reset-password', reset)
      await store.changed()
    },

    /** Sends the link that confirms an address; succeeds whether or not one is needed. */
    async sendVerificationEmail({ email, returnTo }: MailRequest): Promise<void> {
      const callbackURL = absolute(returnTo ?? currentPage())
      await http.post('/send-verification-email', { email: email.trim(), callbackURL })
    },
  }
}
