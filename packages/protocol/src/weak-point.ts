/** The y coordinates of the points of order 1, 2, 4 and 8, little-endian, without the sign bit. */
const SMALL_ORDER =
  /^(0[01](00){31}|ec(ff){30}7f|26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05|c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a)$/

/** A y coordinate that is not smaller than the prime 2^255 - 19: a second spelling of a point. */
const NOT_REDUCED = /^(e[def]|f.)(ff){30}7f$/

/**
 * Reports whether an Ed25519 public key is a point of small order or not canonically encoded.
 *
 * Signatures under such a key can be made without a private key (RFC 8032 section 5.1.3 refuses
 * the second kind; OpenSSL accepts both).
 */
export function isWeakPoint(point: Uint8Array): boolean {
  const bytes = Array.from(point)
  bytes[31] = (bytes[31] ?? 0) & 0x7f
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return SMALL_ORDER.test(hex) || NOT_REDUCED.test(hex)
}
