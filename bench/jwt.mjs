import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const headers = {
  'agent+jwt': encode({ alg: 'EdDSA', typ: 'agent+jwt' }),
  'host+jwt': encode({ alg: 'EdDSA', typ: 'host+jwt' }),
}

/** An Ed25519 key, with the private half in the form that crosses processes. */
export function newKey() {
  const pair = generateKeyPairSync('ed25519')
  const { kty, crv, x } = pair.publicKey.export({ format: 'jwk' })
  return {
    publicJwk: { kty, crv, x },
    privateJwk: pair.privateKey.export({ format: 'jwk' }),
    thumbprint: createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url'),
  }
}

/** Signs one JWT for the next 60 seconds. Synchronous: tens of microseconds each. */
export function signJwt(typ, claims, privateKey) {
  const now = Math.floor(Date.now() / 1000)
  const payload = encode({ ...claims, iat: now, exp: now + 60, jti: randomUUID() })
  const data = `${headers[typ]}.${payload}`
  return `${data}.${sign(null, Buffer.from(data), privateKey).toString('base64url')}`
}
