interface ErrorSpec {
  /** HTTP status a route answers with when it passes the error on. */
  status: 400 | 401 | 403 | 500 | 502 | 503 | 504
  /** Whether the same call may succeed later without anybody changing anything. */
  transient: boolean
  /** The message unless the thrower has a better one. */
  description: string
}

/** Every failure this package reports, by its stable code. */
export const OAUTH_ERRORS = {
  missing_configuration: {
    status: 500,
    transient: false,
    description: 'A required setting is missing.',
  },
  invalid_configuration: {
    status: 500,
    transient: false,
    description: 'A setting has a value that cannot be used.',
  },
  insecure_url: {
    status: 500,
    transient: false,
    description: 'Only https addresses are used, except on the loopback interface.',
  },
  missing_code: { status: 400, transient: false, description: 'Missing authorization code' },
  invalid_callback: { status: 400, transient: false, description: 'Invalid OAuth callback' },
  authorization_error: {
    status: 400,
    transient: false,
    description: 'The provider did not sign the person in.',
  },
  provider_error: {
    status: 400,
    transient: false,
    description: 'The provider answered with an error.',
  },
  provider_unavailable: {
    status: 503,
    transient: true,
    description: 'The provider cannot be reached, or is out of order.',
  },
  timeout: { status: 504, transient: true, description: 'The provider did not answer in time.' },
  aborted: { status: 500, transient: true, description: 'The caller gave up waiting.' },
  bad_response: {
    status: 502,
    transient: false,
    description: 'The provider sent an answer that does not follow the protocol.',
  },
  issuer_mismatch: {
    status: 502,
    transient: false,
    description: 'An answer comes from another issuer than the configured one.',
  },
  invalid_id_token: {
    status: 401,
    transient: false,
    description:
      'The ID token is malformed, expired, meant for somebody else, or not signed by the issuer.',
  },
  subject_mismatch: {
    status: 401,
    transient: false,
    description: 'User info and ID token speak of different people.',
  },
  unsupported: {
    status: 500,
    transient: false,
    description: 'The provider does not offer this.',
  },
} as const satisfies Record<string, ErrorSpec>

/** A stable name of a failure: one of the keys of {@link OAUTH_ERRORS}. */
export type OAuthErrorCode = keyof typeof OAUTH_ERRORS

/** What an {@link OAuthError} knows besides its code. */
export interface OAuthErrorOptions {
  /** Replaces the table's description. Holds no token, code or secret. */
  message?: string
  /** The `error` code the provider sent, such as `invalid_grant` or `access_denied`. */
  error?: string
  /** HTTP status of the provider's answer. */
  providerStatus?: number
  /** Overrides the table: an answer of 503 is transient although it carries an error code. */
  transient?: boolean
  /** What went wrong underneath. Stays in the process. */
  cause?: unknown
}

/**
 * An expected failure. Switch on `code`; retry only when `transient`.
 *
 * Messages and causes never hold tokens, authorization codes or secrets, so the error may be logged whole.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  readonly status: ErrorSpec['status']
  readonly transient: boolean
  readonly error: string | undefined
  readonly providerStatus: number | undefined

  constructor(code: OAuthErrorCode, options: OAuthErrorOptions = {}) {
    const spec = OAUTH_ERRORS[code]
    super(
      options.message ?? spec.description,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.status = spec.status
    this.transient = options.transient ?? spec.transient
    this.error = options.error
    this.providerStatus = options.providerStatus
  }
}

/** Reports whether something caught is an {@link OAuthError}, also one of another copy of this package. */
export function isOAuthError(error: unknown): error is OAuthError {
  return error instanceof Error && error.name === 'OAuthError' && 'code' in error
}
