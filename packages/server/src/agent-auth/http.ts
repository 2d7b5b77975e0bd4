import { randomUUID } from 'node:crypto'
import { ProtocolError, readJsonBody } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'

/** One request to a route, whichever door it came through. */
export interface RouteRequest {
  readonly context: AgentAuthContext
  readonly method: string
  /** The URL as configured, never as the `Host` header has it; without query. */
  readonly url: () => string
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
  const { limits, options } = context
  const address = () => options.clientAddress(request)
  try {
    if (!request.headers.has('authorization')) limits.count('address', address())
    const reply = await route.handle({
      context,
      method: request.method,
      url: () => context.issuer + new URL(request.url).pathname,
      headers: request.headers,
      query: readQuery(request.url),
      body: route.method === 'POST' ? await readJsonBody(request) : undefined,
      address,
      // Asking for the signal makes one; few routes ask.
      signal: () => request.signal,
      now: Date.now(),
    })
    return respond(withNonce(request, context, reply))
  } catch (error) {
    return respond(withNonce(request, context, errorReply(error, context)))
  }
}

/** Hands the next nonce to whoever sends proofs of possession (RFC 9449 section 8.2). */
function withNonce({ headers }: Request, context: AgentAuthContext, reply: Reply): Reply {
  if (!context.options.dpop.nonce || !headers.has('dpop')) return reply
  const nonce = context.dpopNonces.current(Date.now())
  return { ...reply, headers: { ...reply.headers, 'dpop-nonce': nonce } }
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

/** The expected error that stands for one nobody expected: `unavailable`, or `internal_error`. */
export function unexpected(error: unknown, context: AgentAuthContext): ProtocolError {
  if (isConflict(error)) {
    const message = 'Somebody else changed the same in this moment. Try again.'
    return new ProtocolError('unavailable', { message, headers: { 'retry-after': '1' } })
  }
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

/** Whether the database gave up one of two transactions that waited for each other. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : ''
  return code === '40P01' || code === '40001' || isConflict(error.cause)
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

function readQuery(url: string): Record<string, string> {
  const start = url.indexOf('?')
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start)))
}

function respond({ status = 200, headers, body }: Reply): Response {
  const init = { status, headers: { 'cache-control': 'no-store', ...headers } }
  return body instanceof ReadableStream ? new Response(body, init) : Response.json(body, init)
}
