import { hash, randomBytes } from 'node:crypto'

/** A new client secret with 256 random bits, and what is stored of it. */
export function newSecret(): { readonly secret: string; readonly stored: string } {
  const secret = `cs_cs_${randomBytes(32).toString('base64url')}`
  return { secret, stored: storedSecret(secret) }
}

/** What is stored of a client secret: its base64url SHA-256, which opens nothing. */
function storedSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** A new `client_id` with 128 random bits, fit for a path. */
export function newClientId(): string {
  return randomBytes(16).toString('hex')
}
