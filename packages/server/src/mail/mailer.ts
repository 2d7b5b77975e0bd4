import { createLogger } from '@better-auth/core/env'
import { redactingLogger } from '../log.ts'
import type { ResolvedAuthOptions } from '../options.ts'
import { parseEmail } from './address.ts'
import { renderLetter } from './letter.ts'
import type { Letter } from './letter.ts'
import {
  invitationLetter,
  magicLinkLetter,
  resetLetter,
  takenAddressLetter,
  verificationLetter,
} from './letters.ts'
import { isOwnLink, withReturn } from './links.ts'
import type { ResolvedMailOptions } from './options.ts'
import { Outbox } from './outbox.ts'

/** An organization's invitation, as the plugin hands it over. */
export interface Invitation {
  readonly id: string
  readonly email: string
  readonly organization: { readonly name: string }
  readonly inviter: { readonly user: { readonly name: string } }
}

/** Writes the e-mails of this server. Nothing here waits for a mail server, and nothing throws. */
export interface Mailer {
  readonly options: ResolvedMailOptions
  verification(to: string, url: string): void
  passwordReset(to: string, url: string): void
  magicLink(to: string, url: string): void
  invitation(invitation: Invitation): void
  takenAddress(to: string): void
  /** Drops what still waits, and resolves when nothing is being sent. */
  close(): Promise<void>
}

/** The mailer of an instance; undefined without `mail`. */
export function createMailer(options: ResolvedAuthOptions): Mailer | undefined {
  const { mail, appName: app, baseURL } = options
  if (!mail) return undefined
  const logger = createLogger(redactingLogger(options.logger))
  const log = (level: 'warn' | 'error', line: string) => logger[level](line)
  const outbox = new Outbox({ transport: mail.transport, log })
  const own = new Set([baseURL, ...options.trustedOrigins])

  const post = (kind: string, recipient: string, letter: Letter) => {
    const to = parseEmail(recipient)
    const isSafe = to !== null && (!letter.action || isOwnLink(letter.action.url, own))
    if (isSafe) outbox.post(kind, renderLetter(to, letter))
    else log('error', `An e-mail (${kind}) was not sent: its address or its link is not allowed`)
  }
  return {
    options: mail,
    verification: (to, url) => post('verification', to, verificationLetter(app, url)),
    passwordReset: (to, url) => {
      const link = withReturn(url, `${baseURL}${mail.resetPath}`)
      post('password-reset', to, resetLetter(app, link))
    },
    magicLink: (to, url) => post('magic-link', to, magicLinkLetter(app, url)),
    invitation: ({ id, email, organization, inviter }) => {
      const url = `${baseURL}${mail.invitationPath}?id=${encodeURIComponent(id)}`
      const names = { inviter: inviter.user.name, organization: organization.name }
      post('invitation', email, invitationLetter({ app, ...names, url }))
    },
    takenAddress: (to) => post('taken-address', to, takenAddressLetter(app)),
    close: () => outbox.close(),
  }
}
