/** A request the server refused, or could not be reached for (`status` 0). */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfter: number | undefined

  constructor(status: number, code: string, options: ApiErrorOptions = {}) {
    super(options.message ?? code, { cause: options.cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.retryAfter = options.retryAfter
  }
}

interface ApiErrorOptions {
  message?: string
  retryAfter?: number
  cause?: unknown
}

/** Whether the server is away for now, so that trying again later can help. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ApiError && [0, 502, 503, 504].includes(error.status)
}

/** Whether the server wants to see recent proof of who is there (ours, or Better Auth's code). */
export function needsFreshSession(error: unknown): boolean {
  return hasCode(error, 'fresh_session_required', 'SESSION_NOT_FRESH')
}

/** Whether an error carries one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof ApiError && codes.includes(error.code)
}
