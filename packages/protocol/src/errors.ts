/**
 * Every error this system puts on the wire.
 *
 * One table drives the server's response, the client's error and the documentation, so a code
 * cannot exist in one place and be missing from another.
 *
 * @module
 */

interface ErrorSpec {
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 429 | 500 | 502 | 503
  readonly description: string
}

/** The status and the default message of every error code. Agent Auth section 5.13. */
export const ERRORS = {
  invalid_request: { status: 400, description: 'The request is malformed.' },
  unknown_constraint_operator: {
    status: 400,
    description: 'A constraint uses an operator this server does not know.',
  },
  unsupported_mode: { status: 400, description: 'This server does not support the agent mode.' },
  unsupported_algorithm: { status: 400, description: 'Only Ed25519 keys are supported.' },
  invalid_capabilities: {
    status: 400,
    description: 'A requested capability does not exist or is blocked.',
  },
  invalid_jwt: {
    status: 401,
    description: 'The JWT is malformed, expired or already used, or its signature is invalid.',
  },
  authentication_required: { status: 401, description: 'This request needs a credential.' },
  agent_revoked: { status: 403, description: 'The agent is revoked.' },
  agent_expired: { status: 403, description: 'The agent has expired. Its host can reactivate it.' },
  agent_pending: { status: 403, description: 'The agent still waits for approval.' },
  agent_rejected: { status: 403, description: 'The agent was rejected.' },
  agent_claimed: { status: 403, description: 'The agent was claimed by a person.' },
  agent_paused: { status: 403, description: 'The agent is paused by its owner.' },
  absolute_lifetime_exceeded: {
    status: 403,
    description: 'The absolute lifetime of the agent is over.',
  },
  host_revoked: { status: 403, description: 'The host is revoked.' },
  host_pending: { status: 403, description: 'The host still waits for approval.' },
  host_rejected: { status: 403, description: 'The host was rejected.' },
  unauthorized: { status: 403, description: 'The caller may not do this.' },
  capability_not_granted: {
    status: 403,
    description: 'The agent holds no active grant for this capability.',
  },
  constraint_violated: { status: 403, description: 'The arguments fall outside the grant.' },
  limit_exceeded: { status: 403, description: 'The grant is used up.' },
  fresh_session_required: { status: 403, description: 'Sign in again to do this.' },
  webauthn_required: { status: 403, description: 'This needs a passkey.' },
  agent_not_found: { status: 404, description: 'No such agent.' },
  host_not_found: { status: 404, description: 'No such host.' },
  capability_not_found: { status: 404, description: 'No such capability.' },
  approval_not_found: { status: 404, description: 'No such approval request.' },
  agent_exists: { status: 409, description: 'An agent with this key is already registered.' },
  already_granted: {
    status: 409,
    description: 'Every requested capability is already granted.',
  },
  approval_decided: { status: 409, description: 'The approval request is already decided.' },
  approval_expired: { status: 410, description: 'The approval request has expired.' },
  payload_too_large: { status: 413, description: 'The request body is too large.' },
  rate_limited: { status: 429, description: 'Too many requests.' },
  internal_error: { status: 500, description: 'The server failed.' },
  upstream_error: { status: 502, description: 'The service behind this server failed.' },
  unavailable: { status: 503, description: 'The server cannot answer right now.' },
} as const satisfies Record<string, ErrorSpec>

/** A code in the `error` member of an error response. */
export type ErrorCode = keyof typeof ERRORS

/** The HTTP statuses errors are answered with. */
export type ErrorStatus = (typeof ERRORS)[ErrorCode]['status']

/** What a {@link ProtocolError} carries besides its code. */
export interface ProtocolErrorOptions {
  /** Replaces the default description. It goes on the wire: no secrets, no stored values. */
  message?: string
  /** Machine-readable members, serialised next to `error`. */
  details?: Record<string, unknown>
  /** Response headers that belong to the error, such as `Retry-After`. */
  headers?: Record<string, string>
  /** The underlying failure. It stays in the process and is never serialised. */
  cause?: unknown
}

/** The JSON body of an error response. Agent Auth section 5.13. */
export interface ErrorBody {
  error: ErrorCode
  message: string
  [member: string]: unknown
}

/** An expected failure that both sides of the wire understand. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ErrorCode
  readonly status: ErrorStatus
  readonly details: Record<string, unknown> | undefined
  readonly headers: Record<string, string> | undefined

  constructor(code: ErrorCode, options: ProtocolErrorOptions = {}) {
    super(
      options.message ?? ERRORS[code].description,
      'cause' in options ? { cause: options.cause } : undefined,
    )
    this.code = code
    this.status = ERRORS[code].status
    this.details = options.details
    this.headers = options.headers
  }

  /** The response body. A detail cannot replace the code or the message. */
  toJSON(): ErrorBody {
    return { ...this.details, error: this.code, message: this.message }
  }
}

/** Reports whether a value is one of our error codes; a peer may send others (section 5.13). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}
