import type { CryptoKey, PublicJwk } from './jwk.ts'

/** Checks one Ed25519 signature. A server may pass a faster one than WebCrypto's. */
export type VerifySignature = (
  jwk: PublicJwk,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
) => boolean | Promise<boolean>

/** {@link VerifySignature} that answers at once. */
export type VerifySignatureSync = (...args: Parameters<VerifySignature>) => boolean

const MAX_IMPORTED_KEYS = 1000

const importedKeys = new Map<string, Promise<CryptoKey>>()

/** Checks an Ed25519 signature with WebCrypto. A key is imported once and kept while in use. */
export async function verifyWithWebCrypto(
  jwk: PublicJwk,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  let key: CryptoKey
  try {
    key = await importKey(jwk.x)
  } catch {
    importedKeys.delete(jwk.x)
    return false
  }
  return crypto.subtle.verify('Ed25519', key, signature, data)
}

function importKey(x: string): Promise<CryptoKey> {
  const known = importedKeys.get(x)
  if (known) {
    // Moved to the end: the key unused for longest is the first of the map.
    importedKeys.delete(x)
    importedKeys.set(x, known)
    return known
  }
  const jwk = { kty: 'OKP', crv: 'Ed25519', x }
  const imported = crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify'])
  importedKeys.set(x, imported)
  if (importedKeys.size > MAX_IMPORTED_KEYS) {
    const [oldest] = importedKeys.keys()
    if (oldest !== undefined) importedKeys.delete(oldest)
  }
  return imported
}
