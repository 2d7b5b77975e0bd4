/** Milliseconds in an hour. */
export const hour = 3_600_000

/** How long an answer may be kept, from `Cache-Control` (RFC 9111 §5.2.2) within given bounds. */
export function freshUntil(
  headers: Headers,
  now: number,
  lifetime: { readonly usual: number; readonly most: number },
): number {
  const directives = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/\bno-(store|cache)\b/.test(directives)) return now
  const maxAge = /\bmax-age="?(\d+)/.exec(directives)?.[1]
  const wanted = maxAge === undefined ? lifetime.usual : Number(maxAge) * 1000
  return now + Math.min(wanted, lifetime.most)
}
