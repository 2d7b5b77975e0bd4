import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { getSessionFromCtx } from 'better-auth/api'
import { deleteSessionCookie } from 'better-auth/cookies'
import * as z from 'zod'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { EndpointContext } from '../engine.ts'
import { requestOf } from '../interaction/browser-route.ts'
import { readHint } from '../interaction/id-token-hint.ts'
import { errorPage } from '../guard/destination.ts'
import { leadTo } from '../guard/lead-to.ts'
import { parameters } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'

type ContextOf = (auth: AuthContext) => ProviderContext

/** How long, in seconds, the question whether to sign out stands. */
const QUESTION_LIFETIME = 600

/** The largest form that is read, in characters. */
const MAX_FORM = 32_768

const path = '/oauth2/end-session'
const confirmPath = `${path}/confirm`

/** What the cookie of a question remembers. */
const question = z.object({
  /** The session to end. */
  sessionId: z.string(),
  /** Where the browser goes then; null for a page of ours. */
  next: z.string().nullable(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
})

/**
 * `GET|POST /oauth2/end-session`: a client asks to sign a person out (RP-Initiated Logout).
 *
 * With an ID token of the session that this browser has, it is done at once. Else the person is
 * asked on a page of ours: anybody can link here.
 */
export function endSession(contextOf: ContextOf) {
  const options = { method: ['GET' as const, 'POST' as const], disableBody: true }
  return createAuthEndpoint(path, { ...options, requireRequest: true }, async (ctx) => {
    const context = contextOf(ctx.context)
    const request = requestOf(ctx)
    if (request.method === 'POST') {
      // As with authorize: cookies of ours do not come with a form of another site.
      const form = new URLSearchParams((await request.text()).slice(0, MAX_FORM))
      return seeOther(`${context.issuer}${context.basePath}${path}?${form}`)
    }
    try {
      return leadTo(ctx, await answer(ctx, context, request))
    } catch (error) {
      if (error instanceof OAuthError) return leadTo(ctx, errorPage(context, error))
      throw error
    }
  })
}

async function answer(
  ctx: EndpointContext,
  context: ProviderContext,
  request: Request,
): Promise<string> {
  const asked = parameters(new URLSearchParams(request.url.replace(/^[^?]*\??/, '')))
  const hint = await readHint(context, asked.get('id_token_hint') ?? '')
  const clientId = asked.get('client_id') ?? hint?.clientId
  const isMismatch = hint !== null && hint.clientId !== clientId
  const client = clientId === undefined ? null : await context.clients.find(clientId)
  if (isMismatch || (clientId !== undefined && !client)) {
    throw new OAuthError('invalid_request', 'The application and its hint do not fit together.')
  }
  const next = nextOf(client, asked.get('post_logout_redirect_uri'), asked.get('state'))
  const found = await getSessionFromCtx(ctx, { disableCookieCache: true })
  if (!found) return next ?? context.options.pages.signedOut
  if (hint?.sessionId === found.session.id) {
    await end(ctx, found.session)
    return next ?? context.options.pages.signedOut
  }
  await ask(ctx, context, { sessionId: found.session.id, next })
  return context.options.pages.signedOut
}

/** Where the browser goes afterwards: only to what is registered, letter by letter. */
function nextOf(
  client: Client | null,
  uri: string | undefined,
  state: string | undefined,
): string | null {
  if (uri === undefined) return null
  if (!client || client.disabled || !client.postLogoutRedirectUris.includes(uri)) {
    throw new OAuthError(
      'invalid_request',
      'The `post_logout_redirect_uri` is not registered for this application.',
    )
  }
  if (state === undefined) return uri
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state })}`
}

/**
 * `POST /oauth2/end-session/confirm`: the person said yes on our page.
 *
 * Only for the session that was asked about. It answers where to go on.
 */
export function confirmEndSession(contextOf: ContextOf) {
  const options = { method: 'POST' as const, disableBody: true, requireRequest: true }
  return createAuthEndpoint(confirmPath, options, async (ctx) => {
    const context = contextOf(ctx.context)
    const origin = requestOf(ctx).headers.get('origin')
    if (origin === null || !ctx.context.isTrustedOrigin(origin)) {
      const message = 'Only a page of this server may do this.'
      throw new APIError('FORBIDDEN', { error: 'unauthorized', message })
    }
    const asked = await readQuestion(ctx, context)
    const found = await getSessionFromCtx(ctx, { disableCookieCache: true })
    if (!asked || (found && found.session.id !== asked.sessionId)) {
      const message = 'Nobody asked to sign out, or too long ago.'
      throw new APIError('BAD_REQUEST', { error: 'invalid_request', message })
    }
    if (found) await end(ctx, found.session)
    ctx.setCookie(cookieOf(context), '', { ...attributes(context), maxAge: 0 })
    return leadTo(ctx, asked.next ?? context.options.pages.signedOut)
  })
}

async function end(ctx: EndpointContext, { token }: { readonly token: string }): Promise<void> {
  await ctx.context.internalAdapter.deleteSession(token)
  deleteSessionCookie(ctx)
}

async function ask(
  ctx: EndpointContext,
  context: ProviderContext,
  asked: Omit<z.infer<typeof question>, 'expiresAt'>,
): Promise<void> {
  const value = JSON.stringify({ ...asked, expiresAt: Date.now() + QUESTION_LIFETIME * 1000 })
  const settings = { ...attributes(context), maxAge: QUESTION_LIFETIME }
  await ctx.setSignedCookie(cookieOf(context), value, context.auth.secret, settings)
}

async function readQuestion(ctx: EndpointContext, context: ProviderContext) {
  const value = await ctx.getSignedCookie(cookieOf(context), context.auth.secret)
  if (typeof value !== 'string') return null
  const { data } = question.safeParse(JSON.parse(value))
  return data && data.expiresAt > Date.now() ? data : null
}

function cookieOf({ auth }: ProviderContext): string {
  return `${auth.authCookies.sessionToken.name}.sign_out`
}

function attributes({ auth, basePath }: ProviderContext) {
  const { attributes: ofSession } = auth.authCookies.sessionToken
  return {
    ...ofSession,
    httpOnly: true,
    sameSite: 'lax' as const,
    path: `${basePath}${path}`,
  }
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
