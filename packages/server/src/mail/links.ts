/** The parameters of Better Auth's links that say where they lead on to. */
export const linkTargets = ['callbackURL', 'newUserCallbackURL', 'errorCallbackURL'] as const

/** A link of Better Auth that leads to our page when the caller named none. */
export function withReturn(url: string, page: string): string {
  const link = new URL(url)
  if (!link.searchParams.get('callbackURL')) link.searchParams.set('callbackURL', page)
  return link.href
}

/** Whether a link, and where it leads on to, stays with us. Requests are checked before; this is last. */
export function isOwnLink(url: string, own: ReadonlySet<string>): boolean {
  if (!URL.canParse(url)) return false
  const link = new URL(url)
  const targets = linkTargets.map((name) => link.searchParams.get(name) ?? '/')
  return [link.href, ...targets].every(
    (target) => URL.canParse(target, link) && own.has(new URL(target, link).origin),
  )
}
