import { ProtocolError } from '@countersign/protocol'
import { isObject, own, text } from './json.ts'

const FIELDS = ['title', 'detail', 'message', 'code', 'error'] as const
const MAX_LENGTH = 500

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'the request is malformed',
  401: "this server's credential was not accepted",
  403: 'this is not allowed',
  404: 'it does not exist',
  409: 'it conflicts with the present state',
  410: 'it is gone',
  412: 'a precondition failed',
  422: 'the request cannot be carried out',
  429: 'too many requests',
}

/**
 * The error for a service that refused. Only the words meant for a reader cross over, from 4xx answers
 * alone: an internal error often tells about the inside.
 */
export function upstreamError(
  status: number,
  answer: { body?: unknown; secrets?: readonly string[] } = {},
): ProtocolError {
  const body = status < 500 ? readableFields(answer.body, answer.secrets ?? []) : undefined
  const meaning = MEANINGS[status]
  return new ProtocolError('upstream_error', {
    message: `The service answered ${status}${meaning ? `: ${meaning}` : ''}.`,
    details: { upstream_status: status, ...(body ? { upstream_body: body } : {}) },
  })
}

/** Keeps `title`, `detail`, `message`, `code` and `error`, as text without secrets, 500 characters in all. */
function readableFields(
  body: unknown,
  secrets: readonly string[],
): Record<string, string> | undefined {
  if (!isObject(body)) return undefined
  let left = MAX_LENGTH
  const kept: [string, string][] = []
  for (const field of FIELDS) {
    const value = readable(own(body, field))
    if (value === undefined || left <= 0) continue
    const clean = redact(value, secrets).slice(0, left)
    left -= clean.length
    kept.push([field, clean])
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

// `{ error: { code, message } }` is as common as `{ error: "…" }`.
function readable(value: unknown): string | undefined {
  if (!isObject(value)) return text(value)
  const inner = FIELDS.map((field) => text(own(value, field))).filter((part) => part !== undefined)
  return inner.length > 0 ? inner.join(': ') : undefined
}

// Some services repeat the credential they refuse.
function redact(value: string, secrets: readonly string[]): string {
  let clean = value
  for (const secret of secrets) clean = clean.replaceAll(secret, '[removed]')
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return clean.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
