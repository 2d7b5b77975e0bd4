import { encodeBase64url } from './base64url.ts'
import type { CryptoKey } from './jwk.ts'

/** What goes into a JWT that {@link signJwt} makes. */
export interface SignJwtInput {
  header: { typ: string; kid?: string }
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
export async function signJwt(input: SignJwtInput): Promise<string> {
  const { lifetime = 60, now = Math.floor(Date.now() / 1000) } = input
  const payload = {
    ...input.claims,
    iat: now,
    exp: now + lifetime,
    jti: crypto.randomUUID(),
  }
  const data = `${encodeJson({ alg: 'EdDSA', ...input.header })}.${encodeJson(payload)}`
  const signature = await crypto.subtle.sign('Ed25519', input.privateKey, encodeText(data))
  return `${data}.${encodeBase64url(new Uint8Array(signature))}`
}

function encodeJson(value: unknown): string {
  return encodeBase64url(encodeText(JSON.stringify(value)))
}

function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
