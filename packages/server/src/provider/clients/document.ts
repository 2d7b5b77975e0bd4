import { isStorableJson } from '@countersign/protocol'
import type { ClientRules } from './decide.ts'
import type { Client } from './client.ts'
import { type ClientMetadata, parseMetadata } from './metadata.ts'
import { OAuthError } from '../oauth-error.ts'
import { redirectHosts } from './rules.ts'

/** How long, in seconds, a document counts: what its server says, within five minutes and a day. */
const SHORTEST = 300
const LONGEST = 86_400
const UNSAID = 3_600

/**
 * Reads the metadata document of a client (draft-ietf-oauth-client-id-metadata-document, section 4),
 * or throws an `OAuthError`. It must name the URL it stands at, and cannot have a secret: whoever
 * reads the document would have it too.
 */
export function parseDocument(
  document: unknown,
  clientId: string,
  rules: ClientRules,
): ClientMetadata {
  if (typeof document !== 'object' || document === null || !isStorableJson(document)) {
    throw refused('must be a JSON object')
  }
  if (!('client_id' in document) || document.client_id !== clientId) {
    throw refused('does not name the URL it stands at as its client_id')
  }
  if ('client_secret' in document || 'client_secret_expires_at' in document) {
    throw refused('must not have a secret')
  }
  const metadata = parseMetadata(document, rules, 'none')
  const { tokenEndpointAuthMethod: method, jwksUri } = metadata
  if (method !== 'none' && method !== 'private_key_jwt') throw refused('must not ask for a secret')
  if (jwksUri !== null && new URL(jwksUri).origin !== new URL(clientId).origin) {
    throw refused('must have its keys at its own origin')
  }
  return metadata
}

/** How long, in seconds, a document counts by its `Cache-Control` (RFC 9111 section 5.2.2). */
export function lifetimeOfDocument(cacheControl: string | null): number {
  if (cacheControl === null) return UNSAID
  if (/\b(?:no-store|no-cache)\b/i.test(cacheControl)) return SHORTEST
  const said = /\b(?:s-maxage|max-age)\s*=\s*"?(\d{1,9})/i.exec(cacheControl)?.[1]
  return said === undefined ? UNSAID : Math.min(LONGEST, Math.max(SHORTEST, Number(said)))
}

/** What people rely on when they let a client in: where answers go, and how it proves itself. */
interface Pin {
  readonly hosts: readonly string[]
  readonly method: string
  /** Where its keys stand: an origin, `inline`, or nowhere. */
  readonly keys: string | null
  /** The scopes that were open to it; what was taken away from it since stays away. */
  readonly offered: readonly string[]
}

/** The pin of a document, as it is stored. */
export function pinOf(metadata: ClientMetadata): string {
  const { redirectUris, tokenEndpointAuthMethod: method, jwks, jwksUri, scopes } = metadata
  const keys = jwksUri === null ? (jwks === null ? null : 'inline') : new URL(jwksUri).origin
  const hosts = redirectHosts(redirectUris)
  return JSON.stringify({ hosts, method, keys, offered: scopes } satisfies Pin)
}

/**
 * Whether a document that changed asks people again: its answers go to a host they did not see, or it
 * proves itself in another way.
 */
export function asksAgain({ documentPin }: Pick<Client, 'documentPin'>, pin: string): boolean {
  if (documentPin === null) return false
  const before = JSON.parse(documentPin) as Pin
  const after = JSON.parse(pin) as Pin
  const isElsewhere = after.hosts.some((host) => !before.hosts.includes(host))
  return isElsewhere || after.method !== before.method || after.keys !== before.keys
}

/**
 * The scopes of a client that described itself, with those that are new here since: what was offered
 * before and taken away from it stays away.
 */
export function scopesAfter(
  { scopes, documentPin }: Pick<Client, 'scopes' | 'documentPin'>,
  open: readonly string[],
): string[] {
  const { offered } = JSON.parse(documentPin ?? '{"offered":[]}') as Pin
  return [...new Set([...scopes, ...open.filter((name) => !offered.includes(name))])]
}

/** A pin after more scopes were offered; the same text when all of them were before. */
export function offering(documentPin: string, open: readonly string[]): string {
  const pin = JSON.parse(documentPin) as Pin
  const offered = [...new Set([...pin.offered, ...open])]
  return JSON.stringify({ ...pin, offered } satisfies Pin)
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_client_metadata', `The metadata document ${reason}.`)
}
