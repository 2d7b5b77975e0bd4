import { createHmac, randomInt } from 'node:crypto'
import { normalizeUserCode, USER_CODE_ALPHABET } from '@countersign/protocol'

/** A new code for a person to type: eight letters as `XXXX-XXXX`, 34 bits (RFC 8628 section 6.1). */
export function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () =>
    USER_CODE_ALPHABET.charAt(randomInt(USER_CODE_ALPHABET.length)),
  )
  return normalizeUserCode(letters.join(''))
}

/** Under what a typed code is stored. Keyed: a code is short enough to be found by trying. */
export function digestUserCode(secret: string, typed: string): string {
  return createHmac('sha256', secret)
    .update(`device user code ${normalizeUserCode(typed)}`)
    .digest('base64url')
}
