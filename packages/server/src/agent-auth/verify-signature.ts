import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import { decodeBase64url, type PublicJwk, type VerifySignatureSync } from '@countersign/protocol'

const MAX_KEYS = 10_000

/**
 * Ed25519 verification, each key parsed once: with libsodium when the package `sodium-native` is
 * installed, which takes about half the time, else with `node:crypto`.
 *
 * On the calling thread: for one short message that is faster than a trip through the thread pool
 * of WebCrypto.
 */
export function createVerifySignature(): VerifySignatureSync {
  const sodium = loadSodium()
  return sodium ? verifyWithSodium(sodium) : verifyWithNode()
}

/** The one function of `sodium-native` that is used. */
export interface Sodium {
  crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean
}

/** The binding, or null when it is not installed or does not fit this platform. */
export function loadSodium(): Sodium | null {
  try {
    return createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return null
  }
}

/** Verification with OpenSSL. */
export function verifyWithNode(): VerifySignatureSync {
  const keyOf = parsedOnce<KeyObject>((jwk) => createPublicKey({ key: { ...jwk }, format: 'jwk' }))
  return (jwk, signature, data) => verify(null, data, keyOf(jwk), signature)
}

/** Verification with libsodium. */
export function verifyWithSodium(sodium: Sodium): VerifySignatureSync {
  const keyOf = parsedOnce((jwk) => new Uint8Array(decodeBase64url(jwk.x) ?? []))
  return (jwk, signature, data) => {
    const key = keyOf(jwk)
    // The binding throws for lengths that no signature and no key has.
    if (signature.length !== 64 || key.length !== 32) return false
    return sodium.crypto_sign_verify_detached(signature, data, key)
  }
}

function parsedOnce<Key>(parse: (jwk: PublicJwk) => Key): (jwk: PublicJwk) => Key {
  const keys = new Map<string, Key>()
  return (jwk) => {
    const known = keys.get(jwk.x)
    if (known !== undefined) return known
    const key = parse(jwk)
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(jwk.x, key)
    return key
  }
}
