import { randomUUID } from 'node:crypto'
import { isStorableJson, ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'

const MAX_BODY = 1_000_000

/** One request to a route, whichever door it came through. */
export interface RouteRequest {
  readonly context: AgentAuthContext
  readonly headers: Headers
  readonly query: Readonly<Record<string, unknown>>
  /** The parsed JSON body; `undefined` when there is none. */
  readonly body: unknown
  /** Address of the caller, when the operator says how to know it. */
  readonly address: () => string | null
  readonly signal: () => AbortSignal | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/**
 * An endpoint of the protocol: for agents, hosts and resource servers, never for a cookie.
 *
 * It needs nothing of Better Auth's request handling, so it also answers before the router.
 */
export interface ProtocolRoute {
  readonly method: 'GET' | 'POST'
  /** Path under the base path. */
  readonly path: `/${string}`
  readonly handle: (request: RouteRequest) => Promise<Reply>
}

/** Answers one request with one route. Every failure becomes a response of the error table. */
export async function serve(
  route: ProtocolRoute,
  request: Request,
  context: AgentAuthContext,
): Promise<Response> {
  try {
    const reply = await route.handle({
      context,
      headers: request.headers,
      query: readQuery(request.url),
      body: route.method === 'POST' ? await readJson(request) : undefined,
      address: () => context.options.clientAddress(request),
      // Asking for the signal makes one; few routes ask.
      signal: () => request.signal,
      now: Date.now(),
    })
    return respond(reply)
  } catch (error) {
    return respond(errorReply(error, context))
  }
}

/** The reply that stands for a failure. What nobody expected is logged under an id. */
export function errorReply(error: unknown, context: AgentAuthContext): Reply {
  const expected = error instanceof ProtocolError ? error : unexpected(error, context)
  const challenge = expected.status === 401 && { 'www-authenticate': challengeOf(context) }
  return {
    status: expected.status,
    headers: { ...challenge, ...expected.headers },
    body: expected.toJSON(),
  }
}

/** `WWW-Authenticate` of section 5.14: tells an agent where to begin. */
export function challengeOf({ issuer }: AgentAuthContext): string {
  return `AgentAuth discovery="${issuer}/.well-known/agent-configuration"`
}

function unexpected(error: unknown, context: AgentAuthContext): ProtocolError {
  if (!isConnectionFailure(error)) return internalError(error, context)
  context.logError('agentAuth: the database is not reachable', error)
  const message = 'The database is not reachable. Try again.'
  return new ProtocolError('unavailable', { message, headers: { 'retry-after': '1' } })
}

/** `internal_error` under an id, by which the log tells the operator what the caller is not told. */
export function internalError(error: unknown, context: AgentAuthContext): ProtocolError {
  const id = randomUUID()
  context.logError(`agentAuth: unexpected failure ${id}`, error)
  const message = `Something went wrong on the server. The operator finds it under ${id}.`
  return new ProtocolError('internal_error', { message, cause: error })
}

const CONNECTION_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|08|53|57P)/

/** Whether the database was away, as opposed to having refused something. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (CONNECTION_CODES.test(code)) return true
  if (
    /connection terminated|timeout exceeded when trying to connect|is closed/i.test(error.message)
  ) {
    return true
  }
  return isConnectionFailure(error.cause)
}

/** The JSON of a body; `undefined` without one. Throws `invalid_request` or `payload_too_large`. */
export async function readJson(request: Request): Promise<unknown> {
  const length = Number(request.headers.get('content-length') ?? 0)
  if (length > MAX_BODY) throw new ProtocolError('payload_too_large')
  const text = await request.text()
  if (text.length > MAX_BODY) throw new ProtocolError('payload_too_large')
  if (text === '') return undefined
  const value = parseJson(text)
  // What JSON can say and no database can store is only possible where one of these is escaped.
  if (/\\u(0000|d[89a-f])/i.test(text) && !isStorableJson(value)) {
    const message = 'The body contains a NUL character or half of a surrogate pair.'
    throw new ProtocolError('invalid_request', { message })
  }
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ProtocolError('invalid_request', { message: 'The body is not JSON.', cause })
  }
}

function readQuery(url: string): Record<string, string> {
  const start = url.indexOf('?')
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start)))
}

function respond({ status = 200, headers, body }: Reply): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}
