// What a server refuses, with the server's own message: the client carries none of its own.
export { WireError as ProtocolError } from '@countersign/protocol'

/** What can go wrong on this side of the wire. Stable: programs switch on it. */
export type AgentClientErrorCode =
  | 'approval_denied'
  | 'approval_expired'
  | 'bad_response'
  | 'insecure_url'
  | 'invalid_url'
  | 'issuer_mismatch'
  | 'storage_unreadable'
  | 'timeout'
  | 'unknown_agent'
  | 'unreachable'
  | 'unsupported_approval_method'
  | 'unsupported_version'
  | 'widened_constraints'

/** A failure the client itself decides. What the server refuses is a `ProtocolError`. */
export class AgentClientError extends Error {
  override readonly name = 'AgentClientError'
  readonly code: AgentClientErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: AgentClientErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options)
    this.code = code
    this.details = options.details ?? {}
  }

  /** The same shape a server error has on the wire, so both print alike. */
  toJSON(): Record<string, unknown> {
    return { ...this.details, error: this.code, message: this.message }
  }
}

/** An answer that does not follow the protocol. */
export function badResponse(what: string): AgentClientError {
  return new AgentClientError('bad_response', `The server answered with ${what}.`)
}
