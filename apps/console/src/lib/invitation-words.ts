import { hasCode } from './api-error.ts'

interface InvitationProblem {
  title: string
  text: string
  /** A link to confirm the person's address solves it. */
  canConfirm: boolean
}

/** Says why an invitation cannot be answered, and what helps. */
export function invitationProblem(error: unknown): InvitationProblem {
  if (hasCode(error, ...unconfirmed)) {
    return {
      title: 'Confirm your e-mail first',
      text: 'An invitation is for whoever reads the mail of its address. We send you a link to confirm that this is you.',
      canConfirm: true,
    }
  }
  if (hasCode(error, 'YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION')) {
    return {
      title: 'This invitation is for another address',
      text: 'Sign out, and sign in with the account that has the address it was sent to.',
      canConfirm: false,
    }
  }
  return {
    title: 'This invitation is over',
    text: 'It was answered, taken back, or waited too long. Ask whoever invited you for a new one.',
    canConfirm: false,
  }
}

const unconfirmed = [
  'EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION',
  'EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION',
]
