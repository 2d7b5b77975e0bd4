import { ProtocolError } from '@countersign/protocol'

/** The one explicit credential of a request, as it was sent. Nothing in it is verified yet. */
export type Credential =
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'bearer' }

/** The header for API keys that leaves `Authorization` to others. */
export const apiKeyHeader = 'x-countersign-api-key'

const maxLength = 8192
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
    case 'dpop':
      return { kind: 'bearer' }
    case '':
      throw badCredential('The Authorization header is malformed.')
    default:
      throw badCredential('The Authorization scheme is not one this server knows.')
  }
}
