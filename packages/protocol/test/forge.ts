import { encodeBase64url } from '../src/base64url.ts'
import type { CryptoKey } from '../src/jwk.ts'

/** A time of issue for all tests, in seconds since 1970. */
export const now = 1_800_000_000

/** Encodes an object, or any text, as a part of a JWT. */
export function part(value: object | string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return encodeBase64url(new TextEncoder().encode(text))
}

/** Signs any header and payload with Ed25519, however wrong they are. */
export async function forge(
  privateKey: CryptoKey,
  header: object | string,
  payload: object | string,
): Promise<string> {
  const data = `${part(header)}.${part(payload)}`
  const bytes = new TextEncoder().encode(data)
  const signature = await crypto.subtle.sign('Ed25519', privateKey, bytes)
  return `${data}.${encodeBase64url(new Uint8Array(signature))}`
}
