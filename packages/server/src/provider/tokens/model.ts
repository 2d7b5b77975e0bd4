import type { Client } from '../clients/client.ts'

/** A person as tokens speak of one: every column of the user, `id` and `email` at least. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly image?: string | null | undefined
  readonly updatedAt?: Date | undefined
  readonly banned?: boolean | null | undefined
  /** Until when a ban holds; null for ever. */
  readonly banExpires?: Date | null | undefined
  /** What they may administer here; never a claim. */
  readonly role?: string | null | undefined
}

/** The key that a token is bound to (RFC 7800): the thumbprint of a DPoP key. */
export interface Confirmation {
  readonly jkt: string
}

/** Who acts for the subject, outermost first (RFC 8693 section 4.1). */
export interface Actor {
  readonly sub: string
  readonly client_id?: string | undefined
  readonly act?: Actor | undefined
}

/** A family of tokens, as it is stored. */
export interface Grant {
  readonly id: string
  readonly kind: 'code' | 'device' | 'ciba' | 'exchange' | 'jwt-bearer'
  readonly codeHash: string | null
  readonly clientId: string
  readonly userId: string
  readonly sessionId: string | null
  readonly referenceId: string | null
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly requestedUserInfoClaims: readonly string[]
  readonly authTime: Date | null
  readonly acr: string | null
  readonly amr: readonly string[]
  readonly actor: Actor | null
  readonly offline: boolean
  readonly parentId: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | null
}

/** What opens a family; everything that is left out is empty. */
export type NewGrant = Pick<Grant, 'kind' | 'userId' | 'scopes'> &
  Partial<Omit<Grant, 'id' | 'clientId' | 'createdAt' | 'revokedAt'>>

/** What tokens are asked for: by a new family, or by a client for itself. */
export interface TokenRequest {
  readonly client: Client
  /** The family to open with the tokens; null for a client that acts for itself. */
  readonly grant: NewGrant | null
  /** Whom it is about; null for a client that acts for itself. */
  readonly person: Person | null
  /** What this access token allows: the grant's scopes, or fewer. */
  readonly scopes: readonly string[]
  /** What this access token is for; empty makes an opaque one. */
  readonly resources: readonly string[]
  readonly nonce?: string | undefined
  readonly confirmation?: Confirmation | null | undefined
  /** Whether a refresh token comes with it. */
  readonly refresh: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The successful answer of the token endpoint (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string
  /** `N_A` for what is no access token (RFC 8693 section 2.2.1). */
  readonly token_type: 'Bearer' | 'DPoP' | 'N_A'
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
  readonly id_token?: string
  /** RFC 8693 section 2.2.1. */
  readonly issued_token_type?: string
}
