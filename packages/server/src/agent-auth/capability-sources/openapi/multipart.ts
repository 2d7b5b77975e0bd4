/** One part of a multipart body. */
export interface Part {
  readonly name: string
  /** Makes the part a file. */
  readonly filename?: string
  readonly type: string | undefined
  readonly content: string | Uint8Array
}

/**
 * Writes a multipart body (RFC 7578).
 *
 * `FormData` makes every typed part a file, which services that expect a JSON field do not accept.
 */
export function multipartBody(
  mediaType: string,
  parts: readonly Part[],
): { contentType: string; content: Uint8Array<ArrayBuffer> } {
  // Random, so no content can hold it and end its part early.
  const boundary = `countersign-${crypto.randomUUID()}`
  const encoder = new TextEncoder()
  const chunks = parts.flatMap((part) => [
    encoder.encode(`--${boundary}\r\n${partHead(part)}\r\n\r\n`),
    typeof part.content === 'string' ? encoder.encode(part.content) : part.content,
    encoder.encode('\r\n'),
  ])
  return {
    contentType: `${mediaType}; boundary=${boundary}`,
    content: concatenate([...chunks, encoder.encode(`--${boundary}--\r\n`)]),
  }
}

function partHead({ name, filename, type }: Part): string {
  const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`
  const head = `Content-Disposition: form-data; name="${quoted(name)}"${file}`
  return type === undefined ? head : `${head}\r\nContent-Type: ${type.replaceAll(/[\r\n]/g, '')}`
}

// WHATWG HTML, "multipart/form-data": a name can neither end its quotes nor its line.
function quoted(value: string): string {
  return value.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    result.set(chunk, offset)
    offset += chunk.length
  }
  return result
}
