import { ProtocolError } from '@countersign/protocol'
import type { Capability } from '../capability.ts'

/**
 * The JSON of what a handler returned; nothing returned is `null`.
 *
 * Throws `upstream_error` for what JSON cannot say (a cycle, a bigint, bytes) and for more than
 * `limit` characters.
 */
export function resultJson(
  { name }: Pick<Capability, 'name'>,
  value: unknown,
  limit: number,
): string {
  const refuse = (what: string, cause?: unknown) =>
    new ProtocolError('upstream_error', { message: `${name} ran, but its result ${what}.`, cause })
  if (ArrayBuffer.isView(value)) throw refuse('is bytes, not JSON')
  const json = toJson(value, (cause) => refuse('is not JSON', cause))
  if (json.length > limit) throw refuse(`is longer than ${limit} characters`)
  return json
}

function toJson(value: unknown, refuse: (cause: unknown) => ProtocolError): string {
  try {
    // A function or a symbol has no JSON either; what is left out elsewhere is `null` here.
    return JSON.stringify(value) ?? 'null'
  } catch (cause) {
    throw refuse(cause)
  }
}
