import { ProtocolError } from '@countersign/protocol'
import { isBanned } from '../agent-auth/people.ts'
import { anonymous } from './principal.ts'
import type { AnonymousPrincipal, UserPrincipal } from './principal.ts'
import type { AuthServer } from './server.ts'

const readOnlyMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The person behind a session cookie, or nobody.
 *
 * A browser attaches cookies by itself, so a request that changes something must also say that it
 * comes from one of our own pages.
 */
export async function authenticateSession(
  server: AuthServer,
  request: Request,
): Promise<UserPrincipal | AnonymousPrincipal> {
  if (!request.headers.has('cookie')) return anonymous
  const found = await server.getSession(request.headers)
  if (!found || isBanned(found.user, Date.now())) return anonymous
  if (!readOnlyMethods.has(request.method)) requireOwnOrigin(server, request.headers)

  const { session, user } = found
  return {
    kind: 'user',
    method: 'session',
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
