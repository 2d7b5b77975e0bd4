import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const headers = {
  'agent+jwt': encode({ alg: 'EdDSA', typ: 'agent+jwt' }),
  'host+jwt': encode({ alg: 'EdDSA', typ: 'host+jwt' }),
}

// PKCS #8 of an Ed25519 key up to its 32 secret bytes (RFC 8410 section 7).
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * An Ed25519 key, with the private half in the form that crosses processes.
 *
 * Not `generateKeyPairSync`: on Node 20 a garbage collection while one of its keys is exported can
 * wait for itself for ever.
 */
export function newKey() {
  const secret = randomBytes(32)
  const publicKey = createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' })
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.subarray(-32).toString('base64url') }
  const canonical = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: publicJwk.x })
  const thumbprint = createHash('sha256').update(canonical).digest('base64url')
  return { secret: secret.toString('base64url'), publicJwk, thumbprint }
}

/** The key that signs, from the `secret` of {@link newKey}. */
export function privateKeyOf(secret) {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : secret
  return createPrivateKey({ key: Buffer.concat([pkcs8, bytes]), format: 'der', type: 'pkcs8' })
}

/** Signs one JWT for the next 60 seconds. Synchronous: tens of microseconds each. */
export function signJwt(typ, claims, privateKey) {
  const now = Math.floor(Date.now() / 1000)
  const payload = encode({ ...claims, iat: now, exp: now + 60, jti: randomUUID() })
  const data = `${headers[typ]}.${payload}`
  return `${data}.${sign(null, Buffer.from(data), privateKey).toString('base64url')}`
}
