import { ProtocolError } from '@countersign/protocol'

/** Reads base64 (RFC 4648, 4 or 5; padding optional), or refuses the argument. */
export function fromBase64(value: unknown, field: string): Uint8Array<ArrayBuffer> {
  const plain =
    typeof value === 'string' ? value.replaceAll('-', '+').replaceAll('_', '/') : undefined
  if (plain !== undefined && /^[A-Za-z0-9+/]*={0,2}$/.test(plain)) {
    try {
      return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0))
    } catch {
      // Falls through: the length or the padding is wrong.
    }
  }
  throw new ProtocolError('invalid_request', { message: `"${field}" must be base64.` })
}

/** Writes bytes as base64 (RFC 4648, 4). */
export function toBase64(bytes: Uint8Array): string {
  const chunks: string[] = []
  // An argument list has a limit, so the bytes go in chunks.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    chunks.push(String.fromCharCode(...bytes.subarray(start, start + 0x8000)))
  }
  return btoa(chunks.join(''))
}
