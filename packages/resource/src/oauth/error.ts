import { DPOP_ALGORITHMS } from '@countersign/protocol'

/** Statuses of the refusals, by code. The first three are those of RFC 6750 section 3.1. */
const STATUSES = {
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  /** RFC 9470 section 3. */
  insufficient_user_authentication: 401,
  /** No token at all; says nothing more on the wire (RFC 6750 section 3.1). */
  missing_token: 401,
  /** RFC 9449 section 7.1. */
  invalid_dpop_proof: 401,
  /** No token opens this. */
  access_denied: 403,
  payload_too_large: 413,
  /** Whoever could say whether the token counts does not answer. */
  temporarily_unavailable: 503,
} as const

/** Why a request with an access token, or without one, is refused. */
export type AccessTokenErrorCode = keyof typeof STATUSES

/** How a person must have signed in (RFC 9470 section 3). */
export interface AuthenticationRequirement {
  /** Classes of a sign-in (`acr`), each of which is enough. @default any */
  readonly acrValues?: readonly string[]
  /** How many seconds ago the sign-in may be. @default however many */
  readonly maxAge?: number
}

interface AccessTokenErrorOptions {
  /** What a token needs here. */
  readonly scopes?: readonly string[]
  /** How the person has to sign in. */
  readonly authentication?: AuthenticationRequirement
  /** Whether the token came, or should have come, with the scheme `DPoP`. */
  readonly dpop?: boolean
  readonly retryAfter?: string
  readonly cause?: unknown
}

/** A refusal of a resource server, with the status and the challenge it is answered with. */
export class AccessTokenError extends Error {
  override readonly name = 'AccessTokenError'
  readonly code: AccessTokenErrorCode
  readonly status: (typeof STATUSES)[AccessTokenErrorCode]
  readonly scopes: readonly string[]
  readonly authentication: AuthenticationRequirement
  readonly dpop: boolean
  readonly retryAfter: string | undefined

  /** The description goes on the wire: plain ASCII without quotes, and nothing the caller sent. */
  constructor(
    code: AccessTokenErrorCode,
    description: string,
    options: AccessTokenErrorOptions = {},
  ) {
    super(description, { cause: options.cause })
    this.code = code
    this.status = STATUSES[code]
    this.scopes = options.scopes ?? []
    this.authentication = options.authentication ?? {}
    this.dpop = options.dpop ?? code === 'invalid_dpop_proof'
    this.retryAfter = options.retryAfter
  }

  toJSON(): { error: string; error_description: string } {
    const error = this.code === 'missing_token' ? 'invalid_token' : this.code
    return { error, error_description: this.message }
  }
}

/** Where a client learns how to get a token, for the challenge. */
export interface ChallengeContext {
  /** URL of the metadata document of the resource (RFC 9728 section 5.1). */
  readonly resourceMetadata?: string
  /** What a client without a token asks for first. */
  readonly scopes?: readonly string[]
}

/** The response to a refused request: RFC 6750 section 3, and for DPoP RFC 9449 section 7.1. */
export function refusalResponse(error: AccessTokenError, context: ChallengeContext = {}): Response {
  const headers = new Headers({ 'cache-control': 'no-store' })
  const isChallenge = [400, 401, 403].includes(error.status) && error.code !== 'access_denied'
  if (isChallenge) headers.set('www-authenticate', challenge(error, context))
  if (error.retryAfter !== undefined) headers.set('retry-after', error.retryAfter)
  return Response.json(error.toJSON(), { status: error.status, headers })
}

function challenge(error: AccessTokenError, context: ChallengeContext): string {
  const { code, message, dpop, authentication } = error
  // A client that has no token, or has to get another one, asks for what is needed first.
  const scopes = error.status === 401 ? (context.scopes ?? []) : error.scopes
  const parts = {
    resource_metadata: context.resourceMetadata,
    error: code === 'missing_token' ? undefined : code,
    error_description: code === 'missing_token' ? undefined : message,
    scope: scopes.join(' ') || undefined,
    acr_values: authentication.acrValues?.join(' '),
    max_age: authentication.maxAge,
    algs: dpop ? DPOP_ALGORITHMS.join(' ') : undefined,
  }
  const said = Object.entries(parts).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}="${value}"`,
  )
  return [dpop ? 'DPoP' : 'Bearer', said.join(', ')].join(' ').trim()
}
