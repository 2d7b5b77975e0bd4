import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { type Client, isPublic } from '../clients/client.ts'
import { derivedKey } from '../derived-key.ts'
import { tokenHash } from './known-tokens.ts'
import type { Confirmation, Grant } from './model.ts'

const prefix = 'cs_rt_'

/** A refresh token as it is stored: its hash, and what it goes with. */
export interface RefreshRow {
  readonly id: string
  readonly token: string
  readonly clientId: string
  readonly sessionId: string | null
  readonly userId: string | null
  readonly referenceId: string | null
  readonly authorizationCodeId: string
  readonly resources: readonly string[]
  readonly requestedUserInfoClaims: readonly string[]
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly revoked: Date | null
  readonly rotatedAt: Date | null
  readonly authTime: Date | null
  readonly confirmation: Confirmation | null
  readonly scopes: readonly string[]
}

/**
 * Whether a refresh token comes with a grant: with `offline_access`, and without OpenID Connect when
 * the client is made for it, as those of MCP are.
 */
export function getsRefreshToken(
  { grantTypes }: Pick<Client, 'grantTypes'>,
  scopes: readonly string[],
): boolean {
  if (scopes.includes('offline_access')) return true
  return !scopes.includes('openid') && grantTypes.includes('refresh_token')
}

/** A random refresh token of 256 bits. */
export function newRefreshToken(): string {
  return prefix + randomBytes(32).toString('base64url')
}

/**
 * The token that follows a refresh token: always the same one, which only this server can compute.
 *
 * Requests that use a token at the same time, in whichever process, get one successor without asking
 * each other, and it need not be stored in a readable form for those that come again.
 */
export function successorOf(token: string, secret: string): string {
  const key = derivedKey(secret, 'refresh tokens')
  return prefix + createHmac('sha256', key).update(token).digest('base64url')
}

interface RefreshParts {
  readonly token: string
  readonly family: Grant
  readonly client: Client
  readonly confirmation: Confirmation | null
  /** Milliseconds since the epoch. */
  readonly now: number
  /** In seconds. */
  readonly lifetime: number
}

/**
 * The row of a refresh token. That of a public client is bound to the key it proved (RFC 9449
 * section 5); a confidential client proves itself with every use.
 */
export function refreshRow({
  token,
  family,
  client,
  confirmation,
  now,
  lifetime,
}: RefreshParts): RefreshRow {
  return {
    id: randomUUID(),
    token: tokenHash(token),
    clientId: client.clientId,
    sessionId: family.sessionId,
    userId: family.userId,
    referenceId: family.referenceId,
    authorizationCodeId: family.id,
    resources: family.resources,
    requestedUserInfoClaims: family.requestedUserInfoClaims,
    expiresAt: new Date(now + lifetime * 1000),
    createdAt: new Date(now),
    revoked: null,
    rotatedAt: null,
    authTime: family.authTime,
    confirmation: isPublic(client) ? confirmation : null,
    scopes: family.scopes,
  }
}
