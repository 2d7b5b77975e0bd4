import { createAuthMiddleware } from '@better-auth/core/api'
import { appendQueryParams } from '@better-auth/core/utils/url'
import { deleteSessionCookie } from 'better-auth/cookies'

/**
 * Ends the session that a link in an e-mail made for somebody who has a second factor, and sends them
 * on with `error=two_factor_required`.
 *
 * It is gone before the answer leaves. Where they are sent was checked before the link was used.
 */
export const refuseMagicLink = createAuthMiddleware(async (ctx) => {
  const made = ctx.context.newSession
  if (!made || (made.user as { twoFactorEnabled?: unknown }).twoFactorEnabled !== true) return
  await ctx.context.internalAdapter.deleteSession(made.session.token)
  deleteSessionCookie(ctx, true)
  ctx.context.setNewSession(null)
  const { errorCallbackURL, callbackURL } = (ctx.query ?? {}) as Record<string, string | undefined>
  const target = decodeURIComponent(errorCallbackURL ?? callbackURL ?? '/')
  const url = new URL(target, ctx.context.baseURL).href
  throw ctx.redirect(appendQueryParams(url, new URLSearchParams({ error: 'two_factor_required' })))
})
