import { finishSignIn, startSignIn } from '../attempt.ts'
import { isOAuthError } from '../errors.ts'
import { buildLogoutUrl } from '../logout.ts'
import { forgetAttempt, recallAttempt, rememberAttempt } from './attempt-cookies.ts'
import { isOwnPage, json, ownOrigin, redirect } from './request.ts'
import { safeReturnTo } from './return-to.ts'
import { beginSession, endSession, findSession, forgetSession } from './session.ts'
import { toSessionUser } from './session-user.ts'
import type { SignInContext } from './options.ts'
import type { SignInSession } from './session-user.ts'

/** OpenID Connect Core section 3.1.2.1. */
const prompts = new Set(['none', 'login', 'consent', 'select_account'])

/** `GET login`: remembers an attempt in this browser and sends it to the provider. */
export async function login(context: SignInContext, request: Request): Promise<Response> {
  try {
    const origin = ownOrigin(context, request)
    const { searchParams } = new URL(request.url)
    const prompt = searchParams.get('prompt') ?? ''
    const { url, attempt } = await startSignIn(`${origin}${context.basePath}/callback`, {
      ...context.config,
      ...(prompts.has(prompt) ? { prompt } : {}),
    })
    const returnTo = safeReturnTo(searchParams.get('returnTo'), origin) ?? context.afterSignIn
    return redirect(url, await rememberAttempt(context, request, { ...attempt, returnTo }))
  } catch (error) {
    context.onError(error)
    return json({ error: 'OAuth sign-in failed' }, 500)
  }
}

/** `GET callback`: ends this browser's attempt, and begins a session where the provider vouches. */
export async function callback(context: SignInContext, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url)
  const state = searchParams.get('state')
  const forgotten = forgetAttempt(context, request, state)
  try {
    const attempt = state === null ? undefined : await recallAttempt(context, request, state)
    if (!attempt) return json({ error: 'Invalid OAuth callback' }, 400, [forgotten])

    const result = await finishSignIn(searchParams, attempt, context.config)
    const user = (await context.onSignIn?.(result)) ?? toSessionUser(result.info)
    await context.tokenStorage?.set(user.id, result.tokens)
    const session: SignInSession = {
      user,
      issuer: result.issuer,
      expiresAt: Date.now() + context.sessionTtl * 1000,
      ...(result.tokens.id_token === undefined ? {} : { idToken: result.tokens.id_token }),
    }
    const cookie = await beginSession(context, request, session)
    return redirect(attempt.returnTo, [forgotten, cookie])
  } catch (error) {
    return refuse(context, error, forgotten)
  }
}

/** `GET me`: who is signed in. */
export async function me(context: SignInContext, request: Request): Promise<Response> {
  try {
    const found = await findSession(context, request)
    if (found.status === 'none') return json({ authenticated: false }, 200)
    if (found.status === 'invalid') {
      return json({ authenticated: false }, 401, [forgetSession(context, request)])
    }
    return json({ authenticated: true, user: found.session.user }, 200)
  } catch (error) {
    // A store that is away says nothing about the session: the cookie stays.
    context.onError(error)
    return json({ error: 'Sessions are unavailable' }, 503)
  }
}

/** `POST logout`: ends the session here, and the tokens and the provider's session as configured. */
export async function logout(context: SignInContext, request: Request): Promise<Response> {
  if (!isOwnPage(context, request)) return json({ error: 'Cross-origin request' }, 403)
  const cookies = [forgetSession(context, request)]
  try {
    const found = await findSession(context, request)
    await endSession(context, request)
    const session = found.status === 'valid' ? found.session : undefined
    const tokens = session && (await context.tokenStorage?.invalidate(session.user.id))
    const idToken = session?.idToken ?? tokens?.id_token
    return redirect(await afterSignOut(context, request, idToken), cookies)
  } catch (error) {
    // The browser forgets its session whatever else fails.
    context.onError(error)
    return redirect(context.afterSignOut, cookies)
  }
}

async function afterSignOut(
  context: SignInContext,
  request: Request,
  idToken: unknown,
): Promise<string> {
  if (!context.endProviderSession) return context.afterSignOut
  return buildLogoutUrl(
    {
      postLogoutRedirectUri: `${ownOrigin(context, request)}${context.afterSignOut}`,
      ...(typeof idToken === 'string' ? { idToken } : {}),
    },
    context.config,
  )
}

/** What the browser learns of a failure: that it failed, and the provider's code where that said no. */
function refuse(context: SignInContext, error: unknown, forgotten: string): Response {
  const code = isOAuthError(error) ? error.code : undefined
  if (code === 'invalid_callback')
    return json({ error: 'Invalid OAuth callback' }, 400, [forgotten])
  if (isOAuthError(error) && code === 'authorization_error') {
    const reason = error.error ?? 'unknown_error'
    if (context.errorPath === undefined) {
      return json({ error: 'OAuth sign-in failed', reason }, 400, [forgotten])
    }
    const separator = context.errorPath.includes('?') ? '&' : '?'
    return redirect(`${context.errorPath}${separator}error=${encodeURIComponent(reason)}`, [
      forgotten,
    ])
  }
  context.onError(error)
  return json({ error: 'OAuth sign-in failed' }, 500, [forgotten])
}
