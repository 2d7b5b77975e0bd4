import { randomUUID } from 'node:crypto'
import { isConnectionLost } from '../database/lost-connection.ts'
import type { ProviderContext } from './context.ts'
import { OAuthError } from './oauth-error.ts'

/** The parameters of a request, each once; `resource` alone may come several times (RFC 8707). */
export interface Parameters {
  get(name: string): string | undefined
  getAll(name: string): readonly string[]
}

/** One request to an endpoint for machines. */
export interface MachineRequest {
  readonly context: ProviderContext
  readonly method: string
  /** The URL as configured, never as the `Host` header has it; without query. */
  readonly url: string
  readonly headers: Headers
  /** Of the form, or of the query for GET. */
  readonly parameters: Parameters
  /** The request itself, for an endpoint that takes no form. */
  readonly request: Request
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Answered as JSON; absent answers without a body. */
  readonly body?: unknown
}

/** An endpoint for clients and resource servers, never for a cookie. It answers before the router. */
export interface MachineRoute {
  readonly methods: readonly ('GET' | 'POST' | 'DELETE' | 'PUT')[]
  /** Path under the base path. */
  readonly path: `/${string}`
  /** What the body is. @default `form` */
  readonly takes?: 'form' | 'anything'
  /** Whether pages of other origins may call it (PG10, without credentials). @default false */
  readonly crossOrigin?: boolean
  readonly handle: (request: MachineRequest) => Promise<Reply>
}

/** The largest form that is read, in bytes. */
const MAX_FORM = 64 * 1024

const form = 'application/x-www-form-urlencoded'
const repeatable: ReadonlySet<string> = new Set(['resource', 'audience'])

/** Answers one request with one route. Every failure becomes an OAuth error. */
export async function serve(
  route: MachineRoute,
  request: Request,
  context: ProviderContext,
): Promise<Response> {
  if (route.crossOrigin && request.method === 'OPTIONS') return preflight(route)
  const shared = route.crossOrigin ? corsHeaders(request) : {}
  try {
    checkMethod(route, request)
    const reply = await route.handle({
      context,
      method: request.method,
      url: context.issuer + context.basePath + route.path,
      headers: request.headers,
      parameters:
        route.takes === 'anything' ? noParameters : await readParameters(request, route.path),
      request,
      now: Date.now(),
    })
    return respond(reply, shared)
  } catch (error) {
    const expected = error instanceof OAuthError ? error : unexpected(error, context)
    const { status, headers } = expected
    return respond({ status, headers, body: expected.toJSON() }, shared)
  }
}

/** The answer to a preflight of a browser (Fetch, CORS protocol): no cookies, ever. */
function preflight(route: MachineRoute): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': [...route.methods, 'OPTIONS'].join(', '),
      'access-control-allow-headers': 'authorization, content-type, dpop, mcp-protocol-version',
      'access-control-max-age': '86400',
    },
  })
}

/** Refuses a method that the endpoint does not have, and names those it has (RFC 9110 section 15.5.6). */
function checkMethod({ methods, crossOrigin }: MachineRoute, { method }: Request): void {
  if (methods.some((known) => known === method)) return
  const allow = [...methods, ...(crossOrigin ? ['OPTIONS'] : [])].join(', ')
  const description = `This endpoint answers ${methods.join(' and ')} alone.`
  throw new OAuthError('invalid_request', description, { status: 405, headers: { allow } })
}

function corsHeaders(request: Request): Readonly<Record<string, string>> {
  return request.headers.has('origin')
    ? {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'www-authenticate, dpop-nonce, retry-after',
      }
    : {}
}

function respond({ status = 200, headers, body }: Reply, shared: Reply['headers']): Response {
  const all = { 'cache-control': 'no-store', pragma: 'no-cache', ...shared, ...headers }
  return body === undefined
    ? new Response(null, { status, headers: all })
    : Response.json(body, { status, headers: all })
}

const noParameters: Parameters = { get: () => undefined, getAll: () => [] }

async function readParameters(request: Request, path: string): Promise<Parameters> {
  if (request.method !== 'POST') return parameters(queryOf(request.url))
  if (queryOf(request.url).size > 0 && path !== '/oauth2/userinfo') {
    throw new OAuthError(
      'invalid_request',
      'Send the parameters in the body, not in the URL (RFC 6749 section 2.3.1).',
    )
  }
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const text = await readText(request)
  if (text === '') return noParameters
  if (type !== form) {
    throw new OAuthError('invalid_request', `The content type must be ${form}.`)
  }
  return parameters(new URLSearchParams(text))
}

/** Refuses a parameter that comes twice: readers would disagree on which counts (RFC 6749 section 3.1). */
export function parameters(all: URLSearchParams): Parameters {
  const values = new Map<string, string[]>()
  for (const [name, value] of all) {
    // A parameter without a value is treated as omitted (RFC 6749 section 3.2).
    if (value === '') continue
    // No database stores it, and nothing of ours has it.
    if (value.includes('\0')) throw new OAuthError('invalid_request', 'A parameter has a NUL.')
    const known = values.get(name)
    if (!known) values.set(name, [value])
    else if (repeatable.has(name)) known.push(value)
    else throw new OAuthError('invalid_request', 'A parameter comes twice.')
  }
  return { get: (name) => values.get(name)?.[0], getAll: (name) => values.get(name) ?? [] }
}

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : url.slice(start))
}

async function readText(request: Request): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > MAX_FORM) throw tooLarge()
  const text = await request.text()
  if (text.length > MAX_FORM) throw tooLarge()
  return text
}

function tooLarge(): OAuthError {
  return new OAuthError('invalid_request', 'The form is too large.', { status: 413 })
}

/** A database that is away is a 503; what else nobody expected is logged under an id. */
function unexpected(error: unknown, { auth }: ProviderContext): OAuthError {
  if (isConnectionLost(error)) {
    auth.logger.error('provider: the database is not reachable', error)
    const headers = { 'retry-after': '1' }
    return new OAuthError('temporarily_unavailable', 'Try again in a moment.', { headers })
  }
  const id = randomUUID()
  auth.logger.error(`provider: unexpected failure ${id}`, error)
  return new OAuthError(
    'server_error',
    `The server failed. The operator finds the reason in the log under ${id}.`,
  )
}
