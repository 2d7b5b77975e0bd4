import { createHmac, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Length of an HMAC-SHA256 in base64. */
const signatureLength = 44

/**
 * Values in the signed form of Better Auth's cookies: `<value>.<HMAC-SHA256 in base64>`.
 *
 * A signature has one spelling here: variants that decode to the same bytes are refused.
 */
export class SignedValues {
  readonly #key: KeyObject

  constructor(secret: string) {
    this.#key = createSecretKey(secret, 'utf8')
  }

  /** The value, when the signature holds; else null. */
  open(signed: string): string | null {
    const end = signed.length - signatureLength - 1
    if (end < 1 || signed[end] !== '.') return null
    const value = signed.slice(0, end)
    return isSame(signed.slice(end + 1), this.#sign(value)) ? value : null
  }

  #sign(value: string): string {
    return createHmac('sha256', this.#key).update(value).digest('base64')
  }
}

/** Compares in a time that says nothing about where two texts of one length differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < other.length; index++) {
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  }
  return difference === 0
}
