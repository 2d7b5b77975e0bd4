import { AccessTokenError } from './error.ts'

/** The access token of a request. Nothing is proven yet. */
export interface PresentedToken {
  readonly token: string
  /** Whether it came with the scheme `DPoP`. */
  readonly isDpop: boolean
}

/** Tokens are read from one header alone; longer ones are not looked at. In characters. */
const MAX_TOKEN = 8192

/**
 * Reads the access token of a request: after `Bearer` or `DPoP`, in any case (RFC 9110 section 11.1).
 *
 * A token in the URL is refused even next to one in the header: it stands in logs and histories
 * (RFC 9700 section 4.3.2).
 */
export function presentedToken({ headers, url }: Request): PresentedToken {
  if (new URL(url).searchParams.has('access_token')) {
    throw new AccessTokenError('invalid_request', 'Send the token in the Authorization header.')
  }
  const header = headers.get('authorization')
  if (header === null) {
    throw new AccessTokenError('missing_token', 'This request needs an access token.')
  }
  const [, scheme = '', token = ''] = header.match(/^(Bearer|DPoP) +([\w\-.~+/]+=*)$/i) ?? []
  if (token === '' || token.length > MAX_TOKEN) {
    throw new AccessTokenError('invalid_token', 'The Authorization header holds no access token.')
  }
  return { token, isDpop: scheme.toLowerCase() === 'dpop' }
}
