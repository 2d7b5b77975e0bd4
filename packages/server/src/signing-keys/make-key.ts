import {
  createPrivateKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { AuthContext } from '@better-auth/core'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import type { NewKey, StoredKey } from './stored-key.ts'

type Secrets = Pick<AuthContext, 'secretConfig'>

/** What this server signs with: Ed25519 for tokens, RSA for ID tokens, which every client can check. */
export type SigningAlgorithm = 'EdDSA' | 'RS256'

interface WantedKey {
  readonly algorithm: SigningAlgorithm
  /** From when on it signs, in milliseconds. */
  readonly signsFrom: number
}

const generate = promisify(generateKeyPair)

/** A new key of 2048 bits for RS256, or an Ed25519 key; its private half encrypted. */
export async function makeKey(
  { secretConfig }: Secrets,
  { algorithm, signsFrom }: WantedKey,
): Promise<NewKey> {
  const { publicKey, privateKey } = await (algorithm === 'RS256'
    ? generate('rsa', { modulusLength: 2048 })
    : generate('ed25519'))
  const data = JSON.stringify(privateKey.export({ format: 'jwk' }))
  return {
    id: randomUUID(),
    publicKey: JSON.stringify(publicKey.export({ format: 'jwk' })),
    privateKey: JSON.stringify(await symmetricEncrypt({ key: secretConfig, data })),
    createdAt: new Date(signsFrom),
    alg: algorithm,
    crv: algorithm === 'EdDSA' ? 'Ed25519' : null,
  }
}

/** Decrypts the private half of a key. Throws when another secret encrypted it. */
export async function openKey({ secretConfig }: Secrets, key: StoredKey): Promise<KeyObject> {
  try {
    const data: unknown = JSON.parse(key.privateKey)
    if (typeof data !== 'string') throw new TypeError('not encrypted')
    const jwk = JSON.parse(await symmetricDecrypt({ key: secretConfig, data })) as JsonWebKey
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw new Error(`The signing key ${key.id} was encrypted with another \`secret\`.`, { cause })
  }
}
