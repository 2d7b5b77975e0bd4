import { createHmac } from 'node:crypto'
import type { Client } from './clients/client.ts'
import type { ProviderContext } from './context.ts'
import { derivedKey } from './derived-key.ts'

type SubjectClient = Pick<Client, 'clientId' | 'subjectType' | 'redirectUris'>
type SubjectContext = Pick<ProviderContext, 'auth' | 'options'>

/**
 * The `sub` under which a client knows a person (OpenID Connect Core section 8): the id of the user,
 * or for a pairwise client a keyed digest of its sector and the id.
 *
 * The same person always has the same one there, as long as the host of the client's redirect URIs
 * stays, and `pairwiseSecret`, which without that option is the secret of the server.
 */
export function subjectOf(
  { auth, options: { pairwiseSecret = auth.secret } }: SubjectContext,
  client: SubjectClient,
  userId: string,
): string {
  if (client.subjectType !== 'pairwise') return userId
  return createHmac('sha256', derivedKey(pairwiseSecret, 'pairwise subjects'))
    .update(JSON.stringify([sectorOf(client), userId]))
    .digest('base64url')
}

/**
 * Which clients see the same pairwise subjects (section 8.1): those whose redirect URIs all have the
 * same host.
 *
 * A client on a loopback address or a private-use scheme, which anybody's app has as well, is a sector
 * of its own, and so is one without a host. Several hosts are refused where clients are made and changed:
 * without a `sector_identifier_uri` nobody says what they have in common.
 */
export function sectorOf({ clientId, redirectUris }: Omit<SubjectClient, 'subjectType'>): string {
  const hosts = new Set(redirectUris.map(webHostOf))
  const [host] = hosts
  return hosts.size === 1 && host ? `host ${host}` : `client ${clientId}`
}

function webHostOf(uri: string): string | null {
  if (!URL.canParse(uri)) return null
  const { protocol, hostname } = new URL(uri)
  const isWeb = protocol === 'https:' || protocol === 'http:'
  return isWeb && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname) ? hostname : null
}
