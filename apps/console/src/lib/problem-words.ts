import { ApiError, isUnavailable } from './api-error.ts'

const words: Readonly<Record<string, string>> = {
  approval_not_found: 'We do not know this code. Check it and try again.',
  approval_expired: 'This request has expired. Ask your agent to send a new one.',
  approval_changed: 'The request has changed since you opened it. Read it again.',
  already_granted: 'It may do all of this already.',
  agent_revoked: 'This agent is over.',
  host_not_found: 'This app is not connected to your account any more.',
  approval_decided: 'This request has already been decided.',
  webauthn_required: 'Your passkey could not confirm this. Try once more.',
  INVALID_EMAIL_OR_PASSWORD: 'E-mail or password is not right.',
  USER_ALREADY_EXISTS: 'There is already an account with this e-mail. Sign in instead.',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL:
    'There is already an account with this e-mail. Sign in instead.',
  EMAIL_NOT_VERIFIED: 'Confirm your e-mail first: we have just sent you the link again.',
  RESET_PASSWORD_DISABLED: 'This server sends no e-mail. Ask whoever runs it for a new password.',
  INVALID_TOKEN: 'This link has expired, or it has been used. Ask for a new one.',
  INVALID_EMAIL: 'This does not look like an e-mail address.',
  PASSWORD_TOO_SHORT: 'The password is too short. Use at least 8 characters.',
  PASSWORD_TOO_LONG: 'The password is too long.',
  AUTH_CANCELLED: 'The passkey prompt was closed, so nothing happened. Try again when ready.',
  REGISTRATION_CANCELLED: 'The passkey prompt was closed, so no passkey was made.',
  ERROR_CEREMONY_ABORTED: 'The passkey prompt was closed, so nothing happened.',
  ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY: 'The passkey prompt was closed, so nothing happened.',
  ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: 'This device already has a passkey for you.',
  PASSKEY_NOT_FOUND: 'This passkey is not known here.',
  other_person:
    'That proof belongs to another account, which is signed in now. Look at the request again.',
  INVALID_CODE: 'The code is not right, or it has been used. Wait for the next one.',
  INVALID_BACKUP_CODE: 'The backup code is not right, or it has been used.',
  INVALID_TWO_FACTOR_COOKIE: 'That took too long. Start over with your password.',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'Too many wrong codes. Start over with your password.',
  INVALID_PASSWORD: 'The password is not right.',
  two_factor_required: 'Your password was right. Enter the code of your authenticator app.',
  bad_address: 'The app wants the answer at an address that is not safe. Nothing was sent.',
  internal_error: 'Something went wrong on the server. Try again.',
}

/** Whether a request of an application can no longer be decided: it was, or it waited too long. */
export function isSpent(error: unknown): boolean {
  return error instanceof ApiError && spent.has(error.code)
}

const spent: ReadonlySet<string> = new Set([
  'interaction_expired',
  'interaction_used',
  'invalid_signature',
  'ticket_used',
  'invalid_ticket',
  'approval_decided',
  'approval_expired',
])

/** Says what went wrong and what to do, in a person's words. */
export function problemWords(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong. Try again.'
  if (error.status === 429) return tooMany(error.retryAfter)
  if (isUnavailable(error)) return 'The server cannot be reached right now. Try again in a moment.'
  return words[error.code] ?? (error.message === error.code ? 'That did not work.' : error.message)
}

function tooMany(retryAfter: number | undefined): string {
  if (retryAfter === undefined) return 'Too many tries. Wait a few minutes and try again.'
  const minutes = Math.ceil(retryAfter / 60)
  return `Too many tries. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`
}
