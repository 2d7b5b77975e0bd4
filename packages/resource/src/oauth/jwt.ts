import { decodeBase64url, MAX_JWT_LENGTH } from '@countersign/protocol'
import { compactVerify } from 'jose'
import { AccessTokenError } from './error.ts'
import type { IssuerKeys } from './issuer-keys.ts'

/** The algorithms access tokens are signed with. Never `none`, never one with a shared secret. */
const ALGORITHMS = ['EdDSA', 'ES256', 'Ed25519', 'PS256', 'RS256']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a token has the form of a compact JWS. */
export function looksLikeJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
}

/**
 * Verifies type, algorithm and signature of a JWT access token (RFC 9068 section 4); its claims are
 * the caller's to check.
 *
 * The header chooses among the issuer's published keys and nothing else.
 */
export async function verifyJwt(
  jwt: string,
  keys: IssuerKeys,
): Promise<Readonly<Record<string, unknown>>> {
  const { header, payload } = decode(jwt)
  const { typ, alg } = header
  if (typeof typ !== 'string' || !/^(application\/)?at\+jwt$/i.test(typ)) {
    throw refused('The typ of the token must be at+jwt.')
  }
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) {
    throw refused(`The token must be signed with ${ALGORITHMS.join(', ')}.`)
  }
  // No extension is understood (RFC 7515 section 4.1.11).
  if (Object.hasOwn(header, 'crit')) throw refused('The token uses an extension.')
  const key = await keys.find({ ...header, alg })
  if (!key) throw refused('The token is signed with an unknown key.')
  try {
    await compactVerify(jwt, key, { algorithms: [alg] })
  } catch (cause) {
    throw refused('The signature of the token is invalid.', cause)
  }
  return payload
}

/** Takes a JWT apart in its one canonical spelling: what is changed anywhere is another token. */
function decode(jwt: string) {
  if (jwt.length > MAX_JWT_LENGTH) throw refused('The token is too long.')
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  if (decodeBase64url(signature) === undefined) throw refused('The token is malformed.')
  return { header: decodeObject(header), payload: decodeObject(payload) }
}

function decodeObject(part: string): Record<string, unknown> {
  const bytes = decodeBase64url(part)
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch (cause) {
    throw refused('The token is malformed.', cause)
  }
  throw refused('The token is malformed.')
}

function refused(description: string, cause?: unknown): AccessTokenError {
  return new AccessTokenError('invalid_token', description, { cause })
}
