import { AgentClientError, badResponse } from './errors.ts'
import type { AgentContext } from './context.ts'
import { parseObject } from './json.ts'
import { serverError } from './server-error.ts'

/** One request to a server. */
export interface ServerRequest {
  readonly url: URL
  /** A host or agent JWT. */
  readonly token?: string | undefined
  /** Sent as JSON with POST; without one the request is a GET. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole exchange. @default 30000 */
  readonly timeout?: number
  /** Bytes read at most. @default 10 MB */
  readonly sizeLimit?: number
}

/** A successful answer. */
export interface ServerAnswer {
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer of any status, not yet interpreted. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Asks a server and returns its JSON object. Throws `ProtocolError` for what it refuses. */
export async function callServer(
  context: AgentContext,
  request: ServerRequest,
): Promise<ServerAnswer> {
  const { status, headers, text } = await fetchText(context, request)
  const body = parseObject(text)
  if (status >= 400) throw serverError(status, headers, body)
  // A signed token is for one address. Nobody gets to send it somewhere else.
  // A browser shows a redirect as status 0.
  if (status < 200 || status >= 300) throw badResponse('a redirect')
  if (!body) throw badResponse('something that is not JSON')
  return { headers, body }
}

/** Fetches text within limits of time and size, without cookies and without following redirects. */
export async function fetchText(context: AgentContext, request: ServerRequest): Promise<RawAnswer> {
  const { url, token, body, timeout = 30_000 } = request
  const hasBody = body !== undefined
  const signals = [AbortSignal.timeout(timeout), ...(request.signal ? [request.signal] : [])]
  try {
    const response = await context.fetch(url, {
      method: hasBody ? 'POST' : 'GET',
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(hasBody && { 'content-type': 'application/json' }),
      },
      body: hasBody ? JSON.stringify(body) : null,
      credentials: 'omit',
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    })
    const text = await readText(response, request.sizeLimit ?? 10_000_000)
    return { status: response.status, headers: response.headers, text }
  } catch (error) {
    if (error instanceof AgentClientError) throw error
    request.signal?.throwIfAborted()
    throw new AgentClientError('unreachable', `${url.origin} cannot be reached.`, { cause: error })
  }
}

async function readText(response: Response, sizeLimit: number): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel()
    throw badResponse('a stream')
  }
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let size = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.byteLength
    if (size > sizeLimit) {
      await reader.cancel()
      throw badResponse('too much data')
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}
