import { Buffer } from 'node:buffer'
import { type KeyObject, sign } from 'node:crypto'
import type { Signer } from './signing-keys.ts'

/**
 * A JWT in its compact form (RFC 7515 section 7.1), signed with a key of this server.
 *
 * Ed25519 signs on the calling thread, which takes less than a trip to another one; RSA, which takes
 * twenty times as long, on the thread pool.
 */
export async function signJwt(
  { kid, algorithm, privateKey }: Signer,
  type: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const signed = `${encode({ alg: algorithm, kid, typ: type })}.${encode(claims)}`
  const data = Buffer.from(signed)
  const signature =
    algorithm === 'EdDSA' ? sign(null, data, privateKey) : await signRsa(data, privateKey)
  return `${signed}.${signature.toString('base64url')}`
}

function signRsa(data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature)
    })
  })
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
