/** A token endpoint's answer (RFC 6749 section 5.1), with everything else the provider sent. */
export interface OAuthTokenResponse {
  access_token: string
  /** Always lower case; `bearer` where the provider leaves it out. */
  token_type: string
  /** Seconds from now. */
  expires_in?: number
  refresh_token?: string
  /** Only ever one that has been verified. */
  id_token?: string
  /** What was granted, separated by spaces. */
  scope?: string
  [name: string]: unknown
}

/** What the provider tells of a person (OpenID Connect Core section 5.1), with any further claims. */
export interface OAuthUserInfo {
  /** Identifies the person at this issuer, for ever. The only claim to key an account by. */
  sub: string
  name?: string | null
  email?: string | null
  email_verified?: boolean
  picture?: string
  [name: string]: unknown
}

/** The claims of a verified ID token (OpenID Connect Core section 2). */
export interface IdTokenClaims {
  iss: string
  sub: string
  aud: string | string[]
  exp: number
  iat: number
  nonce?: string
  auth_time?: number
  email?: string
  name?: string
  [name: string]: unknown
}
