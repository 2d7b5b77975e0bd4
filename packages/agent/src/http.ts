import { AgentClientError } from './errors.ts'
import type { AgentContext } from './context.ts'
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
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer of any status, not yet interpreted. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** True where a browser hides where a redirect leads. */
  readonly opaqueRedirect: boolean
  readonly url: string
}

/** Asks a server and returns its JSON object. Throws `ProtocolError` for what it refuses. */
export async function callServer(
  context: AgentContext,
  request: ServerRequest,
): Promise<ServerAnswer> {
  const { status, headers, text, opaqueRedirect } = await fetchText(context, request)
  const { origin } = request.url
  // A signed token is for one address. Nobody gets to send it somewhere else.
  if (opaqueRedirect || (status >= 300 && status < 400)) {
    throw new AgentClientError('bad_response', `${origin} answered with a redirect.`)
  }
  const body = parseObject(text)
  if (status >= 400) throw serverError(status, headers, body)
  if (!body) throw new AgentClientError('bad_response', `${origin} did not answer with JSON.`)
  return { status, headers, body }
}

/** Fetches text within limits of time and size, without cookies and without following redirects. */
export async function fetchText(
  context: AgentContext,
  request: ServerRequest & { readonly redirect?: 'manual' | 'follow' },
): Promise<RawAnswer> {
  const { url, token, body, timeout = 30_000 } = request
  const headers = new Headers({ accept: 'application/json' })
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  if (body !== undefined) headers.set('content-type', 'application/json')
  const signals = [AbortSignal.timeout(timeout), ...(request.signal ? [request.signal] : [])]
  try {
    const response = await context.fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'omit',
      redirect: request.redirect ?? 'manual',
      signal: AbortSignal.any(signals),
    })
    const text = await readText(response, url, request.sizeLimit ?? 10_000_000)
    const opaqueRedirect = response.type === 'opaqueredirect'
    return {
      status: response.status,
      headers: response.headers,
      text,
      opaqueRedirect,
      url: response.url,
    }
  } catch (error) {
    if (error instanceof AgentClientError) throw error
    request.signal?.throwIfAborted()
    throw unreachable(url, timeout, error)
  }
}

async function readText(response: Response, url: URL, sizeLimit: number): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel()
    throw new AgentClientError(
      'bad_response',
      `${url.origin} streams its answer, which is not supported yet.`,
    )
  }
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let text = ''
  let size = 0
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    size += chunk.value.byteLength
    if (size > sizeLimit) {
      await reader?.cancel()
      throw new AgentClientError('bad_response', `${url.origin} answered with too much data.`)
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}

function unreachable(url: URL, timeout: number, error: unknown): AgentClientError {
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  const reason = timedOut ? `no answer within ${timeout / 1000} seconds` : networkReason(error)
  const message = `${url.origin} cannot be reached${reason ? `: ${reason}` : ''}.`
  return new AgentClientError('unreachable', message, { cause: error })
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNRESET: 'the connection was cut',
}

function networkReason(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code = isRecord(cause) ? cause['code'] : undefined
  return typeof code === 'string' ? (networkReasons[code] ?? code) : ''
}

/** Parses JSON and returns it when it is an object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
