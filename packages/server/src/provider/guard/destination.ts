import type { ProviderContext } from '../context.ts'
import type { OAuthError } from '../oauth-error.ts'

/** Where a client gets its answer: a redirect URI that is registered for it. */
export interface ClientAddress {
  readonly redirectUri: string
  readonly state: string | null
}

type Context = Pick<ProviderContext, 'issuer' | 'options'>
type Reason = Pick<OAuthError, 'code' | 'message'>

/** Tells the client (RFC 6749 section 4.1.2.1), and which server says so (RFC 9207). */
export function toClient(
  { issuer }: Pick<Context, 'issuer'>,
  { redirectUri, state }: ClientAddress,
  { code, message }: Reason,
): string {
  const parameters = new URLSearchParams({ error: code, error_description: message })
  if (state !== null) parameters.set('state', state)
  parameters.set('iss', issuer)
  // As text: the rest of a registered URI stays as it was registered.
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${parameters}`
}

/** Tells the person, on a page of this server; nothing that was sent is repeated there. */
export function errorPage(
  { options }: Pick<Context, 'options'>,
  { code, message }: Reason,
): string {
  return `${options.pages.error}?${new URLSearchParams({ error: code, error_description: message })}`
}

/**
 * The engine's own destination, corrected: answers to the client name our issuer, and errors that
 * it would show on a page of its own are shown on ours.
 */
export function corrected(context: ProviderContext, url: string): string {
  const { issuer, options, auth } = context
  const own = auth.options.onAPIError?.errorURL ?? `${auth.baseURL}/error`
  if (url.startsWith(`${own}?`)) return `${options.pages.error}${url.slice(own.length)}`
  if (url.startsWith('/')) return url
  return url.replace(/([?&]iss=)[^&#]*/, (_, name: string) => name + encodeURIComponent(issuer))
}
