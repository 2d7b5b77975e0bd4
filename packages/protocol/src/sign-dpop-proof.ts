import { sha256 } from './digest.ts'
import type { CryptoKey, PublicJwk } from './jwk.ts'
import { signJwt } from './sign-jwt.ts'

/** What a DPoP proof says about one request. */
export interface SignDpopProofInput {
  /** The method of the request. */
  method: string
  /** The URL of the request. Its query and fragment are left out. */
  url: string
  /** The JWT the proof is sent with. */
  token: string
  privateKey: CryptoKey
  publicJwk: PublicJwk
  /** The nonce the server gave last. */
  nonce?: string | undefined
  /** The time of issue in seconds since 1970. By default the clock decides. */
  now?: number | undefined
}

/** Signs the proof of possession that goes into the `DPoP` header. RFC 9449 section 4.2. */
export async function signDpopProof(input: SignDpopProofInput): Promise<string> {
  const { method, url, token, nonce, publicJwk, ...signing } = input
  const htu = url.replace(/[?#].*$/s, '')
  return signJwt({
    ...signing,
    header: { typ: 'dpop+jwt', jwk: publicJwk },
    claims: { htm: method, htu, ath: await sha256(token), nonce },
  })
}
