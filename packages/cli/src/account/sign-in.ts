import { AccountError } from './account-error.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { refusal, send, textIn } from './request.ts'
import type { JsonObject } from './request.ts'

/** The client id of this program: every server with the provider knows it. */
export const clientId = 'countersign-cli'

/** What this program asks for, to manage applications in a person's name. */
export const scope = 'openid profile email offline_access oidc:admin'

/** A person's sign-in at one server, as it is kept. */
export interface SignIn {
  readonly issuer: string
  readonly access_token: string
  readonly refresh_token: string | null
  /** What was granted, separated by spaces. */
  readonly scope: string
  /** ISO 8601. */
  readonly expires_at: string
  readonly signed_in_at: string
}

/** Tokens are renewed this many milliseconds before they end: clocks differ, requests take time. */
const early = 30_000

/** Reads a token response (RFC 6749 section 5.1). Throws `AccountError`. */
export function readTokens(body: JsonObject, issuer: string, now: number): SignIn {
  const accessToken = textIn(body, 'access_token')
  if (accessToken === undefined) {
    throw new AccountError('network', 'The server answered without a token.')
  }
  const seconds = typeof body['expires_in'] === 'number' ? body['expires_in'] : 60
  return {
    issuer,
    access_token: accessToken,
    refresh_token: textIn(body, 'refresh_token') ?? null,
    scope: textIn(body, 'scope') ?? scope,
    expires_at: new Date(now + seconds * 1000).toISOString(),
    signed_in_at: new Date(now).toISOString(),
  }
}

/** Whether the access token is still good for a request. */
export function isFresh(signIn: SignIn, now: number): boolean {
  return Date.parse(signIn.expires_at) - early > now
}

/** Renews the tokens (RFC 6749 section 6); null when the sign-in has ended. Throws `AccountError`. */
export async function renew(
  signIn: SignIn,
  server: AuthorizationServer,
  signal: AbortSignal,
): Promise<SignIn | null> {
  if (signIn.refresh_token === null) return null
  const form = {
    grant_type: 'refresh_token',
    refresh_token: signIn.refresh_token,
    client_id: clientId,
  }
  const answer = await send({ url: server.token, method: 'POST', form, signal })
  if (answer.body['error'] === 'invalid_grant') return null
  if (answer.status !== 200) throw refusal(answer)
  const renewed = readTokens(answer.body, signIn.issuer, Date.now())
  return {
    ...renewed,
    refresh_token: renewed.refresh_token ?? signIn.refresh_token,
    scope: textIn(answer.body, 'scope') ?? signIn.scope,
    signed_in_at: signIn.signed_in_at,
  }
}
