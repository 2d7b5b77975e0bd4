import { passkeyClient } from '@better-auth/passkey/client'
import { createAuthClient } from 'better-auth/client'
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { ApiError } from '../lib/api-error.ts'
import { countersign } from '../lib/countersign.ts'
import { get, post } from './request.ts'

const client = createAuthClient({
  baseURL: location.origin,
  basePath: '/api/auth',
  plugins: [passkeyClient()],
  // Where to go after sign-in is decided here, never by an answer.
  disableDefaultFetchPlugins: true,
})

interface Answer {
  error: { status: number; code?: string; message?: string } | null
}

/** Where signing in leads: the application whose request brought the person here, or back to the page. */
export interface SignedIn {
  /** Where the request of an application goes on; absent when there is none. */
  url?: string | undefined
}

/** The request of an application that signing in belongs to. */
export type OAuthQuery = string | undefined

interface SignInAnswer {
  token?: unknown
  url?: unknown
  twoFactorRedirect?: unknown
}

/**
 * Makes an account. `false`: nobody is signed in until the address is confirmed, and the letter's link
 * leads to `back`, a path of this origin.
 */
export async function signUp(
  account: { name: string; email: string; password: string },
  { oauthQuery, back }: { oauthQuery: OAuthQuery; back: string },
): Promise<SignedIn | false> {
  const callbackURL = new URL(back, location.origin).href
  const answer = await post<SignInAnswer>('/sign-up/email', {
    ...account,
    callbackURL,
    ...withRequest(oauthQuery),
  })
  return 'token' in answer && typeof answer.token !== 'string' ? false : signedIn(answer)
}

/**
 * Asks for a link with which a new password is typed; the answer is the same for every address. The
 * link leads to `back`, a path of this origin.
 */
export function requestPasswordReset(email: string, back: string): Promise<void> {
  const redirectTo = new URL(back, location.origin).href
  return settle(client.requestPasswordReset({ email, redirectTo }))
}

/** Sends the link that confirms an address; it leads to `back`, a path of this origin. */
export function sendVerificationEmail(email: string, back: string): Promise<unknown> {
  const callbackURL = new URL(back, location.origin).href
  return post('/send-verification-email', { email, callbackURL })
}

/** Sets a new password with the token of a letter, which then is used up. */
export function resetPassword(token: string, newPassword: string): Promise<void> {
  return settle(client.resetPassword({ token, newPassword }))
}

/**
 * Signs in with a password; also renews the proof of who is there. Somebody with a second factor is
 * refused with `two_factor_required` until the code follows.
 */
export async function signInWithPassword(
  email: string,
  password: string,
  { oauthQuery, back }: { oauthQuery?: OAuthQuery; back?: string } = {},
): Promise<SignedIn> {
  const answer = await post<SignInAnswer>('/sign-in/email', {
    email,
    password,
    ...(back !== undefined && { callbackURL: new URL(back, location.origin).href }),
    ...withRequest(oauthQuery),
  })
  if (answer.twoFactorRedirect === true) throw new ApiError(401, 'two_factor_required')
  return signedIn(answer)
}

/** The second step of a sign-in. */
export interface SecondFactor {
  /** Of the authenticator app, or one of those kept for the day it is lost. */
  kind: 'app' | 'backup'
  code: string
  /** Whether this browser is not asked again for 30 days. */
  trustDevice: boolean
}

/** Ends a sign-in with a code. */
export async function signInWithCode(
  { kind, code, trustDevice }: SecondFactor,
  oauthQuery?: OAuthQuery,
): Promise<SignedIn> {
  const path = kind === 'app' ? '/two-factor/verify-totp' : '/two-factor/verify-backup-code'
  const plain = kind === 'app' ? code.replaceAll(/\s/g, '') : code.trim()
  const body = { code: plain, trustDevice, ...withRequest(oauthQuery) }
  return signedIn(await post<SignInAnswer>(path, body))
}

/** Signs in with a passkey; also renews the proof of who is there. */
export async function signInWithPasskey(oauthQuery?: OAuthQuery): Promise<SignedIn> {
  const options = await get<PublicKeyCredentialRequestOptionsJSON>(
    '/passkey/generate-authenticate-options',
  )
  const response = await countersign(options)
  return signedIn(
    await post<SignInAnswer>('/passkey/verify-authentication', {
      response,
      ...withRequest(oauthQuery),
    }),
  )
}

function withRequest(oauthQuery: OAuthQuery): { oauth_query?: string } {
  return oauthQuery === undefined ? {} : { oauth_query: oauthQuery }
}

/** An answer that carries a session says nothing of where to go; that of a request does. */
function signedIn(answer: SignInAnswer | null): SignedIn {
  const leads = answer !== null && !('token' in answer) && typeof answer.url === 'string'
  return leads ? { url: String(answer.url) } : {}
}

/** Makes a passkey on this device. */
export function addPasskey(name: string): Promise<void> {
  return settle(client.passkey.addPasskey(name === '' ? {} : { name }))
}

/** Signs this browser out. */
export function signOut(): Promise<void> {
  return settle(client.signOut())
}

/**
 * Confirms the sign-out that an application asked for; says where it goes on, if the application named
 * a registered place. Without such a request, or too late for it, signs this browser out all the same.
 */
export async function confirmLogout(): Promise<string | undefined> {
  const response = await fetch('/api/auth/oauth2/end-session/confirm', {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ action: 'confirm' }),
  }).catch((cause: unknown) => {
    throw new ApiError(0, 'unreachable', { cause })
  })
  if (!response.ok) {
    await signOut()
    return undefined
  }
  const answer = (await response.json().catch(() => null)) as { url?: unknown } | null
  return typeof answer?.url === 'string' ? answer.url : undefined
}

/** Whether this browser can use passkeys at all. */
export const passkeysSupported = 'PublicKeyCredential' in globalThis

async function settle(asked: Promise<Answer>): Promise<void> {
  const { error } = await asked.catch((cause: unknown) => {
    throw new ApiError(0, 'unreachable', { cause })
  })
  if (error === null || error === undefined) return
  throw new ApiError(error.status, error.code ?? 'unknown', { message: error.message })
}
