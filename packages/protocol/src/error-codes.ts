/** The HTTP status of every error code. Agent Auth section 5.13. */
export const ERROR_STATUS = {
  invalid_request: 400,
  unknown_constraint_operator: 400,
  unsupported_mode: 400,
  unsupported_algorithm: 400,
  invalid_capabilities: 400,
  invalid_jwt: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  authentication_required: 401,
  agent_revoked: 403,
  agent_expired: 403,
  agent_pending: 403,
  agent_rejected: 403,
  agent_claimed: 403,
  agent_paused: 403,
  absolute_lifetime_exceeded: 403,
  host_revoked: 403,
  host_pending: 403,
  host_rejected: 403,
  unauthorized: 403,
  capability_not_granted: 403,
  constraint_violated: 403,
  limit_exceeded: 403,
  fresh_session_required: 403,
  webauthn_required: 403,
  agent_not_found: 404,
  host_not_found: 404,
  capability_not_found: 404,
  approval_not_found: 404,
  job_not_found: 404,
  client_not_found: 404,
  agent_exists: 409,
  already_granted: 409,
  approval_decided: 409,
  approval_changed: 409,
  approval_expired: 410,
  payload_too_large: 413,
  rate_limited: 429,
  internal_error: 500,
  upstream_error: 502,
  unavailable: 503,
} as const

/** A code in the `error` member of an error response. */
export type ErrorCode = keyof typeof ERROR_STATUS

/** The HTTP statuses errors are answered with. */
export type ErrorStatus = (typeof ERROR_STATUS)[ErrorCode]

/** Reports whether a value is one of our error codes; a peer may send others (section 5.13). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_STATUS, value)
}
