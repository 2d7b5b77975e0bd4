const notAllowed = /[^BCDFGHJKLMNPQRSTVWXZ]/
const length = 8

/**
 * Reads what a person typed or pasted as a code: any case, any separators, or a whole link with
 * `?code=`. Letters a code never contains are kept, so that the mistake stays visible.
 */
export function readUserCode(text: string): string {
  const fromLink = /[?&](?:code|user_code)=([^&#\s]+)/.exec(text)?.[1]
  return (fromLink ?? text)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, length)
}

/** Writes a code in its two groups: `ABCD-EFGH`, and `ABCD-` never ends in a lone dash. */
export function formatUserCode(text: string): string {
  const letters = readUserCode(text)
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters
}

/** Says what is wrong with a code before it is sent, or nothing. */
export function userCodeProblem(text: string): string | undefined {
  const letters = readUserCode(text)
  const strange = notAllowed.exec(letters)?.[0]
  if (strange !== undefined) return `A code never contains “${strange}”. Check it once more.`
  if (letters.length < length) return 'A code has eight letters, like BCDF-GHJK.'
  return undefined
}
