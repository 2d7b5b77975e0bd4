import { createAuthMiddleware } from '@better-auth/core/api'
import { openSigned } from '../engine.ts'
import { ONE_FACTOR, reaches } from '../interaction/acr.ts'

/** The cookie of Better Auth's `twoFactor()` that lets a browser skip the second factor. */
const TRUSTED_DEVICE = 'trust_device'

/**
 * Before a sign-in with a password: no browser skips the second factor when the application asks for
 * a class of sign-in that one factor does not reach (`acr_values`).
 */
export const everyFactor = {
  matcher: ({ path, body }: { path?: string; body?: unknown }) =>
    /^\/sign-in\/(?:email|username)$/.test(path ?? '') && oauthQueryOf(body) !== null,
  handler: createAuthMiddleware(async (ctx) => {
    const signed = openSigned(oauthQueryOf(ctx.body) ?? '', ctx.context.secret, Date.now())
    const asked = signed?.query.get('acr_values')?.split(' ').filter(Boolean) ?? []
    if (asked.length === 0 || reaches(ONE_FACTOR, asked)) return undefined
    const { name } = ctx.context.createAuthCookie(TRUSTED_DEVICE)
    const cookies = (ctx.headers?.get('cookie') ?? '')
      .split(';')
      .filter((cookie) => cookie.trim().split('=')[0] !== name)
    return { context: { headers: new Headers({ cookie: cookies.join(';') }) } }
  }),
}

function oauthQueryOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('oauth_query' in body)) return null
  return typeof body.oauth_query === 'string' ? body.oauth_query : null
}
