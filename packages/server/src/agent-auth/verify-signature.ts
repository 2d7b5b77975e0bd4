import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { PublicJwk, VerifySignature } from '@countersign/protocol'

const MAX_KEYS = 10_000

/**
 * Ed25519 verification with `node:crypto`, each key parsed once.
 *
 * On the calling thread: for one short message that is faster than a trip through the thread pool
 * of WebCrypto.
 */
export function createVerifySignature(): VerifySignature {
  const keys = new Map<string, KeyObject>()

  function keyOf(jwk: PublicJwk): KeyObject {
    const known = keys.get(jwk.x)
    if (known) return known
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(jwk.x, key)
    return key
  }

  return (jwk, signature, data) => verify(null, data, keyOf(jwk), signature)
}
