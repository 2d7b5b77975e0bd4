import type { OAuth2UserInfo } from '@better-auth/core/oauth2'
import { displayText } from '@countersign/protocol'
import { parseEmail } from '../mail/address.ts'
import type { ResolvedProvider } from './options.ts'
import { isSecureUrl } from './options.ts'

/**
 * What we take over of a person from a provider's claims.
 *
 * Only `true` means verified: some providers send the text `"false"`. An address that is not plain is
 * none, so no look-alike finds an account.
 */
export function userOf(
  claims: Readonly<Record<string, unknown>>,
  { assumeEmailVerified }: Pick<ResolvedProvider, 'assumeEmailVerified'>,
): OAuth2UserInfo {
  const { email, email_verified: verified, name, picture } = claims
  return {
    email: parseEmail(email),
    emailVerified: verified === true || assumeEmailVerified,
    name: typeof name === 'string' ? displayText(name) : '',
    ...(isSecureUrl(picture) && picture.length <= 2048 && { image: picture }),
  }
}
