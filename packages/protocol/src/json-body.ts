import { ProtocolError } from './errors.ts'
import { isStorableJson, MAX_JSON_DEPTH } from './storable.ts'

const MAX_BODY = 1_000_000

/**
 * The JSON of a body; `undefined` without one. Throws `invalid_request` or `payload_too_large`.
 *
 * A body that does not say how long it is, is read no further than it may be.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const text = await readText(request)
  if (text.length > MAX_BODY) throw new ProtocolError('payload_too_large')
  if (text === '') return undefined
  const value = parseJson(text)
  if (mayBeUnstorable(text) && !isStorableJson(value)) {
    const message = `The body contains a NUL character or half of a surrogate pair, or is nested deeper than ${MAX_JSON_DEPTH} levels.`
    throw new ProtocolError('invalid_request', { message })
  }
  return value
}

function readText(request: Request): Promise<string> {
  const length = request.headers.get('content-length')
  // HTTP servers hold a client to its own word.
  if (length !== null && /^\d+$/.test(length)) {
    if (Number(length) > MAX_BODY) throw new ProtocolError('payload_too_large')
    return request.text()
  }
  return readUpToLimit(request)
}

async function readUpToLimit(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY) break
    text += decoder.decode(chunk, { stream: true })
  }
  if (bytes > MAX_BODY) {
    // Not awaited: of a request that was cloned it ends only when its copy does.
    request.body?.cancel().catch(() => {})
    throw new ProtocolError('payload_too_large')
  }
  return text + decoder.decode()
}

/** What JSON can say and no database can store is escaped, and what is deep is long. */
function mayBeUnstorable(text: string): boolean {
  return text.length > 2 * MAX_JSON_DEPTH || /\\u(0000|d[89a-f])/i.test(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ProtocolError('invalid_request', { message: 'The body is not JSON.', cause })
  }
}
