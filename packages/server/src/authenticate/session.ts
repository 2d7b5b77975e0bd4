import { ProtocolError } from '@countersign/protocol'
import type { SessionRecord } from '../sessions/sessions.ts'
import { badCredential } from './credential.ts'
import { anonymous } from './principal.ts'
import type { AnonymousPrincipal, UserPrincipal } from './principal.ts'
import type { AuthRequest, AuthServer } from './server.ts'

const readOnlyMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The person behind a session cookie, or nobody.
 *
 * A browser attaches cookies by itself, so a request that changes something must also say that it
 * comes from one of our own pages.
 */
export async function authenticateSession(
  server: AuthServer,
  { headers, method }: AuthRequest,
): Promise<UserPrincipal | AnonymousPrincipal> {
  const token = server.sessions.tokenOf(headers)
  const found = token === null ? null : await server.sessions.find(token, Date.now())
  if (!found) return anonymous
  if (!readOnlyMethods.has(method)) requireOwnOrigin(server, headers)
  return principalOf(found, 'session')
}

/** The person behind a signed session token that was sent as a bearer token, or 401. */
export async function authenticateSessionToken(
  { sessions }: AuthServer,
  signed: string,
): Promise<UserPrincipal> {
  const token = sessions.open(signed)
  const found = token === null ? null : await sessions.find(token, Date.now())
  if (!found) throw badCredential('The bearer token is not valid.')
  return principalOf(found, 'bearer')
}

/** The person of a session, as its cookie or a token that stands for it proved. */
export function principalOf(
  { session, user }: SessionRecord,
  method: UserPrincipal['method'],
): UserPrincipal {
  return {
    kind: 'user',
    method,
    userId: user.id,
    email: user.email,
    emailVerified: user.emailVerified,
    name: user.name,
    session: {
      id: session.id,
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      activeOrganizationId: session.activeOrganizationId ?? null,
    },
  }
}

function requireOwnOrigin({ context }: AuthServer, headers: Headers): void {
  const origin = headers.get('origin')
  if (origin === null || !context.trustedOrigins.includes(origin)) {
    throw new ProtocolError('unauthorized', {
      message: 'A request with a cookie must come from a page of this server.',
    })
  }
}
