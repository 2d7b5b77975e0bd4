import { isIP } from 'node:net'

/** Under which name the engine knows clients that have a metadata document. */
export const DOCUMENT_DISCOVERY = 'metadata-document'

/** The longest URL that names a client, in characters. */
const MAX_LENGTH = 1_000

/**
 * Whether a `client_id` is the URL of a metadata document: https with a host and a path, written in the
 * one way that URLs are, without user name, fragment or dot segments (draft-ietf-oauth-client-id-
 * metadata-document, section 3). http on this computer counts when `allowLoopback` says so.
 */
export function isDocumentId(clientId: string, allowLoopback = false): boolean {
  if (clientId.length > MAX_LENGTH || !/^https?:\/\//.test(clientId)) return false
  if (!URL.canParse(clientId) || clientId.includes('#')) return false
  const url = new URL(clientId)
  // What the parser writes differently has two spellings, and would be two clients.
  if (url.href !== clientId || url.pathname === '/' || url.hash !== '') return false
  if (url.username !== '' || url.password !== '' || url.hostname.endsWith('.')) return false
  if (/%(?:2e|2f|5c|00)/i.test(url.pathname)) return false
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isLocal = host === 'localhost' || host.startsWith('127.') || host === '::1'
  if (isLocal) return allowLoopback
  // A document belongs to a name that somebody answers for.
  return url.protocol === 'https:' && isIP(host) === 0
}
