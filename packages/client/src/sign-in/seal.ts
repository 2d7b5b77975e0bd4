import { Keyring } from '../keyring.ts'

/** Encrypts small values so that only this application reads them, and nobody changes them. */
export interface Sealer {
  /** `place` is where the sealed value belongs; it opens nowhere else. */
  seal(value: unknown, place: string): Promise<string>
  /** The value, or undefined for anything that was not sealed here for this place. */
  open(sealed: string, place: string): Promise<unknown>
}

/** A sealer of JSON values. The first secret seals, every one opens: put a new one in front to rotate. */
export function createSealer(secrets: readonly string[], purpose: string): Sealer {
  const keyring = new Keyring(secrets, purpose)
  return {
    seal: (value, place) => keyring.seal(JSON.stringify(value), place),
    open: async (sealed, place) => {
      const text = await keyring.open(sealed, place)
      return text === undefined ? undefined : JSON.parse(text)
    },
  }
}
