import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'

/** How the key of a file is found: derived from a passphrase, or read from the key file beside it. */
export type KeySource =
  | {
      readonly kind: 'scrypt'
      readonly salt: string
      readonly N: number
      readonly r: 8
      readonly p: 1
    }
  | { readonly kind: 'key-file' }

/** An encrypted file: AES-256-GCM over the whole content, bound to how its key is found. */
export interface SealedFile {
  readonly version: 1
  readonly key: KeySource
  readonly iv: string
  readonly tag: string
  readonly ciphertext: string
}

/** OWASP's recommendation for scrypt: 128 MB and about a third of a second. */
const SCRYPT_N = 2 ** 17

/** A fresh salt with today's cost. */
export function newPassphraseKeySource(): KeySource {
  return { kind: 'scrypt', salt: randomBytes(16).toString('base64url'), N: SCRYPT_N, r: 8, p: 1 }
}

/** Derives the file key from a passphrase. Refuses costs a tampered file could ask for. */
export async function deriveKey(
  passphrase: string,
  source: Extract<KeySource, { kind: 'scrypt' }>,
): Promise<Uint8Array> {
  if (source.N < 2 ** 15 || source.N > 2 ** 20) throw new Error('The scrypt cost is out of range.')
  const options = { N: source.N, r: 8, p: 1, maxmem: 256 * source.N * 8 }
  return new Promise((resolve, reject) => {
    const salt = fromBase64Url(source.salt)
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(new Uint8Array(key)),
    )
  })
}

/** Encrypts `text`. Every call draws a new nonce. */
export function seal(text: string, key: Uint8Array, source: KeySource): SealedFile {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(headerBytes(source))
  const ciphertext = `${cipher.update(text, 'utf8', 'base64')}${cipher.final('base64')}`
  const tag = cipher.getAuthTag().toString('base64url')
  return { version: 1, key: source, iv: iv.toString('base64url'), tag, ciphertext }
}

/** Decrypts a file, or throws when the key is wrong or a byte was changed. */
export function unseal(file: SealedFile, key: Uint8Array): string {
  const options = { authTagLength: 16 }
  const decipher = createDecipheriv('aes-256-gcm', key, fromBase64Url(file.iv), options)
  decipher.setAAD(headerBytes(file.key))
  decipher.setAuthTag(fromBase64Url(file.tag))
  return `${decipher.update(file.ciphertext, 'base64', 'utf8')}${decipher.final('utf8')}`
}

function headerBytes(source: KeySource): Uint8Array {
  const { kind } = source
  const header = kind === 'scrypt' ? [1, kind, source.salt, source.N] : [1, kind]
  return new TextEncoder().encode(JSON.stringify(header))
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  )
}
