/** A signing key and its public half as a provider publishes it. */
export interface TestKey {
  jwk: JsonWebKey & { kid: string; alg: string }
  sign: (data: string) => Promise<string>
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A fresh key for RS256, RS512, ES256 or EdDSA. */
export async function createKey(
  alg: 'RS256' | 'RS512' | 'ES256' | 'EdDSA',
  kid = 'k1',
): Promise<TestKey> {
  const parameters = {
    RS256: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    RS512: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-512',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    EdDSA: { name: 'Ed25519' },
  }[alg]
  const pair = (await crypto.subtle.generateKey(parameters, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return {
    jwk: { ...jwk, kid, alg, use: 'sig' },
    sign: async (data) => {
      const signature = await crypto.subtle.sign(parameters, pair.privateKey, Buffer.from(data))
      return Buffer.from(signature).toString('base64url')
    },
  }
}

/** A compact JWS with any header and any payload. */
export async function signToken(
  key: Pick<TestKey, 'sign'>,
  header: object,
  claims: unknown,
): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${await key.sign(input)}`
}

/** Signs with an HMAC over any bytes, as a forger would who knows only public ones. */
export function macKey(secret: string | Uint8Array): Pick<TestKey, 'sign'> {
  return {
    sign: async (data) => {
      const algorithm = { name: 'HMAC', hash: 'SHA-256' }
      const bytes = Buffer.from(secret)
      const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
      const mac = await crypto.subtle.sign('HMAC', key, Buffer.from(data))
      return Buffer.from(mac).toString('base64url')
    },
  }
}
