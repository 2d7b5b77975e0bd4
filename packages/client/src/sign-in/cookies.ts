/** A cookie to set. Always HttpOnly, SameSite=Lax and on every path. */
export interface Cookie {
  name: string
  value: string
  /** Seconds; 0 deletes the cookie. */
  maxAge: number
  secure: boolean
}

/** A `Set-Cookie` value (RFC 6265 section 4.1). */
export function serializeCookie({ name, value, maxAge, secure }: Cookie): string {
  const attributes = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`
  return `${name}=${value}; ${attributes}${secure ? '; Secure' : ''}`
}

/** The cookies of a request. Of two with one name the first counts, as browsers send the closest first. */
export function readCookies(request: Request): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const separator = pair.indexOf('=')
    if (separator < 1) continue
    const name = pair.slice(0, separator).trim()
    if (!cookies.has(name)) cookies.set(name, pair.slice(separator + 1).trim())
  }
  return cookies
}
