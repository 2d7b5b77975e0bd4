import { decodeBase64url } from './base64url.ts'
import { sha256 } from './digest.ts'
import { ProtocolError } from './errors.ts'
import { isJsonObject } from './json.ts'
import { jwkThumbprint, parsePublicJwk } from './jwk.ts'
import type { PublicJwk } from './jwk.ts'
import { verifyWithWebCrypto } from './verify-signature.ts'

/** A P-256 public key, reduced to the members that identify it. */
export interface P256PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** A public key that signs DPoP proofs. */
export type DpopPublicJwk = PublicJwk | P256PublicJwk

/**
 * The algorithms of DPoP proofs (`dpop_signing_alg_values_supported`, RFC 9449 section 5.1).
 *
 * `Ed25519` is what RFC 9864 calls the `EdDSA` of this curve.
 */
export const DPOP_ALGORITHMS = ['EdDSA', 'ES256', 'Ed25519'] as const

/** The members that only private and symmetric keys have (RFC 7518 section 6, RFC 8037). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Reads the `jwk` of a proof's header: a public key of the proof's own algorithm and nothing else. */
export function parseDpopKey(value: unknown, algorithm: unknown): DpopPublicJwk {
  if (!isJsonObject(value)) throw refused('The DPoP proof has no `jwk`.')
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(value, member))) {
    throw refused('The `jwk` of a DPoP proof must be a public key.')
  }
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return parsePublicJwk(value)
  const { kty, crv, x, y } = value
  if (algorithm === 'ES256' && kty === 'EC' && crv === 'P-256' && isField(x) && isField(y)) {
    return { kty, crv, x, y }
  }
  throw refused('The `jwk` of the DPoP proof does not fit its `alg`.')
}

/** The RFC 7638 SHA-256 thumbprint of a proof key: the `jkt` a JWT is bound to. */
export function dpopThumbprint(key: DpopPublicJwk): Promise<string> {
  if (key.kty === 'OKP') return jwkThumbprint(key)
  return sha256(`{"crv":"P-256","kty":"EC","x":"${key.x}","y":"${key.y}"}`)
}

/** Checks the signature of a proof under the key it brings. */
export async function verifyDpopSignature(
  key: DpopPublicJwk,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (key.kty === 'OKP') return verifyWithWebCrypto(key, signature, data)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  try {
    // Fails for a point that is not on the curve.
    const imported = await crypto.subtle.importKey('jwk', { ...key }, algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm, imported, signature, data)
  } catch {
    return false
  }
}

function isField(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64url(value)?.length === 32
}

function refused(message: string): ProtocolError {
  return new ProtocolError('invalid_dpop_proof', { message })
}
