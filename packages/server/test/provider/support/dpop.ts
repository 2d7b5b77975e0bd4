import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'

/** A key of a client, as it makes DPoP proofs with it (RFC 9449). */
export interface ProofKey {
  readonly thumbprint: string
  /** A proof for one request; `token` is the access token that comes with it. */
  proof(method: string, url: string, more?: ProofFacts): Promise<string>
}

interface ProofFacts {
  readonly token?: string
  readonly nonce?: string
  readonly proofId?: string
}

/** A new key of a client. */
export async function newProofKey(): Promise<ProofKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    proof: (method, url, { token, nonce, proofId = randomUUID() } = {}) =>
      new SignJWT({
        htm: method,
        htu: url,
        jti: proofId,
        ...(nonce !== undefined && { nonce }),
        ...(token !== undefined && {
          ath: createHash('sha256').update(token).digest('base64url'),
        }),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey),
  }
}
