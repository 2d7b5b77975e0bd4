import { decodeBase64url } from '@countersign/protocol'

/**
 * Whether a JWT is written as RFC 7515 section 7.1 has it: three parts in canonical base64url.
 *
 * Verifiers also take padding, other alphabets, white space and stray last bits. A text that differs
 * anywhere from what was signed is then another token that counts.
 */
export function isCanonicalJwt(jwt: string): boolean {
  const parts = jwt.split('.')
  return parts.length === 3 && parts.every((part) => decodeBase64url(part) !== undefined)
}
