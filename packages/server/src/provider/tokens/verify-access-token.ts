import { ProtocolError } from '@countersign/protocol'
import type { ProviderContext } from '../context.ts'
import type { Actor } from './model.ts'

/** What an API takes. */
export interface AccessTokenNeeds {
  /** The API's own identifier, which the token must be made for; absent, one made for no API. */
  readonly resource?: string | undefined
  /** All of them are needed. @default [] */
  readonly scopes?: readonly string[] | undefined
  /** The thumbprint of the key whose DPoP proof the caller has checked; bound tokens need one. */
  readonly jkt?: string | undefined
}

/** What an access token says right now. */
export interface VerifiedAccessToken {
  /** Null for a client that acts for itself. */
  readonly userId: string | null
  readonly clientId: string
  readonly scopes: readonly string[]
  /** The organization the person chose. */
  readonly organizationId: string | null
  /** Who acts for the person (RFC 8693 section 4.1), the one who acts now first. */
  readonly actor: Actor | null
  readonly expiresAt: Date
}

/**
 * Verifies an access token for an API in the same process, live: what was revoked counts no more.
 *
 * Throws a `ProtocolError` with a challenge (RFC 6750 section 3): 401 for a token that does not
 * count here, 403 for one that lacks a scope.
 */
export async function verifyAccessToken(
  context: Pick<ProviderContext, 'tokens'>,
  token: string,
  { resource, scopes = [], jkt }: AccessTokenNeeds = {},
): Promise<VerifiedAccessToken> {
  const found = await context.tokens.live(token, Date.now())
  if (found?.kind !== 'access') throw invalid('The access token is not valid.')
  const isForIt =
    resource === undefined ? found.resources.length === 0 : found.resources.includes(resource)
  if (!isForIt) throw invalid('The access token is for something else.')
  if (found.confirmation && found.confirmation.jkt !== jkt) {
    throw invalid('The access token is bound to a key: it takes a DPoP proof.')
  }
  if (!scopes.every((scope) => found.scopes.includes(scope))) throw insufficient(scopes)
  return {
    userId: found.userId,
    clientId: found.client.clientId,
    scopes: found.scopes,
    organizationId: found.organizationId,
    actor: found.family?.actor ?? null,
    expiresAt: found.expiresAt,
  }
}

function invalid(message: string): ProtocolError {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
  return new ProtocolError('authentication_required', { message, headers })
}

function insufficient(scopes: readonly string[]): ProtocolError {
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`
  return new ProtocolError('unauthorized', {
    message: 'The access token lacks a scope that this needs.',
    details: { required_scopes: [...scopes] },
    headers: { 'www-authenticate': challenge },
  })
}
