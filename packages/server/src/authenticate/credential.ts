import { decodeBase64url, ProtocolError } from '@countersign/protocol'

/** The one explicit credential of a request, as it was sent. Nothing in it is verified yet. */
export type Credential =
  | { readonly kind: 'api-key'; readonly key: string }
  /** A JWT of our own key set. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** The JWT of an agent; its verifier reads the request, for the proof of possession. */
  | { readonly kind: 'agent' }
  /** No JWT: a signed session token, or a static one. */
  | { readonly kind: 'opaque'; readonly token: string }

/** The header for API keys that leaves `Authorization` to others. */
export const apiKeyHeader = 'x-countersign-api-key'

const maxLength = 8192
const decoder = new TextDecoder()
// RFC 9110 section 11.4: a scheme, one or more spaces, and a token68.
const authorization = /^([A-Za-z][A-Za-z0-9-]*) +([A-Za-z0-9._~+/-]+=*)$/

/**
 * Picks the explicit credential of a request: `Authorization` first, else the API-key header.
 *
 * A header that is there but cannot be read is a bad credential, never an absent one.
 */
export function pickCredential(headers: Headers): Credential | undefined {
  const header = headers.get('authorization')
  if (header !== null) return parseAuthorization(header)
  const key = headers.get(apiKeyHeader)
  if (key === null) return undefined
  if (!/^[\x21-\x7e]{1,512}$/.test(key)) throw badCredential('The API key is malformed.')
  return { kind: 'api-key', key }
}

/** A 401 for a credential that was sent and does not hold. */
export function badCredential(message: string): ProtocolError {
  return new ProtocolError('authentication_required', { message })
}

function parseAuthorization(header: string): Credential {
  const match = header.length <= maxLength ? authorization.exec(header) : null
  const [, scheme = '', value = ''] = match ?? []
  switch (scheme.toLowerCase()) {
    case 'apikey':
      return { kind: 'api-key', key: value }
    case 'bearer':
      return parseBearer(value)
    case 'dpop':
      return { kind: 'agent' }
    case '':
      throw badCredential('The Authorization header is malformed.')
    default:
      throw badCredential('The Authorization scheme is not one this server knows.')
  }
}

/** Tells bearer tokens apart by their form alone; the verifier decides whether they hold. */
function parseBearer(token: string): Credential {
  const type = jwtType(token)
  if (type === null) return { kind: 'opaque', token }
  // Media types compare without case, and `application/` may be left out (RFC 7515, 4.1.9).
  const isAgents = /^(application\/)?(agent|host)\+jwt$/i.test(type)
  return isAgents ? { kind: 'agent' } : { kind: 'bearer', token }
}

/** The `typ` of a JWT, empty without one; null for what is no JWT. */
function jwtType(token: string): string | null {
  const match = /^([\w-]+)\.[\w-]*\.[\w-]*$/.exec(token)
  const bytes = match?.[1] === undefined ? undefined : decodeBase64url(match[1])
  if (!bytes) return null
  try {
    const header: unknown = JSON.parse(decoder.decode(bytes))
    if (typeof header !== 'object' || header === null || !('alg' in header)) return null
    return 'typ' in header && typeof header.typ === 'string' ? header.typ : ''
  } catch {
    return null
  }
}
