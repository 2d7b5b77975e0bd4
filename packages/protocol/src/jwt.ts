import { decodeBase64url } from './base64url.ts'
import { ProtocolError } from './errors.ts'
import { isJsonObject } from './json.ts'

/** The longest JWT that is looked at, in characters. */
export const MAX_JWT_LENGTH = 8192

/** The parts of a JWT. Nothing in it is verified. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signature: Uint8Array<ArrayBuffer>
  /** The bytes the signature covers. */
  readonly signedData: Uint8Array<ArrayBuffer>
}

/**
 * Takes a JWT apart, accepting only a compact JWS in canonical base64url with `alg` `EdDSA`.
 *
 * The header never chooses a key: `jwk`, `jku`, `x5u` and the like are ignored. `crit` is refused,
 * because no extension is understood (RFC 7515 section 4.1.11).
 */
export function decodeJwt(jwt: string): DecodedJwt {
  if (typeof jwt !== 'string' || jwt.length > MAX_JWT_LENGTH) throw malformed()
  const [header, payload, signature, ...rest] = jwt.split('.')
  if (!header || !payload || !signature || rest.length > 0) throw malformed()

  const decoded: DecodedJwt = {
    header: decodeObject(header),
    payload: decodeObject(payload),
    signature: decodeBase64url(signature) ?? new Uint8Array(),
    signedData: new TextEncoder().encode(`${header}.${payload}`),
  }
  if (decoded.signature.length !== 64) throw malformed()
  if (decoded.header['alg'] !== 'EdDSA') {
    throw new ProtocolError('invalid_jwt', { message: 'The JWT must be signed with EdDSA.' })
  }
  if (Object.hasOwn(decoded.header, 'crit')) throw malformed()
  return decoded
}

function decodeObject(part: string): Record<string, unknown> {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) throw malformed()
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (isJsonObject(value)) return value
  } catch (cause) {
    throw malformed(cause)
  }
  throw malformed()
}

function malformed(cause?: unknown): ProtocolError {
  return new ProtocolError('invalid_jwt', { message: 'The JWT is malformed.', cause })
}
