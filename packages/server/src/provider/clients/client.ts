/** How a client came to be known. */
export type Registration = 'manual' | 'dynamic' | 'metadata_document'

/** How a client proves who it is at the endpoints of machines (RFC 7591 section 2). */
export type ClientAuthenticationMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'

/** An application that people or machines use this server with, as it is stored. */
export interface Client {
  readonly id: string
  readonly clientId: string
  /** base64url SHA-256 of the secret; null for public clients and those with keys. */
  readonly clientSecret: string | null
  /** The secret before the last rotation, accepted until `previousSecretExpiresAt`. */
  readonly previousSecret: string | null
  readonly previousSecretExpiresAt: Date | null
  readonly registration: Registration
  readonly disabled: boolean
  readonly skipConsent: boolean
  readonly tokenEndpointAuthMethod: ClientAuthenticationMethod
  readonly applicationType: 'web' | 'native' | null
  readonly subjectType: 'public' | 'pairwise'
  readonly name: string | null
  readonly description: string | null
  readonly uri: string | null
  readonly icon: string | null
  readonly policy: string | null
  readonly tos: string | null
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  readonly backchannelLogoutUri: string | null
  readonly backchannelLogoutSessionRequired: boolean
  /** Where it is told that a person answered (CIBA Core section 4); null for one that polls. */
  readonly notificationEndpoint: string | null
  readonly grantTypes: readonly string[]
  readonly responseTypes: readonly string[]
  /** What it may ask for. */
  readonly scopes: readonly string[]
  /** What it gets when it names no scope. */
  readonly defaultScopes: readonly string[] | null
  /** JWK Set as JSON, for `private_key_jwt`. */
  readonly jwks: string | null
  readonly jwksUri: string | null
  readonly dpopBoundAccessTokens: boolean
  /** The organization it belongs to. */
  readonly referenceId: string | null
  /** In seconds; null takes the server's. */
  readonly accessTokenLifetime: number | null
  readonly refreshTokenLifetime: number | null
  /** Ids of the only people who may use it; null lets everybody. */
  readonly allowedUsers: readonly string[] | null
  readonly lastUsedAt: Date | null
  /** Until when its metadata document counts without being fetched again; null without one. */
  readonly documentExpiresAt: Date | null
  /**
   * What people relied on in its metadata document when they consented. A dynamic client has one for
   * the scopes that were open to it.
   */
  readonly documentPin: string | null
  readonly createdAt: Date | null
  readonly updatedAt: Date | null
}

/** Whether a client has no secret and no key: then PKCE alone binds a code to it. */
export function isPublic({ tokenEndpointAuthMethod }: Pick<Client, 'tokenEndpointAuthMethod'>) {
  return tokenEndpointAuthMethod === 'none'
}
