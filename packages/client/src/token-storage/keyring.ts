import { fromBase64Url, toBase64Url } from '../base64url.ts'
import { readEnvironment } from '../config.ts'
import { TokenVaultError } from './error.ts'

interface Key {
  /** Tells which secret opens a record, and nothing about it. */
  readonly id: string
  readonly key: CryptoKey
}

const version = 'cv1'
const encoder = new TextEncoder()

/** The secret of stores that end with this process. */
let processSecret: string | undefined

/**
 * Seals records with AES-256-GCM under keys derived from secrets (HKDF-SHA-256).
 *
 * The first secret seals, all of them open. A sealed record opens only in the place it was made for.
 */
export class Keyring {
  readonly #secrets: readonly string[]
  #derived: Promise<readonly Key[]> | undefined

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
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

  /** Opens what was sealed for a place. Throws `TokenVaultError` with the code `unreadable`. */
  async open(sealed: string, place: string): Promise<string> {
    const [prefix, id, iv = '', body = ''] = sealed.split('.')
    const found = (await this.#keys()).find((key) => key.id === id)
    const [vector, bytes] = [fromBase64Url(iv), fromBase64Url(body)]
    if (prefix !== version || !found || !vector || !bytes) throw new TokenVaultError('unreadable')
    const additionalData = encoder.encode(`${version}.${id}.${place}`)
    try {
      const algorithm = { name: 'AES-GCM', iv: vector, additionalData }
      return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, found.key, bytes))
    } catch (cause) {
      throw new TokenVaultError('unreadable', { cause })
    }
  }

  /** Whether a record was sealed with the newest secret. */
  async isCurrent(sealed: string): Promise<boolean> {
    const [newest] = await this.#keys()
    return sealed.startsWith(`${version}.${newest?.id}.`)
  }

  #keys(): Promise<readonly Key[]> {
    return (this.#derived ??= Promise.all(this.#secrets.map(derive)))
  }
}

/**
 * Returns the secrets to use: the given ones, else `COUNTERSIGN_SECRET` or `BETTER_AUTH_SECRET`,
 * else, for a store that ends with the process, one made up now. Throws where none is strong enough.
 */
export function chooseSecrets(
  given: string | readonly string[] | undefined,
  ephemeral: boolean,
): readonly string[] {
  const secrets = typeof given === 'string' ? [given] : (given ?? secretOfEnvironment())
  if (secrets.length === 0 && given === undefined && ephemeral) {
    processSecret ??= toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
    return [processSecret]
  }
  if (secrets.length === 0) {
    throw new TypeError('KeyValueTokenStorage: set `secrets` or COUNTERSIGN_SECRET.')
  }
  if (secrets.some((secret) => secret.length < 32)) {
    throw new TypeError(
      'KeyValueTokenStorage: a secret needs 32 characters; make one with `openssl rand -hex 32`.',
    )
  }
  return secrets
}

function secretOfEnvironment(): readonly string[] {
  const secret = readEnvironment('COUNTERSIGN_SECRET') ?? readEnvironment('BETTER_AUTH_SECRET')
  return secret === undefined ? [] : [secret]
}

async function derive(secret: string): Promise<Key> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ])
  const purpose = (name: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(`countersign token vault ${name}`),
  })
  const algorithm = { name: 'AES-GCM', length: 256 }
  const [key, id] = await Promise.all([
    crypto.subtle.deriveKey(purpose('key'), material, algorithm, false, ['encrypt', 'decrypt']),
    crypto.subtle.deriveBits(purpose('id'), material, 64),
  ])
  return { id: toBase64Url(new Uint8Array(id)), key }
}
