interface Refusal {
  /** What the server says, in its own words. */
  readonly message?: string | undefined
  /** Seconds to wait before the next try. */
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/** A request the server refused, or could not be reached for (`status` 0). */
export class AuthError extends Error {
  /** HTTP status; 0 when there was no answer, or when this browser said no. */
  readonly status: number
  /** For programs. People get `describeError`. */
  readonly code: string
  /** Seconds to wait before the next try, when the server says so. */
  readonly retryAfter: number | undefined

  constructor(status: number, code: string, { message, retryAfter, cause }: Refusal = {}) {
    super(message ?? code, { cause })
    this.name = 'AuthError'
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** Makes an error of whatever was thrown. */
export function asAuthError(cause: unknown): AuthError {
  return cause instanceof AuthError ? cause : new AuthError(0, 'unexpected', { cause })
}
