const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * A JWT with each of its bytes changed, cut off at many places, and spelled in other ways that a
 * lenient reader takes for the same. `step` takes every so many-th byte.
 */
export function alterations(jwt: string, step = 1): readonly string[] {
  const altered: string[] = []
  for (let at = 0; at < jwt.length; at += step) {
    // In turns its lowest bit and its highest.
    altered.push(jwt.slice(0, at) + changed(jwt[at], at % 2 === 0 ? 1 : 32) + jwt.slice(at + 1))
  }
  for (let at = 1; at < jwt.length; at += 11 * step) {
    altered.push(jwt.slice(0, at), jwt.slice(at), jwt.slice(0, at) + jwt.slice(at + 1))
  }
  // The last bits of the last letter may stand for nothing.
  for (const bit of [1, 2, 4, 8]) altered.push(jwt.slice(0, -1) + changed(jwt.at(-1), bit))
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  altered.push(...['A', '=', '==', '.', '.A', ' ', '\t', '~'].map((end) => jwt + end))
  altered.push(
    ` ${jwt}`,
    `${header}.${payload} .${signature}`,
    `${header}.${payload}. ${signature}`,
  )
  altered.push(`${header}..${signature}`, `${header}.${payload}.`, `.${payload}.${signature}`)
  const spelled = `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`
  if (spelled !== jwt) altered.push(spelled)
  return altered.filter((text) => text !== jwt)
}

/** A letter with one of its six bits changed; a dot becomes a letter. */
function changed(letter: string | undefined, bit: number): string {
  const index = ALPHABET.indexOf(letter ?? '')
  return index < 0 ? 'A' : (ALPHABET[index ^ bit] ?? '')
}
