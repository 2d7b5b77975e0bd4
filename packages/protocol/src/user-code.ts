/** The letters of a user code: no vowels, so that no words appear, and none easily mistaken. */
export const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'

/** Brings a typed user code into the form `XXXX-XXXX`; case, spaces and dashes do not matter. */
export function normalizeUserCode(typed: string): string {
  const letters = typed.toUpperCase().replace(/[^A-Z0-9]/g, '')
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters
}
