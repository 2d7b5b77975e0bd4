import type { AuthContext, BetterAuthPlugin } from '@better-auth/core'
import { createAuthEndpoint, createAuthMiddleware } from '@better-auth/core/api'
import type { Where } from '@better-auth/core/db/adapter'
import { sensitiveSessionMiddleware } from 'better-auth/api'
import * as z from 'zod'
import { unavailable } from '../explain-failure.ts'
import { isStoredToken } from './stored-token.ts'

type Ending = Pick<AuthContext, 'adapter' | 'internalAdapter'>

/**
 * Ends sessions where tokens are stored hashed.
 *
 * `list-sessions` names sessions by what is stored of their tokens, so two of Better Auth's endpoints,
 * which compare and look up tokens, are answered here. Ending is also checked: Better Auth says that
 * it signed somebody out when it could not.
 */
export const sessionEnding = {
  id: 'countersign-sessions',
  endpoints: {
    revokeSession: createAuthEndpoint(
      '/revoke-session',
      {
        method: 'POST',
        body: z.object({ token: z.string() }),
        use: [sensitiveSessionMiddleware],
        requireHeaders: true,
      },
      async (ctx) => {
        const { user } = ctx.context.session
        await endSessions(ctx.context, [
          { field: 'token', value: ctx.body.token },
          { field: 'userId', value: user.id },
        ])
        return ctx.json({ status: true })
      },
    ),
    revokeOtherSessions: createAuthEndpoint(
      '/revoke-other-sessions',
      { method: 'POST', use: [sensitiveSessionMiddleware], requireHeaders: true },
      async (ctx) => {
        const { user, session } = ctx.context.session
        await endSessions(ctx.context, [
          { field: 'userId', value: user.id },
          { field: 'id', operator: 'ne', value: session.id },
        ])
        return ctx.json({ status: true })
      },
    ),
  },
  hooks: {
    after: [
      {
        matcher: ({ path }) => path === '/sign-out',
        handler: createAuthMiddleware(async (ctx) => {
          const { authCookies, secret, adapter } = ctx.context
          const token = await ctx.getSignedCookie(authCookies.sessionToken.name, secret)
          if (typeof token !== 'string' || isStoredToken(token)) return
          const where = [{ field: 'token', value: token }]
          if (await adapter.findOne({ model: 'session', where })) throw unavailable()
        }),
      },
    ],
  },
} satisfies BetterAuthPlugin

/** Ends every session that matches, a hundred at a time: more an adapter does not list. */
async function endSessions({ adapter, internalAdapter }: Ending, where: Where[]): Promise<void> {
  let last: string | undefined
  for (;;) {
    const sessions = await adapter.findMany<{ id: string; token: string }>({
      model: 'session',
      where,
      limit: 100,
    })
    const [first] = sessions
    if (!first) return
    if (first.id === last) throw unavailable()
    last = first.id
    await internalAdapter.deleteSessions(sessions.map(({ token }) => token))
  }
}
