import type { SignInContext } from './options.ts'

/**
 * The application's own origin: as configured, else as its proxy says where that is trusted, else that
 * of the request.
 */
export function ownOrigin(context: SignInContext, request: Request): string {
  if (context.baseURL !== undefined) return context.baseURL
  const { protocol, host, origin } = new URL(request.url)
  if (!context.trustProxy) return origin
  // The last entry is the one our own proxy added; those before it are the caller's.
  const forwardedHost = last(request.headers.get('x-forwarded-host')) ?? host
  const forwardedProtocol = last(request.headers.get('x-forwarded-proto')) ?? protocol.slice(0, -1)
  const forwarded = `${forwardedProtocol}://${forwardedHost}`
  const wellFormed = /^https?:\/\/(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(forwarded)
  return wellFormed && URL.canParse(forwarded) ? new URL(forwarded).origin : origin
}

/** Whether cookies of this origin may only travel encrypted. */
export function isSecure(origin: string): boolean {
  return origin.startsWith('https:')
}

/** Whether a page of this application sent the request, as far as the browser tells. */
export function isOwnPage(context: SignInContext, request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  // Asked first: under `Referrer-Policy: no-referrer` a page's own form says `Origin: null`.
  if (site !== null) return site === 'same-origin' || site === 'none'
  const origin = request.headers.get('origin')
  return origin === null || origin === ownOrigin(context, request)
}

/** A JSON answer that no cache keeps. */
export function json(body: unknown, status: number, cookies: readonly string[] = []): Response {
  return respond(JSON.stringify(body), {
    status,
    cookies,
    headers: { 'content-type': 'application/json' },
  })
}

/** A redirect that no cache keeps. */
export function redirect(location: string, cookies: readonly string[] = []): Response {
  return respond(null, { status: 302, cookies, headers: { location } })
}

function respond(
  body: string | null,
  init: { status: number; headers: Record<string, string>; cookies: readonly string[] },
): Response {
  const headers = new Headers({ ...init.headers, 'cache-control': 'no-store', vary: 'Cookie' })
  for (const cookie of init.cookies) headers.append('set-cookie', cookie)
  return new Response(body, { status: init.status, headers })
}

function last(list: string | null): string | undefined {
  return list?.split(',').at(-1)?.trim()
}
