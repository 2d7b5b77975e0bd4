import type { EndpointContext } from '../engine.ts'

/** A page that asks with `fetch` is told where to go; a browser that navigates is sent there. */
export function leadTo(ctx: EndpointContext, url: string): { redirect: true; url: string } {
  const headers = ctx.request?.headers ?? ctx.headers
  const mode = headers?.get('sec-fetch-mode')
  const wantsJson = headers?.get('accept')?.includes('application/json') ?? false
  if (mode ? mode === 'navigate' : !wantsJson) redirectTo(ctx, url)
  neverFramed(ctx)
  return { redirect: true, url }
}

/** Redirects whoever asks, also programs that follow redirects themselves (RFC 6749 section 4.1.2). */
export function redirectTo(ctx: EndpointContext, url: string): never {
  neverFramed(ctx)
  throw ctx.redirect(url)
}

function neverFramed(ctx: EndpointContext): void {
  ctx.setHeader('content-security-policy', "frame-ancestors 'none'")
  ctx.setHeader('x-frame-options', 'DENY')
  ctx.setHeader('referrer-policy', 'no-referrer')
  ctx.setHeader('cache-control', 'no-store')
}
