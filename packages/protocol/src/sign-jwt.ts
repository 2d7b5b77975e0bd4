import { encodeBase64url } from './base64url.ts'
import type { CryptoKey, PublicJwk } from './jwk.ts'

/** What goes into a JWT that {@link signJwt} makes. */
export interface SignJwtInput {
  header: { typ: string; kid?: string; jwk?: PublicJwk }
  claims: Record<string, unknown>
  privateKey: CryptoKey
  /**
   * Lifetime in seconds.
   *
   * @default 60
   */
  lifetime?: number | undefined
  /** The time of issue in seconds since 1970. By default the clock decides. */
  now?: number | undefined
}

/** Signs claims with Ed25519, adding `iat`, `exp` and a fresh `jti`. */
export async function signJwt({
  header,
  claims,
  privateKey,
  lifetime = 60,
  now: iat = Math.floor(Date.now() / 1000),
}: SignJwtInput): Promise<string> {
  const payload = { ...claims, iat, exp: iat + lifetime, jti: crypto.randomUUID() }
  const data = `${encodeJson({ alg: 'EdDSA', ...header })}.${encodeJson(payload)}`
  const signature = await crypto.subtle.sign('Ed25519', privateKey, encodeText(data))
  return `${data}.${encodeBase64url(new Uint8Array(signature))}`
}

function encodeJson(value: unknown): string {
  return encodeBase64url(encodeText(JSON.stringify(value)))
}

function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
