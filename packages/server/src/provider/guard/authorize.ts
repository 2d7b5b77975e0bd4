import type { AuthContext, HookEndpointContext } from '@better-auth/core'
import { createAuthEndpoint, createAuthMiddleware } from '@better-auth/core/api'
import { getSessionFromCtx } from 'better-auth/api'
import { parseSetCookieHeader } from 'better-auth/cookies'
import type { ProviderContext } from '../context.ts'
import { type Engine, requestBehindSignIn } from '../engine.ts'
import { requestOf } from '../interaction/browser-route.ts'
import { goOn } from './go-on.ts'
import { leadTo, redirectTo } from './lead-to.ts'

type ContextOf = (auth: AuthContext) => ProviderContext

/** The largest form that is read, in characters. */
const MAX_FORM = 32_768

/**
 * `GET|POST /oauth2/authorize`: where a client sends a browser.
 *
 * A form is turned into a URL first: cookies of ours do not come with a form of another site, and
 * somebody who is signed in would be asked to sign in.
 */
export function authorizeEndpoint(engine: () => Engine, contextOf: ContextOf) {
  const options = {
    method: ['GET' as const, 'POST' as const],
    disableBody: true,
    requireRequest: true,
  }
  return createAuthEndpoint('/oauth2/authorize', options, async (ctx) => {
    const request = requestOf(ctx)
    const context = contextOf(ctx.context)
    if (request.method === 'POST') {
      const form = (await request.text()).slice(0, MAX_FORM)
      const url = `${context.issuer}${context.basePath}/oauth2/authorize?${new URLSearchParams(form)}`
      return new Response(null, {
        status: 303,
        headers: { location: url, 'cache-control': 'no-store' },
      })
    }
    const query = new URLSearchParams(request.url.replace(/^[^?]*\??/, ''))
    const person = await getSessionFromCtx(ctx, { disableCookieCache: true })
    return redirectTo(ctx, await goOn(engine(), ctx, { context, person, query, isFresh: false }))
  })
}

/** Paths whose sign-ins belong to nobody's authorization request: they only renew a cookie. */
const own = /^\/(?:oauth2|oidc)\//

/** After a sign-in, goes on with the authorization request that it was for. */
export function afterSignIn(engine: () => Engine, contextOf: ContextOf) {
  return {
    matcher: ({ path, context }: HookEndpointContext) =>
      !own.test(path ?? '') && sessionTokenIn(context) !== undefined,
    handler: createAuthMiddleware(async (ctx) => {
      const token = sessionTokenIn(ctx.context)
      const request = await requestBehindSignIn()
      if (!request || !token) return undefined
      const person = await ctx.context.internalAdapter.findSession(token)
      if (!person) return undefined
      ctx.context.session = person
      const { query, issuedAt } = request
      const isFresh = new Date(person.session.createdAt).getTime() >= issuedAt
      const answered = isFresh ? (['login', 'create', 'select_account'] as const) : []
      const context = contextOf(ctx.context)
      return leadTo(ctx, await goOn(engine(), ctx, { context, person, query, isFresh, answered }))
    }),
  }
}

/** The token in the session cookie that an answer sets. */
function sessionTokenIn({
  responseHeaders,
  authCookies,
}: Pick<HookEndpointContext['context'], 'responseHeaders' | 'authCookies'>): string | undefined {
  const cookies = parseSetCookieHeader(responseHeaders?.get('set-cookie') ?? '')
  const token = cookies.get(authCookies.sessionToken.name)?.value.split('.')[0]
  return token === '' ? undefined : token
}
