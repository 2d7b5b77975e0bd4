interface Occasion {
  /** An application's request brought the person here. */
  isRequest: boolean
  /** They want to use another account than the one they are signed in with. */
  wantsAnother: boolean
  signedInAs: string | undefined
  /** The application wants a passkey, or a password and a code. */
  wantsTwoFactors: boolean
  /** Where they go afterwards. */
  next: string
}

/** Says why somebody is asked to sign in; nothing when they simply came to do so. */
export function signInReason({
  isRequest,
  wantsAnother,
  signedInAs,
  wantsTwoFactors,
  next,
}: Occasion): string | undefined {
  if (wantsAnother) return 'Use the account that the app should work with.'
  if (isRequest && wantsTwoFactors) {
    return 'The app asks for a strong sign-in: with a passkey, or with a password and a code from your authenticator app.'
  }
  if (isRequest && signedInAs !== undefined) {
    return `You are signed in as ${signedInAs}. The app asks you to prove it once more.`
  }
  if (isRequest) return 'An app asks for access. Sign in to see what it wants, and decide.'
  if (/^\/(?:auth\/)?device\b/.test(next)) {
    return 'Somebody waits for your decision. Sign in to see what is asked.'
  }
  if (next.startsWith('/accept-invitation')) return 'Sign in to answer the invitation.'
  return undefined
}
