import { errorTexts } from './errors.ts'

/** Every word the components say, except errors. */
const words = {
  email: 'E-mail',
  name: 'Name',
  password: 'Password',
  newPassword: 'New password',
  passwordHint: 'At least 8 characters.',
  showPassword: 'Show password',
  or: 'or',
  back: 'Back',
  cancel: 'Cancel',
  save: 'Save',
  tryAgain: 'Try again',
  loading: 'Loading …',
  fieldRequired: 'Fill this in.',
  fieldEmail: 'This does not look like an e-mail address.',
  fieldTooShort: 'This is too short.',
  fieldPattern: 'This does not look right.',

  signIn: 'Sign in',
  signInWithPasskey: 'Sign in with a passkey',
  signOut: 'Sign out',
  continueWith: 'Continue with {name}',

  signUp: 'Create an account',
  signUpSubmit: 'Create account',

  inboxTitle: 'Look into your inbox',
  inboxVerify: 'We sent a link to {email}. Open it to confirm the address, then sign in.',
  inboxReset: 'If {email} has an account, a link to choose a new password is on its way.',
  inboxAgain: 'If {email} waits to be confirmed, a new link is on its way.',
  sendAgain: 'Send it again',

  forgotTitle: 'Forgot your password?',
  forgotText: 'We send you a link with which you choose a new one.',
  forgotSubmit: 'Send the link',

  resetTitle: 'Choose a new password',
  resetSubmit: 'Save password',
  resetDoneTitle: 'Your password is changed',
  resetDone: 'You were signed out everywhere. Sign in with the new password.',

  verifyTitle: 'Confirm your address',
  verifyText: 'We send you a link. Open it to confirm that the address is yours.',
  verifySubmit: 'Send the link',

  passkeys: 'Passkeys',
  passkeysText: 'Sign in with your fingerprint, face or screen lock instead of a password.',
  passkeysNone: 'You have no passkey yet.',
  passkeyUnnamed: 'Unnamed passkey',
  passkeyName: 'Name of the passkey',
  passkeyNameHint: 'For you to tell it from others. Optional.',
  passkeyAdd: 'Add a passkey',
  passkeyAdded: 'Added {date}',
  passkeySynced: 'synced between devices',
  passkeyLocal: 'on one device',
  passkeyRename: 'Rename',
  passkeyRenameLabel: 'Rename {name}',
  passkeyDelete: 'Delete',
  passkeyDeleteLabel: 'Delete {name}',
  passkeyDeleteTitle: 'Delete {name}?',
  passkeyDeleteText: 'You cannot sign in with it any more.',

  confirmTitle: 'Confirm that it is you',
  confirmText: 'It has been a while since you signed in.',
  confirmSubmit: 'Confirm',
  confirmWithPasskey: 'Confirm with a passkey',

  codeTitle: 'Enter your code',
  codeText: 'Your authenticator app shows it.',
  code: 'Code',
  codeSubmit: 'Continue',
  codeTrust: 'Trust this device for 30 days',
  codeUseBackup: 'Use a backup code',
  codeUseApp: 'Use the authenticator app',
  backupCode: 'Backup code',
  backupCodeText: 'One of those you kept when you set this up. Each works once.',

  twoFactorTitle: 'Authenticator app',
  twoFactorOff: 'Sign-in asks for your password alone.',
  twoFactorOn: 'Sign-in also asks for a code from your app.',
  twoFactorEnable: 'Set up an app',
  twoFactorDisable: 'Turn off',
  twoFactorScan: 'Scan this with your authenticator app, or type the key into it.',
  twoFactorType: 'Add this key to your authenticator app.',
  twoFactorKey: 'Key',
  twoFactorOpen: 'Open in an app on this device',
  twoFactorConfirm: 'Then enter the code it shows.',
  twoFactorActivate: 'Turn on',
  twoFactorCodesTitle: 'Keep your backup codes',
  twoFactorCodes: 'Each signs you in once if you lose your device. They are not shown again.',
  twoFactorCodesKept: 'I have kept them',

  unavailableTitle: 'We cannot check who you are right now',
  unavailable: 'The server is away. You are not signed out; this page goes on when it is back.',

  organization: 'Organization',
  personal: 'Personal',
  chooseOrganization: 'Choose an organization',
  noOrganization: 'You belong to no organization yet.',
  invitation: '{name} invites you to join.',
  invitations: 'Invitations',
  accept: 'Join',
  decline: 'Decline',

  retryInSeconds: 'Too many tries. Try again in {count} seconds.',
  retryInMinutes: 'Too many tries. Try again in {count} minutes.',
  retryInMinute: 'Too many tries. Try again in a minute.',
}

/** A word of the components. `{name}` and the like are replaced. */
export type AuthText = keyof typeof words

/** All texts, by name, and those of errors by their code. */
export type AuthTexts = Readonly<Record<AuthText, string>> & {
  readonly errors: Readonly<Record<string, string>>
}

/** Texts that replace ours, for another language or another tone. */
export type TextOverrides = Partial<AuthTexts>

/** Ours, with those that replace them. */
export function resolveTexts(overrides: TextOverrides = {}): AuthTexts {
  return { ...words, ...overrides, errors: { ...errorTexts, ...overrides.errors } }
}

/** Puts values into a text. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
