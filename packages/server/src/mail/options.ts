import { ConfigurationError } from '../env.ts'
import type { MailTransport } from './transport.ts'

/** How e-mails are sent. */
export interface MailOptions {
  /** Who delivers them: `smtp({ url, from })`, `developmentInbox()`, or your own. */
  readonly transport: MailTransport
  /**
   * Whether somebody who signs up with a password has to confirm the address before the first
   * sign-in. Only then does sign-up not tell whether an address has an account.
   *
   * @default true
   */
  readonly requireVerification?: boolean
  /** Whether people can sign in with a link sent to them. @default true */
  readonly magicLink?: boolean
  /**
   * Path of the page on which a new password is typed. It gets `token` in the query.
   *
   * @default '/reset-password'
   */
  readonly resetPath?: string
  /**
   * Path of the page on which an invitation is answered. It gets `id` in the query.
   *
   * @default '/accept-invitation'
   */
  readonly invitationPath?: string
}

/** {@link MailOptions} with every default filled in. */
export type ResolvedMailOptions = Required<MailOptions>

/** Fills in defaults, and refuses what cannot work. */
export function resolveMail(options: MailOptions | undefined): ResolvedMailOptions | undefined {
  if (!options) return undefined
  if (typeof options.transport?.send !== 'function') {
    throw new ConfigurationError('`mail.transport` must have a `send` function, such as smtp(…).')
  }
  return {
    transport: options.transport,
    requireVerification: options.requireVerification ?? true,
    magicLink: options.magicLink ?? true,
    resetPath: parsePath(options.resetPath ?? '/reset-password', 'resetPath'),
    invitationPath: parsePath(options.invitationPath ?? '/accept-invitation', 'invitationPath'),
  }
}

function parsePath(path: string, name: string): string {
  if (/^\/(?:[\w.~-]+\/?)*$/.test(path)) return path
  throw new ConfigurationError(`\`mail.${name}\` must be a path such as /some/page.`)
}
