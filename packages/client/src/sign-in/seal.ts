import { fromBase64Url, toBase64Url } from '../base64url.ts'

const encoder = new TextEncoder()
const ivBytes = 12

/** Encrypts small values so that only this application reads them, and nobody changes them. */
export interface Sealer {
  /** `place` is where the sealed value belongs; it opens nowhere else. */
  seal(value: unknown, place: string): Promise<string>
  /** The value, or undefined for anything that was not sealed here for this place. */
  open(sealed: string, place: string): Promise<unknown>
}

/**
 * A sealer with AES-256-GCM and keys derived from the secrets (HKDF, RFC 5869). The first secret seals,
 * every one opens: put a new one in front to rotate.
 */
export function createSealer(secrets: readonly string[], purpose: string): Sealer {
  const keys = secrets.map((secret) => deriveKey(secret, purpose))
  return {
    seal: async (value, place) => {
      const [key] = keys
      if (!key) throw new TypeError('createSealer: there must be a secret')
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const data = encoder.encode(JSON.stringify(value))
      const encrypted = await crypto.subtle.encrypt(parameters(iv, place), await key, data)
      return toBase64Url(new Uint8Array([...iv, ...new Uint8Array(encrypted)]))
    },
    open: async (sealed, place) => {
      const bytes = fromBase64Url(sealed)
      if (!bytes) return undefined
      const iv = bytes.slice(0, ivBytes)
      for (const key of keys) {
        const opened = await decrypt(await key, parameters(iv, place), bytes.slice(ivBytes))
        if (opened !== undefined) return JSON.parse(opened)
      }
      return undefined
    },
  }
}

function parameters(iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(place) }
}

async function decrypt(
  key: CryptoKey,
  settings: AesGcmParams,
  data: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await crypto.subtle.decrypt(settings, key, data))
  } catch {
    return undefined
  }
}

async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(),
      info: encoder.encode(`countersign ${purpose}`),
    },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}
