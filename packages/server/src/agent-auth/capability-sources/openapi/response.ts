import { ProtocolError } from '@countersign/protocol'
import { toBase64 } from './base64.ts'
import { essence, isJson, isText } from './media-type.ts'
import { unreachable } from './send.ts'
import { upstreamError } from './upstream-error.ts'

/** Reads an answer: JSON as it is, text as a string, bytes as base64, nothing as null. Throws for a refusal. */
export async function readResponse(
  response: Response,
  options: { maxSize: number; signal: AbortSignal; secrets: readonly string[] },
): Promise<unknown> {
  if (response.status >= 500) {
    await response.body?.cancel()
    throw upstreamError(response.status)
  }
  const bytes = await readBytes(response, options)
  const contentType = response.headers.get('content-type') ?? ''
  if (!response.ok) {
    const body = isJson(contentType) ? parseJson(decode(bytes, contentType)) : undefined
    throw upstreamError(response.status, { body, secrets: options.secrets })
  }
  return bytes.length === 0 ? null : readValue(bytes, contentType)
}

function readValue(bytes: Uint8Array, contentType: string): unknown {
  if (isJson(contentType)) {
    const value = parseJson(decode(bytes, contentType))
    if (value !== undefined) return value
    throw new ProtocolError('upstream_error', { message: 'The service sent malformed JSON.' })
  }
  if (isText(contentType)) return decode(bytes, contentType)
  const plain = contentType === '' ? decodeStrictly(bytes) : undefined
  return (
    plain ?? {
      content_type: essence(contentType) || 'application/octet-stream',
      base64: toBase64(bytes),
    }
  )
}

async function readBytes(
  response: Response,
  { maxSize, signal }: { maxSize: number; signal: AbortSignal },
): Promise<Uint8Array> {
  const tooLarge = () =>
    new ProtocolError('upstream_error', {
      message: `The service's answer is larger than ${maxSize} bytes.`,
      details: { upstream_status: response.status },
    })
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      size += part.value.length
      if (size > maxSize) throw tooLarge()
      chunks.push(part.value)
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined)
    throw error instanceof ProtocolError ? error : unreachable(error, signal)
  }
  return concatenate(chunks, size)
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const result = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    result.set(chunk, offset)
    offset += chunk.length
  }
  return result
}

function decode(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
