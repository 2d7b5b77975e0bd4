import { decodeBase64url } from './base64url.ts'
import { ProtocolError } from './errors.ts'
import { isJsonObject } from './json.ts'

/** The longest JWT that is looked at, in characters. */
export const MAX_JWT_LENGTH = 8192

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The parts of a JWT. Nothing in it is verified. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signature: Uint8Array<ArrayBuffer>
  /** The bytes the signature covers. */
  readonly signedData: Uint8Array<ArrayBuffer>
}

/**
 * Takes a JWT apart, accepting only a compact JWS in canonical base64url with one of `algorithms`.
 *
 * The header never chooses a key: `jwk`, `jku`, `x5u` and the like are ignored. `crit` is refused,
 * because no extension is understood (RFC 7515 section 4.1.11).
 */
export function decodeJwt(jwt: string, algorithms: readonly string[] = ['EdDSA']): DecodedJwt {
  if (typeof jwt !== 'string' || jwt.length > MAX_JWT_LENGTH) throw malformed()
  const [header, payload, signature, ...rest] = jwt.split('.')
  if (!header || !payload || !signature || rest.length > 0) throw malformed()

  const decoded: DecodedJwt = {
    header: decodeObject(header),
    payload: decodeObject(payload),
    signature: decodeBase64url(signature) ?? new Uint8Array(),
    signedData: encoder.encode(`${header}.${payload}`),
  }
  if (decoded.signature.length !== 64) throw malformed()
  if (!algorithms.some((algorithm) => algorithm === decoded.header['alg'])) {
    const message = `The JWT must be signed with ${algorithms.join(' or ')}.`
    throw new ProtocolError('invalid_jwt', { message })
  }
  if (Object.hasOwn(decoded.header, 'crit')) throw malformed()
  return decoded
}

function decodeObject(part: string): Record<string, unknown> {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) throw malformed()
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    if (isJsonObject(value)) return value
  } catch (cause) {
    throw malformed(cause)
  }
  throw malformed()
}

function malformed(cause?: unknown): ProtocolError {
  return new ProtocolError('invalid_jwt', { message: 'The JWT is malformed.', cause })
}
