import { fromBase64Url, toBase64Url } from './base64url.ts'

interface Key {
  /** Tells which secret opens, and nothing about it. */
  readonly id: string
  readonly key: CryptoKey
}

const version = 'cv1'
const encoder = new TextEncoder()

/**
 * Seals texts with AES-256-GCM under keys derived from secrets for one purpose (HKDF, RFC 5869).
 *
 * The first secret seals, all of them open: put a new one in front to rotate. What is sealed opens
 * only in the place it was made for.
 */
export class Keyring {
  readonly #secrets: readonly string[]
  readonly #purpose: string
  #derived: Promise<readonly Key[]> | undefined

  constructor(secrets: readonly string[], purpose: string) {
    this.#secrets = secrets
    this.#purpose = purpose
  }

  /** Seals a text for a place. */
  async seal(text: string, place: string): Promise<string> {
    const [newest] = await this.#keys()
    if (!newest) throw new TypeError('A keyring needs a secret.')
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const header = `${version}.${newest.id}`
    const algorithm = { name: 'AES-GCM', iv, additionalData: encoder.encode(`${header}.${place}`) }
    const sealed = await crypto.subtle.encrypt(algorithm, newest.key, encoder.encode(text))
    return `${header}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`
  }

  /** Opens what was sealed for a place; undefined for anything else. */
  async open(sealed: string, place: string): Promise<string | undefined> {
    const [prefix, id, iv = '', body = ''] = sealed.split('.')
    const found = (await this.#keys()).find((key) => key.id === id)
    const [vector, bytes] = [fromBase64Url(iv), fromBase64Url(body)]
    if (prefix !== version || !found || !vector || !bytes) return undefined
    const additionalData = encoder.encode(`${version}.${id}.${place}`)
    try {
      const algorithm = { name: 'AES-GCM', iv: vector, additionalData }
      return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, found.key, bytes))
    } catch {
      return undefined
    }
  }

  /** Whether something was sealed with the newest secret. */
  async isCurrent(sealed: string): Promise<boolean> {
    const [newest] = await this.#keys()
    return sealed.startsWith(`${version}.${newest?.id}.`)
  }

  #keys(): Promise<readonly Key[]> {
    return (this.#derived ??= Promise.all(
      this.#secrets.map((secret) => derive(secret, this.#purpose)),
    ))
  }
}

async function derive(secret: string, purpose: string): Promise<Key> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ])
  const parameters = (name: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(`countersign ${purpose} ${name}`),
  })
  const algorithm = { name: 'AES-GCM', length: 256 }
  const [key, id] = await Promise.all([
    crypto.subtle.deriveKey(parameters('key'), material, algorithm, false, ['encrypt', 'decrypt']),
    crypto.subtle.deriveBits(parameters('id'), material, 64),
  ])
  return { id: toBase64Url(new Uint8Array(id)), key }
}
