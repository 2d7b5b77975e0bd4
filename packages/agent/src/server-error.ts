import { ProtocolError, isErrorCode } from '@countersign/protocol'
import type { ErrorCode } from '@countersign/protocol'

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'invalid_jwt',
  403: 'unauthorized',
  404: 'agent_not_found',
  409: 'agent_exists',
  410: 'approval_expired',
  413: 'payload_too_large',
  429: 'rate_limited',
  502: 'upstream_error',
  503: 'unavailable',
  504: 'unavailable',
}

/**
 * Turns a server's refusal into a `ProtocolError`.
 *
 * A code this version does not know falls back to the HTTP status (§5.13); `details.server_error`
 * keeps it.
 */
export function serverError(
  status: number,
  responseHeaders: Headers | undefined,
  body: Readonly<Record<string, unknown>> | undefined,
): ProtocolError {
  const { error: code, message, ...details } = body ?? {}
  const retryAfter = responseHeaders?.get('retry-after')
  const known = isErrorCode(code)
  return new ProtocolError(known ? code : codeForStatus(status), {
    message: typeof message === 'string' ? message : `The server answered ${status}.`,
    details: known || code === undefined ? details : { ...details, server_error: code },
    ...(retryAfter ? { headers: { 'retry-after': retryAfter } } : {}),
  })
}

function codeForStatus(status: number): ErrorCode {
  return codeByStatus[status] ?? (status >= 500 ? 'internal_error' : 'invalid_request')
}

/** Whether an error is the server saying `code`, also when this version does not know the code. */
export function saysCode(error: unknown, ...codes: readonly string[]): error is ProtocolError {
  if (!(error instanceof ProtocolError)) return false
  const code = error.details?.['server_error'] ?? error.code
  return typeof code === 'string' && codes.includes(code)
}

/** Reads `Retry-After`, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now. */
export function retryAfter(value: unknown, now: number): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
