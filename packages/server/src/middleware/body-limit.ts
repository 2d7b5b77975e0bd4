import { ProtocolError } from '@countersign/protocol'

/** How many bytes a body may have: more than any endpoint of the authority needs. */
const maxBodySize = 1_000_000

/** A body that ends with an error once it is too large, and whether that has happened. */
export interface LimitedBody {
  readonly body: ReadableStream<Uint8Array> | null
  isExceeded(): boolean
}

/**
 * Limits the body of a request while it streams. A length that is too large is known before.
 *
 * Whoever reads the body may turn the error into an answer of its own; `isExceeded` is what counts.
 */
export function limitBody({ headers, body }: Pick<Request, 'headers' | 'body'>): LimitedBody {
  let left = maxBodySize
  if (!body) return { body, isExceeded: () => false }
  if (Number(headers.get('content-length')) > maxBodySize) {
    return { body: null, isExceeded: () => true }
  }
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength
      if (left < 0) controller.error(bodyTooLarge())
      else controller.enqueue(chunk)
    },
  })
  return { body: body.pipeThrough(counter), isExceeded: () => left < 0 }
}

/** The refusal of a body that is too large. What is left of it is not read. */
export function bodyTooLarge(): ProtocolError {
  return new ProtocolError('payload_too_large', { headers: { connection: 'close' } })
}
