import { ProtocolError, readAgentJwt, type UnverifiedAgentJwt } from '@countersign/protocol'

/** The agent JWT of a request. Nothing it says is proven yet. */
export interface PresentedJwt {
  readonly jwt: string
  readonly token: UnverifiedAgentJwt
  /** Whether it came with the scheme `DPoP`. */
  readonly isDpop: boolean
}

/**
 * Reads the agent JWT of a request: after `Bearer` or `DPoP`, in any case (RFC 9110 section 11.1).
 *
 * Throws `authentication_required` without a credential, `invalid_jwt` with another one, and for
 * every audience but this service, compared as text (specification, 8.18).
 */
export function presentedJwt({ headers }: Request, location: string): PresentedJwt {
  const header = headers.get('authorization')
  if (header === null) throw new ProtocolError('authentication_required')
  const [, scheme = '', jwt = ''] = header.match(/^(Bearer|DPoP) +([^\s]+)$/i) ?? []
  if (jwt === '') {
    const message = 'Send the agent JWT as `Authorization: Bearer <jwt>`.'
    throw new ProtocolError('invalid_jwt', { message })
  }
  // Whether `iss` may be missing is for the authority to say.
  const token = readAgentJwt(jwt, { allowMissingIssuer: true })
  if (token.audience !== location) {
    throw new ProtocolError('invalid_jwt', { message: 'The JWT is for another audience.' })
  }
  return { jwt, token, isDpop: scheme.toLowerCase() === 'dpop' }
}
