import { ProtocolError } from '@countersign/protocol'
import { challengeOf, type RouteRequest } from './http.ts'

/** The credential after `Bearer`, or `null` when the request carries no such credential. */
export function bearerToken(headers: Headers): string | null {
  const header = headers.get('authorization')
  const match = header?.match(/^Bearer +([^\s]+)$/i)
  return match?.[1] ?? null
}

/** The JWT after `Bearer` or `DPoP`, the two schemes an agent may use (RFC 9449 section 7.1). */
export function presentedJwt(headers: Headers): string | null {
  const match = headers.get('authorization')?.match(/^(?:Bearer|DPoP) +([^\s]+)$/i)
  return match?.[1] ?? null
}

/** The JWT of a host, or throws what says how to send one. */
export function requireBearer(request: Pick<RouteRequest, 'context' | 'headers'>): string {
  return requireCredential(request, bearerToken(request.headers))
}

/** The JWT of an agent, in either scheme, or throws what says how to send one. */
export function requireJwt(request: Pick<RouteRequest, 'context' | 'headers'>): string {
  return requireCredential(request, presentedJwt(request.headers))
}

function requireCredential(
  { context, headers }: Pick<RouteRequest, 'context' | 'headers'>,
  jwt: string | null,
): string {
  if (jwt) return jwt
  if (headers.has('authorization')) {
    const message = 'Send the JWT as `Authorization: Bearer <jwt>`.'
    throw new ProtocolError('invalid_jwt', { message })
  }
  throw new ProtocolError('authentication_required', {
    headers: { 'www-authenticate': challengeOf(context) },
  })
}
