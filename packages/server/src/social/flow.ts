import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { addOAuthServerContext, getSessionFromCtx } from 'better-auth/api'
import * as z from 'zod'

/** What is bound to a state when a flow starts. It is stored here, and no caller can set it. */
const flowSchema = z.object({
  serverContext: z.object({ provider: z.string(), session: z.string().nullable() }),
  link: z.object({ userId: z.string() }).optional(),
})

/** Binds a flow to its provider and to the session that starts it. */
export const startFlow = createAuthMiddleware(async (ctx) => {
  const { provider, idToken } = (ctx.body ?? {}) as { provider?: unknown; idToken?: unknown }
  if (idToken !== undefined) {
    // No browser took part in getting it, so nothing says that it was meant for this one.
    throw new APIError('BAD_REQUEST', {
      code: 'ID_TOKEN_NOT_SUPPORTED',
      message: 'Sign in through the provider’s page.',
    })
  }
  const session = ctx.path === '/link-social' ? await getSessionFromCtx(ctx) : null
  await addOAuthServerContext({ provider, session: session?.session.id ?? null })
})

/**
 * Lets a callback through once, at the provider its flow began with, and for a link only in the
 * session that asked for it.
 *
 * Better Auth binds the state to the browser, with a cookie, and nothing more. Whatever does not fit
 * gets its answer to a state that does not exist.
 */
export const finishFlow = createAuthMiddleware(async (ctx) => {
  const state: unknown = ctx.query?.['state']
  if (typeof state !== 'string') return undefined
  const { createAuthCookie, internalAdapter, secret } = ctx.context
  const isOwnBrowser = (await ctx.getSignedCookie(createAuthCookie('state').name, secret)) === state
  const row = isOwnBrowser ? await internalAdapter.findVerificationValue(state) : null
  const flow = row && flowSchema.safeParse(JSON.parse(row.value)).data
  if (!row || !flow) return refused(ctx.query)

  const { provider, session: startedBy } = flow.serverContext
  if (provider !== (ctx.params as { id?: unknown } | undefined)?.id) return refused(ctx.query)
  if (flow.link) {
    const current = await getSessionFromCtx(ctx)
    if (!current || current.session.id !== startedBy) return refused(ctx.query)
  }
  const { expiresAt } = row
  const claim = { identifier: `oauth-callback:${state}`, value: 'used', expiresAt }
  return (await internalAdapter.reserveVerificationValue(claim)) ? undefined : refused(ctx.query)
})

function refused(query: object | undefined) {
  return { context: { query: { ...query, state: 'refused' } } }
}
