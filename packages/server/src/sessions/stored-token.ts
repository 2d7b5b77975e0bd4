import { hash } from 'node:crypto'

const prefix = 'sha256-'
const storedForm = /^sha256-[\w-]{43}$/

/**
 * The form in which a random token is stored: its SHA-256, recognizable by a prefix.
 *
 * Tokens carry 128 random bits or more, so there is nothing to guess and no salt is needed.
 */
export function storedToken(token: string): string {
  return prefix + hash('sha256', token, 'base64url')
}

/** Whether a value is in the stored form: good for naming a row, never for opening it. */
export function isStoredToken(value: string): boolean {
  return storedForm.test(value)
}
