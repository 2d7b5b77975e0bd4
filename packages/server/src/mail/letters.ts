import { mailName } from './letter.ts'
import type { Letter } from './letter.ts'

/** Asks whether an address is theirs. It repeats no name: whoever signed up chose that. */
export function verificationLetter(app: string, url: string): Letter {
  return {
    subject: `Confirm your e-mail address for ${app}`,
    paragraphs: [`Somebody, hopefully you, gave this address to ${app}.`],
    action: { label: 'Confirm the address', url },
    note: 'If it was not you, ignore this e-mail. The link works once, for one hour.',
  }
}

/** Lets somebody who forgot the password choose another one. */
export function resetLetter(app: string, url: string): Letter {
  return {
    subject: `Choose a new password for ${app}`,
    paragraphs: [`Somebody, hopefully you, asked for a new password for ${app}.`],
    action: { label: 'Choose a new password', url },
    note: 'If it was not you, ignore this e-mail: nothing has changed. The link works once, for one hour. A new password ends every session.',
  }
}

/** Signs in whoever reads it. */
export function magicLinkLetter(app: string, url: string): Letter {
  return {
    subject: `Sign in to ${app}`,
    paragraphs: [`Somebody, hopefully you, wants to sign in to ${app} with this address.`],
    action: { label: 'Sign in', url },
    note: 'If it was not you, ignore this e-mail, and do not pass it on. The link works once, for five minutes.',
  }
}

/** Who invites whom, and where. */
export interface InvitationText {
  readonly app: string
  readonly inviter: string
  readonly organization: string
  readonly url: string
}

/** Asks somebody to join an organization. */
export function invitationLetter({ app, inviter, organization, url }: InvitationText): Letter {
  return {
    subject: `You are invited to join an organization on ${app}`,
    paragraphs: [`${mailName(inviter)} invites you to join "${mailName(organization)}" on ${app}.`],
    action: { label: 'See the invitation', url },
    note: 'If you do not know them, ignore this e-mail.',
  }
}

/** Tells the owner of an account that somebody tried to open another one with the address. */
export function takenAddressLetter(app: string): Letter {
  return {
    subject: `You already have an account with ${app}`,
    paragraphs: [
      `Somebody, hopefully you, tried to open an account with ${app} for this address, which has one.`,
      'To get in, sign in as before, or ask for a new password on the sign-in page.',
    ],
    note: 'If it was not you, there is nothing to do: nothing has changed.',
  }
}
