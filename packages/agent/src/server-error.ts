import { ERROR_STATUS, isErrorCode } from '@countersign/protocol'
import type { ErrorCode } from '@countersign/protocol'
import { ProtocolError } from './errors.ts'
import { isRecord } from './json.ts'

/**
 * Turns a server's refusal into a `ProtocolError`.
 *
 * A code this version does not know falls back to the HTTP status (§5.13); `details.server_error`
 * keeps it.
 */
export function serverError(
  status: number,
  responseHeaders: Headers | undefined,
  body: unknown,
): ProtocolError {
  const { error: code, message, ...details } = isRecord(body) ? body : {}
  const comeBack = responseHeaders?.get('retry-after')
  const known = isErrorCode(code)
  return new ProtocolError(known ? code : codeForStatus(status), {
    message: typeof message === 'string' ? message : `The server answered ${status}.`,
    details: known || code === undefined ? details : { ...details, server_error: code },
    headers: comeBack ? { 'retry-after': comeBack } : undefined,
  })
}

/** The first code of the table with this status; a refusal without a reason is `unauthorized`. */
function codeForStatus(status: number): ErrorCode {
  const fallback = status >= 500 ? 'internal_error' : 'invalid_request'
  if (status === 403) return 'unauthorized'
  const codes = Object.keys(ERROR_STATUS) as ErrorCode[]
  return codes.find((code) => ERROR_STATUS[code] === status) ?? fallback
}

/** Whether an error is the server saying `code`, also when this version does not know the code. */
export function saysCode(error: unknown, ...codes: readonly string[]): error is ProtocolError {
  if (!(error instanceof ProtocolError)) return false
  const code = error.details?.['server_error'] ?? error.code
  return codes.some((one) => one === code)
}

/** Reads `Retry-After`, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; 0 for none. */
export function retryAfter(value: unknown, now: number): number {
  const seconds = Number(value || Number.NaN)
  if (seconds >= 0) return seconds * 1000
  const date = Date.parse(String(value))
  return date > now ? date - now : 0
}
