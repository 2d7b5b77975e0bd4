/**
 * Every error this system puts on the wire.
 *
 * A code gets its status in `error-codes.ts` and its default message here; forgetting either is a
 * type error. The server's response, the client's error and the documentation follow.
 *
 * @module
 */
import { ERROR_STATUS } from './error-codes.ts'
import type { ErrorCode, ErrorStatus } from './error-codes.ts'
import { WireError } from './wire-error.ts'
import type { WireErrorOptions } from './wire-error.ts'

const DESCRIPTIONS: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'The request is malformed.',
  unknown_constraint_operator: 'A constraint uses an operator this server does not know.',
  unsupported_mode: 'This server does not support the agent mode.',
  unsupported_algorithm: 'Only Ed25519 keys are supported.',
  invalid_capabilities: 'A requested capability does not exist or is blocked.',
  invalid_jwt: 'The JWT is malformed, expired or already used, or its signature is invalid.',
  invalid_dpop_proof: 'The DPoP proof is missing, does not fit the request, or was used before.',
  use_dpop_nonce: 'The DPoP proof must carry the nonce of the `DPoP-Nonce` header.',
  authentication_required: 'This request needs a credential.',
  agent_revoked: 'The agent is revoked.',
  agent_expired: 'The agent has expired. Its host can reactivate it.',
  agent_pending: 'The agent still waits for approval.',
  agent_rejected: 'The agent was rejected.',
  agent_claimed: 'The agent was claimed by a person.',
  agent_paused: 'The agent is paused by its owner.',
  absolute_lifetime_exceeded: 'The absolute lifetime of the agent is over.',
  host_revoked: 'The host is revoked.',
  host_pending: 'The host still waits for approval.',
  host_rejected: 'The host was rejected.',
  unauthorized: 'The caller may not do this.',
  capability_not_granted: 'The agent holds no active grant for this capability.',
  constraint_violated: 'The arguments fall outside the grant.',
  limit_exceeded: 'The grant is used up.',
  fresh_session_required: 'Sign in again to do this.',
  webauthn_required: 'This needs a passkey.',
  agent_not_found: 'No such agent.',
  host_not_found: 'No such host.',
  capability_not_found: 'No such capability.',
  approval_not_found: 'No such approval request.',
  job_not_found: 'No such job.',
  client_not_found: 'No such application.',
  agent_exists: 'An agent with this key is already registered.',
  already_granted: 'Every requested capability is already granted.',
  approval_decided: 'The approval request is already decided.',
  approval_changed: 'What is asked is no longer what was shown.',
  approval_expired: 'The approval request has expired.',
  payload_too_large: 'The request body is too large.',
  rate_limited: 'Too many requests.',
  internal_error: 'The server failed.',
  upstream_error: 'The service behind this server failed.',
  unavailable: 'The server cannot answer right now.',
}

interface ErrorSpec {
  readonly status: ErrorStatus
  readonly description: string
}

/** The status and the default message of every error code. Agent Auth section 5.13. */
export const ERRORS = Object.fromEntries(
  Object.entries(DESCRIPTIONS).map(([code, description]) => [
    code,
    { status: ERROR_STATUS[code as ErrorCode], description },
  ]),
) as Readonly<Record<ErrorCode, ErrorSpec>>

/** What a {@link ProtocolError} carries besides its code. Without a message the table has one. */
export type ProtocolErrorOptions = Partial<WireErrorOptions>

/** A refusal of this process: what a server throws, described by the table where nothing else is said. */
export class ProtocolError extends WireError {
  constructor(code: ErrorCode, options: ProtocolErrorOptions = {}) {
    super(code, { ...options, message: options.message ?? DESCRIPTIONS[code] })
  }
}
