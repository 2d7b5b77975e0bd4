/**
 * Decides where to go after sign-in: only a path on this origin, never another site.
 *
 * `value` is what a page found in its query; `home` is taken when it will not do.
 */
export function safeReturnPath(value: string | null | undefined, home = '/'): string {
  // Control characters and backslashes are read as `/` or dropped by URL parsers.
  if (!value || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(value)) return home
  const base = 'https://page.invalid'
  if (!URL.canParse(value, base)) return home
  const url = new URL(value, base)
  const path = url.pathname + url.search + url.hash
  // `/.//other.example` becomes `//other.example` once dots are resolved.
  return url.origin === base && !path.startsWith('//') ? path : home
}
