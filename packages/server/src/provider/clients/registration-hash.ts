import { hash } from 'node:crypto'
import type { ClientMetadata } from './metadata.ts'
import { portless } from '../redirect-uri.ts'

/**
 * The digest of a registration: two that say the same are the same client.
 *
 * The ports of this computer do not count, because each start of a program has another one, and nor
 * does the order of lists, or what is open to clients besides what they name.
 */
export function registrationHash(metadata: ClientMetadata): string {
  const { redirectUris, postLogoutRedirectUris, scopes: _, ...others } = metadata
  const normalized = {
    ...others,
    redirectUris: redirectUris.map(portless),
    postLogoutRedirectUris: postLogoutRedirectUris.map(portless),
  }
  const entries = Object.entries(normalized)
    .map(([name, value]) => [name, Array.isArray(value) ? [...new Set(value)].toSorted() : value])
    .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return hash('sha256', JSON.stringify(entries), 'base64url')
}
