import { ProtocolError } from '@countersign/protocol'

/** Encodes everything but RFC 3986's unreserved characters. */
export function encode(value: string): string {
  return encodeComponent(value).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * Encodes for `allowReserved`: reserved characters stay, except those that would end the value or the
 * query (`&`, `;`, `#`, `+`), or that URL parsers change. `%` is encoded too, so that what a
 * constraint was checked against is what arrives.
 */
export function encodeReserved(value: string): string {
  return encode(value).replaceAll(/%(?:3A|2F|3F|40|21|24|28|29|2A|2C|3D)/g, decodeURIComponent)
}

function encodeComponent(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch (cause) {
    throw new ProtocolError('invalid_request', {
      message: 'A value holds half of a character.',
      cause,
    })
  }
}
