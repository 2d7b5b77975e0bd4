import { createHash } from 'node:crypto'
import type { PublicJwk } from '@countersign/protocol'

/**
 * The RFC 7638 thumbprint of a key, like `jwkThumbprint` of the protocol.
 *
 * On the calling thread: for a text this short, WebCrypto's way through the thread pool takes longer
 * than the digest.
 */
export function thumbprintOf({ crv, kty, x }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
}
