import { type ErrorCode, isErrorCode, ProtocolError } from '@countersign/protocol'

/** What the authority says of a refusal. */
interface Refusal {
  readonly error?: string | undefined
  readonly message?: string | undefined
  readonly retry_after?: number | undefined
  readonly [detail: string]: unknown
}

/** The error a refusal of the authority stands for; `fallback` for a code this version does not know. */
export function refusalOf(refusal: Refusal, fallback: ErrorCode): ProtocolError {
  const { error, message, retry_after: retryAfter, allowed: _, active: __, ...details } = refusal
  return new ProtocolError(error !== undefined && isErrorCode(error) ? error : fallback, {
    ...(message !== undefined && { message }),
    ...(Object.keys(details).length > 0 && { details }),
    ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
  })
}
