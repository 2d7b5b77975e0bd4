/** The value of the first cookie of a name, decoded; null when there is none or it does not decode. */
export function cookieValue(header: string, name: string): string | null {
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start)
    const end = semicolon < 0 ? header.length : semicolon
    const pair = header.slice(start, end).trim()
    if (pair.startsWith(name) && pair[name.length] === '=')
      return decode(pair.slice(name.length + 1))
    start = end + 1
  }
  return null
}

/** The cookie header without the cookies of a name; empty when nothing is left. */
export function withoutCookie(header: string, name: string): string {
  const kept = header.split(';').filter((part) => part.split('=', 1)[0]?.trim() !== name)
  return kept.join(';').trim()
}

function decode(value: string): string | null {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return null
  }
}
