/** Where people land when nothing else was asked for. */
export const home = '/account/agents'

/**
 * Decides where to go after sign-in: only a path on this origin, never another site, never back to
 * signing in.
 */
export function safeNext(next: string | null): string {
  // Control characters and backslashes are read as `/` or dropped by URL parsers.
  if (next === null || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next)) return home

  const base = 'https://console.invalid'
  if (!URL.canParse(next, base)) return home
  const url = new URL(next, base)
  if (url.origin !== base) return home

  // `/.//other.example` becomes `//other.example` once dots are resolved.
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') || /^\/sign-(in|up)\b/.test(path) ? home : path
}

/** The sign-in address that comes back to this path. */
export function signInPath(next: string): string {
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`
}
