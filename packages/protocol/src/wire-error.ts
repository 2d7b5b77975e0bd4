import { ERROR_STATUS } from './error-codes.ts'
import type { ErrorCode, ErrorStatus } from './error-codes.ts'

/** What a {@link WireError} carries besides its code. */
export interface WireErrorOptions {
  /** For people. It goes on the wire: no secrets, no stored values. */
  message: string
  /** Machine-readable members, serialised next to `error`. */
  details?: Record<string, unknown> | undefined
  /** Response headers that belong to the error, such as `Retry-After`. */
  headers?: Record<string, string> | undefined
  /** The underlying failure. It stays in the process and is never serialised. */
  cause?: unknown
}

/** The JSON body of an error response. Agent Auth section 5.13. */
export interface ErrorBody {
  error: ErrorCode
  message: string
  [member: string]: unknown
}

/**
 * An expected failure that both sides of the wire understand, with a message from whoever failed.
 *
 * It knows no default messages, so that a client does not have to carry them.
 */
export class WireError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ErrorCode
  readonly status: ErrorStatus
  readonly details: Record<string, unknown> | undefined
  readonly headers: Record<string, string> | undefined

  constructor(code: ErrorCode, options: WireErrorOptions) {
    super(options.message, options)
    this.code = code
    this.status = ERROR_STATUS[code]
    this.details = options.details
    this.headers = options.headers
  }

  /** The response body. A detail cannot replace the code or the message. */
  toJSON(): ErrorBody {
    return { ...this.details, error: this.code, message: this.message }
  }
}
