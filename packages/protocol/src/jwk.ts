import { decodeBase64url } from './base64url.ts'
import { sha256 } from './digest.ts'
import { ProtocolError } from './errors.ts'
import { isJsonObject } from './json.ts'
import { isWeakPoint } from './weak-point.ts'

/** A WebCrypto key, whichever library declares the type. */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { type: string }
>

/** An Ed25519 public key (RFC 8037), reduced to the members that identify it. */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

/** An Ed25519 private key. It never leaves the client (Agent Auth section 8.1). */
export interface PrivateJwk extends PublicJwk {
  readonly d: string
}

/** A new key in the forms its owner needs: to sign with, to store, to publish. */
export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly privateJwk: PrivateJwk
  readonly publicJwk: PublicJwk
}

/** The string members a key of each type must have (RFC 7518 section 6, RFC 8037 section 2). */
const REQUIRED_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  OKP: ['crv', 'x'],
  EC: ['crv', 'x', 'y'],
  RSA: ['n', 'e'],
  oct: ['k'],
}

/**
 * Checks an Ed25519 public key that came from outside and keeps only `kty`, `crv` and `x`.
 *
 * A well-formed key of another type is `unsupported_algorithm`. A malformed key, a private key and
 * a point that verifies forged signatures are `invalid_request`.
 */
export function parsePublicJwk(value: unknown): PublicJwk {
  if (!isJsonObject(value) || typeof value['kty'] !== 'string') {
    throw new ProtocolError('invalid_request', { message: 'A public key must be a JWK object.' })
  }
  if (value['d'] !== undefined) {
    throw new ProtocolError('invalid_request', {
      message: 'The JWK holds a private key. Send the public key only.',
    })
  }
  const { kty, crv, x } = value
  for (const member of requiredMembers(kty)) {
    if (typeof value[member] === 'string') continue
    throw new ProtocolError('invalid_request', { message: `The JWK has no valid \`${member}\`.` })
  }
  if (kty !== 'OKP' || crv !== 'Ed25519') throw new ProtocolError('unsupported_algorithm')

  if (typeof x !== 'string' || !isPoint(x)) {
    throw new ProtocolError('invalid_request', {
      message: 'The `x` of the JWK is not an Ed25519 public key.',
    })
  }
  return { kty, crv, x }
}

function isPoint(x: string): boolean {
  const point = x.length === 43 ? decodeBase64url(x) : undefined
  return point !== undefined && !isWeakPoint(point)
}

function requiredMembers(kty: unknown): readonly string[] {
  const isKnown = typeof kty === 'string' && Object.hasOwn(REQUIRED_MEMBERS, kty)
  return (isKnown && REQUIRED_MEMBERS[kty]) || []
}

/** The RFC 7638 SHA-256 thumbprint of a public key: the identity of a host. */
export function jwkThumbprint(jwk: PublicJwk): Promise<string> {
  // Exactly the required members in lexicographic order, RFC 7638 section 3.
  return sha256(`{"crv":"Ed25519","kty":"OKP","x":${JSON.stringify(jwk.x)}}`)
}

/** Makes an Ed25519 key. The private `CryptoKey` cannot be exported again; keep `privateJwk`. */
export async function generateKeyPair(): Promise<KeyPair> {
  const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const { x = '', d = '' } = await crypto.subtle.exportKey('jwk', privateKey)
  const publicJwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x }
  const privateJwk: PrivateJwk = { ...publicJwk, d }
  return { privateKey: await importPrivateJwk(privateJwk), privateJwk, publicJwk }
}

/** Imports a stored private key for signing, not exportable. */
export function importPrivateJwk({ kty, crv, x, d }: PrivateJwk): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', { kty, crv, x, d }, crv, false, ['sign'])
}
