import type { Client } from '../clients/client.ts'
import { isWelcome } from '../people.ts'
import type { Actor, Confirmation, Person } from './model.ts'

/** What matters of the client that a token was given to. */
export type TokenClient = Pick<
  Client,
  'clientId' | 'disabled' | 'subjectType' | 'redirectUris' | 'allowedUsers'
>

/** What matters of the family that a token belongs to. */
export interface TokenFamily {
  readonly id: string
  readonly sessionId: string | null
  readonly actor: Actor | null
  readonly acr: string | null
  readonly authTime: Date | null
  readonly revokedAt: Date | null
}

/** A token that this server gave out, with all that decides whether it still counts. */
export interface KnownToken {
  readonly kind: 'access' | 'refresh'
  readonly hash: string
  readonly client: TokenClient
  /** Null for a client that acts for itself. */
  readonly userId: string | null
  /** Null as well when the person is no more. */
  readonly person: Person | null
  /** The organization the person chose. */
  readonly organizationId: string | null
  /** Whether the person still belongs there. */
  readonly isMember: boolean
  readonly familyId: string | null
  /** Null for a client that acts for itself, and when the family is no more. */
  readonly family: TokenFamily | null
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly requestedClaims: readonly string[]
  readonly confirmation: Confirmation | null
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** Whether it was revoked, or a refresh token was used. */
  readonly isSpent: boolean
  /** The clients that speak for its resources: those that are linked to them. */
  readonly resourceServers: readonly string[]
}

/**
 * Whether a token counts at the moment `now`, in milliseconds: it and its family are not over, and
 * its client and its person may still do what they did.
 */
export function isLive(token: KnownToken, now: number): boolean {
  const { client, familyId, family, isSpent, expiresAt } = token
  if (isSpent || expiresAt.getTime() <= now || client.disabled) return false
  if (familyId !== null && (family === null || family.revokedAt !== null)) return false
  return token.userId === null || mayAct(token, now)
}

function mayAct({ client, person, organizationId, isMember }: KnownToken, now: number): boolean {
  if (organizationId !== null && !isMember) return false
  return person !== null && isWelcome(person, client, now)
}
