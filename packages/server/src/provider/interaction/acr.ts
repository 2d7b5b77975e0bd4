/** How somebody signed in, as a claim: one factor. */
export const ONE_FACTOR = 'urn:countersign:acr:1'

/** A passkey, or a second factor after the first. */
export const TWO_FACTORS = 'urn:countersign:acr:2'

/** The classes of sign-in this server knows, weakest first: `acr_values_supported`. */
export const ACR_VALUES: readonly string[] = [ONE_FACTOR, TWO_FACTORS]

/** What a session remembers of its sign-in: methods of RFC 8176, with spaces between them. */
export interface SignInMethods {
  readonly amr?: string | null | undefined
}

/** The `acr` and `amr` claims of a session. One that remembers nothing counts as one factor. */
export function acrOf({ amr }: SignInMethods): { readonly acr: string; readonly amr: string[] } {
  const methods = amr ? amr.split(' ') : []
  // A code alone, as in a letter with a link, is one factor.
  const isSecond = methods.includes('otp') && methods.length > 1
  const isStrong = methods.includes('hwk') || isSecond
  return { acr: isStrong ? TWO_FACTORS : ONE_FACTOR, amr: methods }
}

/** Whether one of the classes that were asked for is reached; a stronger one reaches a weaker. */
export function reaches(acr: string, asked: readonly string[]): boolean {
  const level = ACR_VALUES.indexOf(acr)
  return asked.some((value) => ACR_VALUES.includes(value) && level >= ACR_VALUES.indexOf(value))
}

/** The methods that a sign-in at an endpoint of Better Auth proves; null for one nobody knows. */
export function methodsOf(path: string | undefined): string | null {
  if (path === undefined) return null
  if (path.startsWith('/two-factor/verify-')) return 'pwd otp'
  if (path.startsWith('/passkey/')) return 'hwk user'
  if (/^\/(?:magic-link|email-otp|sign-in\/email-otp)(?:\/|$)/.test(path)) return 'otp'
  if (/^\/(?:sign-in|sign-up)\/(?:email|username)$/.test(path)) return 'pwd'
  if (/^\/(?:change-password|reset-password)$/.test(path)) return 'pwd'
  if (/^\/(?:callback|oauth2\/callback|sign-in\/social|sign-in\/oauth2|one-tap)/.test(path)) {
    return 'fed'
  }
  return null
}
