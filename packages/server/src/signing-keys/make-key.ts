import { randomUUID } from 'node:crypto'
import type { AuthContext } from '@better-auth/core'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { generateKeyPair, importPrivateJwk, type PrivateJwk } from '@countersign/protocol'
import type { NewKey, StoredKey } from './stored-key.ts'

type Secrets = Pick<AuthContext, 'secretConfig'>

/** A new Ed25519 key that signs from `signsFrom` on, in milliseconds; its private half encrypted. */
export async function makeKey({ secretConfig }: Secrets, signsFrom: number): Promise<NewKey> {
  const { publicJwk, privateJwk } = await generateKeyPair()
  const data = JSON.stringify(privateJwk)
  return {
    id: randomUUID(),
    publicKey: JSON.stringify(publicJwk),
    privateKey: JSON.stringify(await symmetricEncrypt({ key: secretConfig, data })),
    createdAt: new Date(signsFrom),
    alg: 'EdDSA',
    crv: 'Ed25519',
  }
}

/** Decrypts the private half of an Ed25519 key. Throws when another secret encrypted it. */
export async function openKey({ secretConfig }: Secrets, key: StoredKey) {
  try {
    const data: unknown = JSON.parse(key.privateKey)
    if (typeof data !== 'string') throw new TypeError('not encrypted')
    const jwk = JSON.parse(await symmetricDecrypt({ key: secretConfig, data })) as PrivateJwk
    return await importPrivateJwk(jwk)
  } catch (cause) {
    throw new Error(`The signing key ${key.id} was encrypted with another \`secret\`.`, { cause })
  }
}
