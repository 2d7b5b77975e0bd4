/**
 * The path to return to after signing in, or undefined for anything that might leave this origin.
 *
 * A path starts with one slash, holds no backslash, control character or character that normalises to
 * one of those (GHSA-7rqj-j65f-68wh), and resolves to this origin.
 */
export function safeReturnTo(value: string | null, origin: string): string | undefined {
  if (value === null || value.length > 1024) return undefined
  const normalised = value.normalize('NFKC')
  if (![value, normalised].every(isPath)) return undefined
  if (!URL.canParse(value, origin)) return undefined
  const url = new URL(value, origin)
  const path = `${url.pathname}${url.search}${url.hash}`
  // Dot segments may have uncovered a second slash: `/.//evil.example`.
  return url.origin === origin && isPath(path) ? path : undefined
}

function isPath(value: string): boolean {
  return /^\/(?!\/)[^\\\p{Cc}\p{Zl}\p{Zp}]*$/u.test(value)
}
