/** The address of the page that is open, without its fragment. */
export function currentPage(): string {
  return location.href.split('#')[0] ?? ''
}

/** The whole address of a path of this origin. */
export function absolute(path: string): string {
  return new URL(path, location.origin).href
}
